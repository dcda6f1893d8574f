import { expect, test } from "vitest";
import { countsOf, EVERYTHING, filterOf, unlearnt, rare, sharesOf } from "./counts";

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

test("characters that only held plates show are told", () => {
  const side = (characters: Record<string, number>) => ({ items: 1, groups: 1, boxes: {}, characters });
  expect(unlearnt(countsOf({ train: side({ A: 1 }), val: side({ A: 1, Q: 1 }), test: side({ "7": 2 }) }))).toEqual(["7", "Q"]);
  expect(unlearnt(countsOf({}))).toEqual([]);
});

test("videos and leaks by kind are read, older versions have none", () => {
  const counts = countsOf({ leak_lines: { text: 2 }, videos: [{ name: "hour 1", train: 3, val: 1, test: 0, groups: 2 }] });
  expect([counts.leakLines.text, counts.videos[0]?.train]).toEqual([2, 3]);
  expect(countsOf({}).videos).toEqual([]);
});

test("a filter asks only for what fits the kind", () => {
  const wanted = { ...EVERYTHING, min_width: "40", agreed: true, done: true, until: "2026-03-01" };
  expect(filterOf(wanted, "recognizer")).toEqual({ min_width: 40, agreed: true, until: "2026-03-01" });
  expect(filterOf(wanted, "detector")).toEqual({ done: true, until: "2026-03-01" });
  expect(filterOf({ ...EVERYTHING, min_sharpness: "much" }, "recognizer")).toBeNull();
  expect(filterOf(EVERYTHING, "recognizer")).toEqual({});
});
