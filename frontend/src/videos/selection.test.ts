import { expect, test } from "vitest";
import { framesTaken, spanOf } from "./selection";

const hour = { duration: 3600, fps: 20, frames_expected: 72000 };
const rule = { fps: 1, every: null, start: 0, end: null };

test("so many a second over the whole recording", () => {
  expect(framesTaken(rule, hour)).toBe(3600);
  expect(framesTaken({ ...rule, fps: 3.5 }, hour)).toBe(12600);
});

test("every nth counts pictures", () => {
  expect(framesTaken({ ...rule, fps: null, every: 6 }, hour)).toBe(12000);
});

test("a range is cut at the end of the recording", () => {
  expect(spanOf({ ...rule, start: 3500, end: 9999 }, hour)).toBe(100);
  expect(framesTaken({ ...rule, start: 3600 }, hour)).toBe(0);
});

test("never more frames than pictures", () => {
  expect(framesTaken({ ...rule, fps: 60, end: 10 }, hour)).toBe(200);
});

test("an unknown length is not guessed", () => {
  expect(framesTaken(rule, { duration: null, fps: 20, frames_expected: null })).toBeNull();
});
