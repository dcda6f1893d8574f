import { expect, test } from "vitest";
import { barsOf, draggedRange, movingBetween, sumsOf, ticksOf, timeAt } from "./timeline";

test("a place on the line is a time within the video", () => {
  expect([timeAt(50, 100, 60), timeAt(-5, 100, 60), timeAt(500, 100, 60), timeAt(5, 0, 60)]).toEqual([30, 0, 60, 0]);
});

test("dragging chooses whole seconds, either way; a click chooses nothing", () => {
  expect(draggedRange(20, 40, 100, 60)).toEqual({ start: 12, end: 24 });
  expect(draggedRange(99, 10, 100, 59.5)).toEqual({ start: 5, end: 59 });
  expect(draggedRange(90, 200, 100, 59.5)).toEqual({ start: 53, end: 59.5 });
  expect(draggedRange(20, 22, 100, 60)).toBeNull();
});

test("bars show the most of what they stand for and keep what is unknown", () => {
  expect(barsOf([0.1, 0.4, null, null, 0.2, 0], 3)).toEqual([0.4, null, 0.2]);
  expect(barsOf([0.1, 0.2], 100)).toEqual([0.1, 0.2]);
  expect(barsOf([0.1, 0.9, 0.2], 2)).toEqual([0.9, 0.9]);
});

test("counts keep their sum however many bars there are", () => {
  for (const bars of [1, 2, 3, 7]) expect(sumsOf([1, 2, 3, 4, 5, 6, 7], bars).reduce((a, b) => a + b)).toBe(28);
});

test("ticks are round and few", () => {
  expect(ticksOf(3600, 7)).toEqual([0, 600, 1200, 1800, 2400, 3000, 3600]);
  expect(ticksOf(47, 8)).toEqual([0, 10, 20, 30, 40]);
  expect(ticksOf(100_000, 6).length).toBeLessThanOrEqual(7);
});

test("something moves where nothing is idle", () => {
  expect(movingBetween([[0, 5], [8, 20]], 30)).toEqual([{ start: 5, end: 8 }, { start: 20, end: 30 }]);
  expect(movingBetween([[0, 30]], 30)).toEqual([]);
  expect(movingBetween([], 30)).toEqual([{ start: 0, end: 30 }]);
});
