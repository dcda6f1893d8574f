import { expect, test } from "vitest";
import { fixed, formatBytes, formatClock, formatFigure, formatMarks, formatMoment, formatShare, formatSpan, parseClock } from "./format";

test("clock", () => {
  expect(formatClock(1590.64, true)).toBe("00:26:30.6");
  expect(formatClock(3600)).toBe("01:00:00");
  expect(formatClock(0.9999999, true)).toBe("00:00:01.0");
  expect(formatMoment(1584.3)).toBe("26:24.3");
  expect(formatMoment(3661)).toBe("01:01:01.0");
});

test("clock read back", () => {
  expect(parseClock("00:26:30.5")).toBe(1590.5);
  expect(parseClock("2:03")).toBe(123);
  expect(parseClock("90,5")).toBe(90.5);
  expect(parseClock("-1")).toBeNull();
  expect(parseClock("1:2:3:4")).toBeNull();
  expect(parseClock("")).toBeNull();
});

test("spans, shares and sizes", () => {
  expect(formatSpan(0.2)).toBe("1 s");
  expect(formatSpan(2280)).toBe("38 min");
  expect(formatSpan(7500)).toBe("2 h 5 min");
  expect(formatShare(0.9432)).toBe("94.3 %");
  expect(formatShare(null)).toBe("–");
  expect(formatBytes(310_000_000)).toBe("310 MB");
  expect(formatBytes(1_250)).toBe("1.3 kB");
});

test("marks of an axis differ, however small or large they are", () => {
  expect(formatMarks([0, 0.0005, 0.001, 0.0015])).toEqual(["0", "5e-4", "1.0e-3", "1.5e-3"]);
  expect(formatMarks([0, 0.2, 0.4])).toEqual(["0", "0.2", "0.4"]);
  expect(formatMarks([0, 50_000, 100_000])).toEqual(["0", "50,000", "100,000"]);
  expect(formatMarks([0])).toEqual(["0"]);
});

test("a small figure is not nothing", () => {
  expect(formatFigure(0.00031)).toBe("3.1e-4");
  expect(formatFigure(0)).toBe("0");
  expect(formatFigure(12_345.678)).toBe("12,345.678");
});

test("so many digits, with the mark of the language", () => {
  expect(fixed(1, 1, "en")).toBe("1.0");
  expect(fixed(0.126, 2, "es")).toBe("0,13");
});
