import { expect, test } from "vitest";
import { carriedOver, everything, holds, NOTHING, places, sizeOf, stretchedTo, toggled, withRange, without } from "./selection";

test("ranges join where they touch and part where they are cut", () => {
  const ranges = withRange(withRange(withRange([], 0, 3), 10, 12), 3, 5);
  expect(ranges).toEqual([[0, 5], [10, 12]]);
  expect(withRange(ranges, 4, 11)).toEqual([[0, 12]]);
  expect(without(ranges, 1, 11)).toEqual([[0, 1], [11, 12]]);
  expect([sizeOf(ranges), places(ranges).join()]).toEqual([7, "0,1,2,3,4,10,11"]);
  expect([holds(ranges, 4), holds(ranges, 5), holds(ranges, 12)]).toEqual([true, false, false]);
});

test("one is in or out", () => {
  const one = toggled(toggled(NOTHING, 7), 9);
  expect(places(one.ranges)).toEqual([7, 9]);
  expect(places(toggled(one, 7).ranges)).toEqual([9]);
});

test("Shift takes everything from where it began, and gives it back", () => {
  const begun = toggled(NOTHING, 5);
  const far = stretchedTo(begun, 5, 20);
  expect(far.ranges).toEqual([[5, 21]]);
  expect(stretchedTo(far, 20, 8).ranges).toEqual([[5, 9]]);
  expect(stretchedTo(far, 20, 2).ranges).toEqual([[2, 6]]);
  expect(stretchedTo(NOTHING, 3, 1).ranges).toEqual([[1, 4]]);
});

test("what was chosen before stays beside a range", () => {
  const both = stretchedTo(toggled(toggled(NOTHING, 50), 5), 5, 9);
  expect(both.ranges).toEqual([[5, 10], [50, 51]]);
});

test("a million are one range", () => {
  expect(everything(1_000_000).ranges).toEqual([[0, 1_000_000]]);
  expect(everything(0).ranges).toEqual([]);
});

test("what is chosen stays chosen when the list changes around it", () => {
  const before = [10, 11, 12, 13, 14, 15];
  const after = [9, 10, 12, 13, 99, 15];
  const at = (list: number[]) => (place: number) => list[place] ?? null;
  expect(carriedOver([[0, 2], [3, 6]], at(before), at(after), after.length)).toEqual([[1, 2], [3, 4], [5, 6]]);
  expect(carriedOver([[1, 2]], at(before), at(after), after.length)).toEqual([]);
  expect(carriedOver([], at(before), at(after), after.length)).toEqual([]);
});
