import { expect, it } from "vitest";

import { historyLines } from "./history";
import type { BoxChange, BoxState } from "./wire";

const WAS: BoxState = { xyxy: [10, 10, 50, 30], label: "car", ignore: false, car: null };
let id = 0;
const change = (action: string, before: BoxState, after: BoxState, by = "ana"): BoxChange => ({ id: ++id, by, at: "2026-11-27T10:00:00Z", action, before, after });
const moved = (after: Partial<BoxState>, by?: string): BoxChange => change("moved", WAS, { ...WAS, ...after }, by);

it("says what was done, not how", () => {
  const lines = historyLines([
    change("deleted", WAS, {}),
    moved({ car: 7 }),
    moved({ ignore: true, label: "plate" }),
    moved({ xyxy: [10, 10, 60, 30] }),
    moved({ xyxy: [20, 12, 60, 32] }),
    change("made", {}, WAS, ""),
  ]);
  expect(lines.map(({ deeds }) => deeds)).toEqual([["deleted"], ["linked"], ["relabelled", "ignored"], ["resized"], ["moved"], ["made"]]);
});

it("ten nudges of one person are one line; what changed nothing is none", () => {
  const nudge = (by?: string): BoxChange => moved({ xyxy: [11, 10, 51, 30] }, by);
  const lines = historyLines([nudge(), nudge(), nudge("luis"), moved({}), nudge()]);
  expect(lines.map(({ by, count }) => [by, count])).toEqual([["ana", 2], ["luis", 1], ["ana", 1]]);
});
