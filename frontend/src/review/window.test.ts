import { expect, it } from "vitest";

import { scrollFor, visible } from "./window";

const VIEW = { top: 380, height: 100, row: 10 };

it("only rows in sight are drawn, and some beyond", () => {
  expect(visible(5000, VIEW)).toEqual([30, 56]);
  expect(visible(40, VIEW)).toEqual([30, 40]);
  expect(visible(3, { ...VIEW, top: 0 })).toEqual([0, 3]);
});

it("a row comes into sight by the shortest way", () => {
  expect(scrollFor(40, VIEW)).toBe(380);
  expect(scrollFor(60, VIEW)).toBe(510);
  expect(scrollFor(3, VIEW)).toBe(30);
});
