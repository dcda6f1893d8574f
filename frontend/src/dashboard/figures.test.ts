import { expect, test } from "vitest";
import { ACROSS, characterBars, dayBars, DOWN, heatCells, type Reader, sharpnessBars, shareOf, todayIn, total, type VideoStats, widthBars } from "./figures";

const reader = (person: string, days: Record<string, number>): Reader =>
  ({ person, days, readings: 0, median_seconds: null, compared: 0, exact: null, characters: null });

test("letters come before digits and rare ones are weak", () => {
  const bars = characterBars({ 7: 40, A: 3, B: 40 });
  expect(bars.map((bar) => [bar.mark, bar.weak])).toEqual([["A", true], ["B", false], ["7", false]]);
});

test("a histogram has no gaps, and its end takes the rest", () => {
  const bars = widthBars({ 40: 2, 60: 1, 400: 5, 250: 1 });
  expect(bars.map((bar) => bar.values[0])).toEqual([2, 0, 1, ...Array<number>(18).fill(0), 6]);
  expect(shareOf(bars)).toEqual({ weak: 2, all: 9 });
  expect(widthBars({})).toEqual([]);
});

test("sharpness doubles from bar to bar", () => {
  expect(sharpnessBars({ "8.0": 1, "32.0": 2 }).map((bar) => [bar.mark, bar.values[0]])).toEqual([["8", 1], [undefined, 0], ["32", 2]]);
});

test("days go on over the end of a month, empty ones too", () => {
  const bars = dayBars([reader("ana", { "2026-03-01": 4 }), reader("luis", { "2026-02-28": 2, "2026-03-01": 1 })], "2026-03-01", 3);
  expect(bars.map((bar) => [bar.name, ...bar.values])).toEqual([["2026-02-27", 0, 0], ["2026-02-28", 0, 2], ["2026-03-01", 4, 1]]);
});

test("today is the project's, not the browser's", () => {
  expect(todayIn("America/Guayaquil", new Date("2026-03-02T03:00:00Z"))).toBe("2026-03-01");
});

test("the fullest cell is the strongest", () => {
  const counts = Array<number>(ACROSS * DOWN).fill(0);
  counts[ACROSS + 2] = 4;
  counts[5] = 1;
  expect(heatCells(counts)).toEqual([{ x: 2, y: 1, count: 4, strength: 1 }, { x: 5, y: 0, count: 1, strength: 0.5 }]);
});

test("totals add up", () => {
  const row = { video: 1, name: "", duration: null, frames: 2, frames_open: 1, boxes: 3, crops: 4, transcribed: 1, waiting: 3, reads: 5, reads_open: 0, right: 4 } satisfies VideoStats;
  expect(total([row, row])).toMatchObject({ frames: 4, waiting: 6, right: 8 });
});
