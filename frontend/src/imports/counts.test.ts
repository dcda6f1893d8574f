import { expect, test } from "vitest";
import { firstMapping, sumOf } from "./counts";

test("the sum holds without those that were only cut", () => {
  const sum = sumOf({ seen: 10, imported: 7, clamped: 2, zero_area: 2, picture_missing: 1, duplicate: 0 });
  expect(sum.adds).toBe(true);
  expect(sum.reasons).toEqual([["zero_area", 2], ["picture_missing", 1]]);
});

test("a missing reason is noticed", () => {
  expect(sumOf({ seen: 10, imported: 7 }).adds).toBe(false);
});

test("names, known words and what was chosen before are proposed", () => {
  const known = ["car", "plate"];
  expect(firstMapping(["Car", "placa", "camioneta", "dog"], known, { dog: null }))
    .toEqual({ Car: "car", placa: "plate", camioneta: "camioneta", dog: null });
});

test("a bare number is left for the person", () => {
  expect(firstMapping(["0", "1"], ["car", "plate"], {})).toEqual({ 0: undefined, 1: undefined });
});
