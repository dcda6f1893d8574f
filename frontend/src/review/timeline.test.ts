import { expect, it } from "vitest";

import { tickSeconds } from "./Timeline";

it("ticks are round, few, and leave the end free", () => {
  expect(tickSeconds(3600, 8)).toEqual([0, 600, 1200, 1800, 2400, 3000]);
  expect(tickSeconds(8, 4)).toEqual([0, 2, 4, 6]);
  expect(tickSeconds(0.4, 4)).toEqual([0]);
});
