import { expect, test } from "vitest";
import { curveOf, rangeOf, reliabilityOf, reportOf } from "./report";
import { matrixOf } from "./confusions";

test("a model without a report has none", () => {
  expect(reportOf(null)).toBeNull();
  expect(reportOf({ exact: 0.9 })).toBeNull();
  expect(reportOf({ report: {} })).toBeNull();
});

test("a report keeps what is there", () => {
  const report = reportOf({ report: { curve: [{ threshold: 0.5, coverage: 1, exact: 0.9 }], greedy_exact: 0.8, by: { height: [] } } });
  expect(report).toMatchObject({ greedy_exact: 0.8, confusions: [], worst: [], by: [["height", []]] });
});

test("groups of measures say their ends", () => {
  const figures = { count: 1, exact: 1, char: 1 };
  expect(rangeOf({ low: null, high: 16, ...figures })).toEqual(["below", "16"]);
  expect(rangeOf({ low: 64, high: null, ...figures })).toEqual(["from", "64"]);
  expect(rangeOf({ low: 16, high: 24, ...figures })).toEqual(["between", "16–24"]);
  expect(rangeOf({ name: "gate.mp4", ...figures })).toEqual(["named", "gate.mp4"]);
});

test("reliability runs over how sure the reads are, without empty bins", () => {
  const bins = [{ count: 2, confidence: 0.95, exact: 1 }, { count: 0, confidence: 0.5, exact: 0 }, { count: 4, confidence: 0.25, exact: 0.5 }];
  expect(reliabilityOf(bins)).toEqual({ x: [25, 95], exact: [50, 100], said: [25, 95] });
});

test("the matrix has what is nothing last", () => {
  const cell = (truth: string, read: string, count: number) => ({ truth, read, count, of: 9, crops: [] });
  const made = matrixOf([cell("B", "8", 3), cell("", "I", 1), cell("B", "", 2)]);
  expect([made.truths, made.reads, made.most, made.counts.get("B|8")]).toEqual([["B", ""], ["8", "I", ""], 3, 3]);
  expect(matrixOf([]).most).toBe(1);
});

test("the curve runs over the share that is read", () => {
  const points = [{ threshold: 0.2, coverage: 1, exact: 0.75 }, { threshold: 0.9, coverage: 0.25, exact: 1 }];
  expect(curveOf(points)).toEqual({ x: [25, 100], exact: [100, 75], threshold: [90, 20] });
});
