import { expect, it } from "vitest";

import { missedRead } from "./review";
import { HILLS, shapesOf, tickSeconds } from "./shapes";

const passage = { status: "corrected", text: "A1", reason: "", revision: 1, unseen: false } as const;
const at = (first: number, last: number) => missedRead(-first, "p1", [[first, 0, 0, 9, 9], [last, 0, 0, 9, 9]], passage);

it("ticks are round, few, and leave the end free", () => {
  expect(tickSeconds([0, 3600], 8)).toEqual([0, 600, 1200, 1800, 2400, 3000]);
  expect(tickSeconds([0, 8], 4)).toEqual([0, 2, 4, 6]);
  expect(tickSeconds([0, 0.4], 4)).toEqual([0]);
  expect(tickSeconds([1210, 1230], 8)).toEqual([1210, 1215, 1220, 1225]);
});

it("reads are bars where they happened, and hills where there are many", () => {
  const { bars, hills } = shapesOf([at(10, 20), at(10, 11)], [0, 100], 100);
  expect(bars.missed).toBe(`M10.0 ${HILLS + 2}.0h10.0v6.0h-10.0zM10.0 ${HILLS + 10}.0h3.0v6.0h-3.0z`);
  expect(hills.missed).toBe(`M8.0 0.0h3.5v${HILLS}.0h-3.5z`);
  expect(shapesOf([], [0, 0], 0).bars.new).toBe("");
  const many = shapesOf(Array.from({ length: 1001 }, () => at(10, 20)), [0, 100], 100);
  expect([many.bars.missed, many.hills.missed]).toEqual(["", "M8.0 0.0h3.5v46.0h-3.5z"]);
});

it("of a part of the video only what is in it is drawn, larger", () => {
  const { bars, hills } = shapesOf([at(10, 20), at(30, 40), at(90, 95)], [25, 50], 100);
  expect(bars.missed).toBe(`M20.0 ${HILLS + 10}.0h40.0v6.0h-40.0z`);
  expect(hills.missed).toBe(`M20.0 0.0h3.5v${HILLS}.0h-3.5z`);
});
