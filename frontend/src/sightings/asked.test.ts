import { expect, test } from "vitest";

import { askedOf, queryOf } from "./asked";

const query = (address: string) => queryOf(askedOf(new URLSearchParams(address)));

test("says to the server what the form says", () => {
  expect(query("text=PBA*&near=1&camera=3&sure=87,5")).toEqual({ text: "PBA*", near: true, camera: 3, confidence: 0.875 });
  expect(query("since=2026-03-01T08:00").since).toBe(new Date(2026, 2, 1, 8).toISOString());
});

test("leaves out what is no number or no time", () => {
  expect(query("text=%20&camera=x&since=yesterday&sure=900")).toEqual({});
});
