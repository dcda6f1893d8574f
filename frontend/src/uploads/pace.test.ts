import { expect, test } from "vitest";
import { marked, secondsLeft, speedOf, together, WINDOW } from "./pace";

test("speed is taken over the last seconds", () => {
  let marks = marked([], { at: 0, bytes: 0 });
  for (let second = 1; second <= 20; second += 1) marks = marked(marks, { at: second * 1000, bytes: second < 10 ? second * 100 : 900 + (second - 9) * 1000 });
  expect(speedOf(marks, 20_000)).toBeCloseTo(1000, 0);
  expect(marks.length).toBeLessThan(WINDOW / 1000 + 3);
});

test("a speed falls while nothing comes, and the rest then takes unknown time", () => {
  const marks = [{ at: 0, bytes: 0 }, { at: 1000, bytes: 100 }];
  expect(speedOf(marks, 1000)).toBe(100);
  expect(speedOf(marks, 200_000)).toBe(0.5);
  expect(secondsLeft(500, 100)).toBe(5);
  expect(secondsLeft(500, 0.5)).toBeNull();
});

test("no speed within the first second", () => {
  expect(speedOf([], 5)).toBeNull();
  expect(speedOf([{ at: 0, bytes: 0 }, { at: 500, bytes: 9 }], 500)).toBeNull();
});

test("a piece that is sent again starts the count anew", () => {
  expect(marked([{ at: 0, bytes: 500 }], { at: 10, bytes: 100 })).toEqual([{ at: 10, bytes: 100 }]);
});

test("files together add their speeds", () => {
  const one = { sent: 100, size: 300, marks: [{ at: 0, bytes: 0 }, { at: 1000, bytes: 100 }] };
  expect(together([one, one], 1000)).toEqual({ sent: 200, size: 600, speed: 200, left: 2 });
  expect(together([{ sent: 0, size: 10, marks: [] }], 0).left).toBeNull();
});
