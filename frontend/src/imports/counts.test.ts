import { expect, test } from "vitest";
import { decided, firstMapping, sumOf, underMapping } from "./counts";

test("the sum holds without those that were only cut", () => {
  const sum = sumOf({ seen: 10, imported: 7, clamped: 2, zero_area: 2, picture_missing: 1, duplicate: 0 });
  expect(sum.adds).toBe(true);
  expect(sum.reasons).toEqual([["zero_area", 2], ["picture_missing", 1]]);
});

test("a missing reason is noticed", () => {
  expect(sumOf({ seen: 10, imported: 7 }).adds).toBe(false);
});

test("names and known words are proposed", () => {
  const known = ["car", "plate"];
  expect(firstMapping(["Car", "placa", "camioneta"], known, {})).toEqual({ Car: "car", placa: "plate", camioneta: "camioneta" });
});

test("the server's suggestion wins, and what it does not name is left out", () => {
  expect(firstMapping(["0", "van"], ["car", "plate"], { 0: "plate" })).toEqual({ 0: "plate", van: null });
});

test("a bare number is left for the person", () => {
  expect(firstMapping(["0", "1"], ["car", "plate"], {})).toEqual({ 0: undefined, 1: undefined });
});

const classes = {
  0: { outcomes: { imported: 4, clamped: 1, zero_area: 1 } },
  1: { outcomes: { imported: 3, duplicate: 2 } },
  "-1": { outcomes: { imported: 1 } },
};
const counts = { seen: 13, imported: 7, clamped: 1, zero_area: 1, duplicate: 2, index_out_of_range: 1, picture_missing: 2 };
const fixed = { picture_missing: 2 };

test("the counts follow the mapping and always add up", () => {
  expect(underMapping(counts, fixed, classes, { 0: "car", 1: "plate", "-1": null })).toEqual(counts);
  const without = underMapping(counts, fixed, classes, { 0: "car", 1: null, "-1": null });
  expect(without).toEqual({ seen: 13, imported: 4, clamped: 1, zero_area: 1, ignored: 5, index_out_of_range: 1, picture_missing: 2 });
  for (const mapping of [{}, { 0: "x" }, { "-1": "car" }, { 0: null, 1: "plate" }]) {
    expect(sumOf(underMapping(counts, fixed, classes, mapping)).adds).toBe(true);
  }
});

test("without classes the counts stay as they are", () => {
  expect(underMapping(counts, undefined, {}, {})).toBe(counts);
});

test("a class below 0 is not sent unless somebody named it", () => {
  expect(decided({ 0: " car ", 1: undefined, 2: "", "-1": null })).toEqual({ 0: "car", 1: null, 2: null });
  expect(decided({ "-1": "car" })).toEqual({ "-1": "car" });
});
