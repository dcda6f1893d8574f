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
