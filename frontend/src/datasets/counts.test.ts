import { expect, test } from "vitest";
import { countsOf, rare, sharesOf } from "./counts";

test("counts are read and summed over the splits", () => {
  const counts = countsOf({
    leaks: 0, train: { items: 8, groups: 4, boxes: { car: 9 } }, val: { items: 2, groups: 1, boxes: {} }, characters: { B: 3, A: 30 },
  });
  expect([counts.items, counts.groups, counts.splits.train.boxes.car]).toEqual([10, 5, 9]);
  expect(counts.characters).toEqual([["A", 30], ["B", 3]]);
  expect(rare(counts.characters)).toEqual(["B"]);
});

test("an unknown shape counts nothing", () => {
  expect(countsOf(null).items).toBe(0);
  expect(countsOf({ train: [] }).splits.train.groups).toBe(0);
});

test("shares add up to a hundred and leave some to train", () => {
  expect(sharesOf({ train: "80", val: "15", test: "5" })).toEqual({ train: 0.8, val: 0.15, test: 0.05 });
  expect(sharesOf({ train: "80", val: "30", test: "" })).toBeNull();
  expect(sharesOf({ train: "0", val: "100", test: "" })).toBeNull();
  expect(sharesOf({ train: "x", val: "10", test: "10" })).toBeNull();
});
