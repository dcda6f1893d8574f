import { expect, test } from "vitest";
import { logSteps, spread } from "./spread";

test("places far enough apart stay", () => {
  expect(spread([0, 20, 50], 14, 100)).toEqual([0, 20, 50]);
});

test("close places are pushed apart, and up from the bottom", () => {
  expect(spread([10, 12], 14, 100)).toEqual([10, 24]);
  expect(spread([99, 100, 100], 14, 100)).toEqual([72, 86, 100]);
  expect(spread([], 14, 100)).toEqual([]);
});

test("a logarithmic axis has few marks, but enough", () => {
  expect(logSteps(0.1, 3.2)).toEqual([0.1, 0.3, 1, 3].map((step) => expect.closeTo(step)));
  expect(logSteps(18, 60)).toEqual([20, 30, 50]);
});
