import { expect, test } from "vitest";
import { nearest } from "./near";

const at = (...milliseconds: number[]) => ({ count: milliseconds.length, milliseconds: Int32Array.from(milliseconds) });

test("the nearest frame, the earlier of two", () => {
  const index = at(0, 1000, 2000, 5000);
  expect([-5, 400, 500, 501, 1999, 3500, 3501, 99_000].map((time) => nearest(index, time))).toEqual([0, 0, 0, 1, 2, 2, 3, 3]);
});

test("one frame is nearest to everything, none to nothing", () => {
  expect([nearest(at(700), 0), nearest(at(), 0)]).toEqual([0, -1]);
});
