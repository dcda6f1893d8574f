import { expect, test } from "vitest";
import { secondsLeft, shareOf, waitsTooLong } from "./progress";

const started_at = "2026-01-01T00:00:00Z";
const at = (seconds: number) => Date.parse(started_at) + seconds * 1000;

test("the time left follows the pace so far", () => {
  expect(secondsLeft({ done: 25, total: 100, started_at }, at(10))).toBe(30);
});

test("no guess before there is a pace, without a total, or at the end", () => {
  expect(secondsLeft({ done: 1, total: 100, started_at }, at(10))).toBeNull();
  expect(secondsLeft({ done: 50, total: 100, started_at }, at(1))).toBeNull();
  expect(secondsLeft({ done: 5, total: null, started_at }, at(10))).toBeNull();
  expect(secondsLeft({ done: 100, total: 100, started_at }, at(10))).toBeNull();
});

test("a share stays within its bounds", () => {
  expect(shareOf({ done: 120, total: 100, started_at })).toBe(1);
  expect(shareOf({ done: 0, total: 0, started_at })).toBeNull();
});

test("a job that waits longer than a moment has no worker", () => {
  expect(waitsTooLong({ state: "queued", created_at: started_at }, at(9))).toBe(true);
  expect(waitsTooLong({ state: "queued", created_at: started_at }, at(2))).toBe(false);
  expect(waitsTooLong({ state: "running", created_at: started_at }, at(99))).toBe(false);
});
