import { expect, test } from "vitest";
import { best, judgedBy, last, metricName, onSteps, qualities, smoothed, stepsOf } from "./metrics";

test("the judged figure comes first and losses are no quality", () => {
  expect(qualities("recognizer", { steps: [1], series: { char: [1], exact: [1], val_loss: [2] } })).toEqual(["exact", "char"]);
  expect(judgedBy("detector", ["ap_50_car", "map"])).toBe("map");
  expect(judgedBy("detector", [])).toBeUndefined();
});

test("last and best skip gaps", () => {
  expect(last([1, 2, null])).toBe(2);
  expect(best([null, 3, 1])).toBe(3);
  expect(best([])).toBeNull();
  expect(last(undefined)).toBeNull();
});

test("a smoothed curve begins where the raw one does and skips gaps", () => {
  expect(smoothed([2, null, 4], 0)).toEqual([2, null, 4]);
  const [first, gap, third] = smoothed([2, null, 4], 0.5);
  expect([first, gap]).toEqual([2, null]);
  expect(third).toBeCloseTo(10 / 3);
  expect(smoothed([5, 5, 5], 0.9).every((value) => Math.abs((value ?? 0) - 5) < 1e-9)).toBe(true);
});

test("runs of different lengths share one axis", () => {
  const mine = { steps: [1, 2], series: { loss: [3, 2] } };
  const its = { steps: [2, 5], series: { loss: [9, 8] } };
  expect(stepsOf([mine, its])).toEqual([1, 2, 5]);
  expect(onSteps(its, "loss", [1, 2, 5])).toEqual([null, 9, 8]);
  expect(onSteps(its, "map", [1, 2])).toEqual([null, null]);
});

test("names are written as people say them", () => {
  expect(metricName("val_loss")).toBe("held loss");
  expect(metricName("ap_50_plate")).toBe("ap 50 plate");
});
