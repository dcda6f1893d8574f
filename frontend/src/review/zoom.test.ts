import { expect, it } from "vitest";

import { holding, moved, zoomed } from "./zoom";

it("zooming keeps the moment under the pointer, and stays within the video", () => {
  expect(zoomed([0, 100], 2, 40, 100)).toEqual([20, 70]);
  expect(zoomed([20, 70], 0.5, 40, 100)).toEqual([0, 100]);
  expect(zoomed([0, 100], 2, 100, 100)).toEqual([50, 100]);
  expect(zoomed([0, 100], 1000, 0, 100)).toEqual([0, 5]);
  expect(zoomed([0, 2], 2, 1, 2)).toEqual([0, 2]);
});

it("moving stops at the ends", () => {
  expect(moved([20, 40], 10, 100)).toEqual([30, 50]);
  expect(moved([20, 40], -30, 100)).toEqual([0, 20]);
  expect(moved([20, 40], 90, 100)).toEqual([80, 100]);
});

it("a moment outside comes into the part, one inside changes nothing", () => {
  const part = [20, 40] as const;
  expect(holding(part, 40, 100)).toBe(part);
  expect(holding(part, 60, 100)).toEqual([56, 76]);
  expect(holding(part, 99, 100)).toEqual([80, 100]);
});
