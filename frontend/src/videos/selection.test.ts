import { expect, test } from "vitest";
import { framesTaken, freshRule, type KeptRule, keptOf, needsMeasure, readRule, roughly, spanOf, type Typed } from "./selection";

const hour = { duration: 3600, fps: 20, frames_expected: 72000 };
const rule = { fps: 1, every: null, start: 0, end: null };
const typed: Typed = { way: "second", fps: "1", every: "6", start: "", end: "", motion: "0.04", unlike: false, bits: "4", cap: "" };

test("so many a second over the whole recording", () => {
  expect(framesTaken(rule, hour)).toBe(3600);
  expect(framesTaken({ ...rule, fps: 3.5 }, hour)).toBe(12600);
});

test("every nth counts pictures", () => {
  expect(framesTaken({ ...rule, fps: null, every: 6 }, hour)).toBe(12000);
});

test("a range is cut at the end of the recording", () => {
  expect(spanOf({ ...rule, start: 3500, end: 9999 }, hour)).toBe(100);
  expect(framesTaken({ ...rule, start: 3600 }, hour)).toBe(0);
});

test("never more frames than pictures", () => {
  expect(framesTaken({ ...rule, fps: 60, end: 10 }, hour)).toBe(200);
});

test("an unknown length is not guessed", () => {
  expect(framesTaken(rule, { duration: null, fps: 20, frames_expected: null })).toBeNull();
});

test("what is typed becomes a rule; what the way does not use is left out", () => {
  expect(readRule({ ...typed, fps: "0,5", end: "01:00:00" }, 3600).rule).toEqual({ fps: 0.5, every: null, start: 0, end: null, motion: null, near_duplicates: null, cap: null });
  expect(readRule({ ...typed, way: "nth", fps: "nonsense", start: "1:00", end: "2:00", cap: "500" }, 3600).rule).toMatchObject({ fps: null, every: 6, start: 60, end: 120, cap: 500 });
  expect(readRule({ ...typed, way: "moves", unlike: true }, 3600).rule).toMatchObject({ fps: 1, motion: 0.04, near_duplicates: 4 });
});

test("each wrong word is named", () => {
  expect(readRule({ ...typed, fps: "0", start: "x", end: "y", cap: "0" }, 60).errors).toEqual({ fps: "bad_rate", start: "bad_time", end: "bad_time", cap: "bad_cap" });
  expect(readRule({ ...typed, way: "nth", every: "1.5", start: "30", end: "20" }, 60).errors).toEqual({ every: "bad_every", end: "bad_order" });
  expect(readRule({ ...typed, way: "moves", motion: "1.2", unlike: true, bits: "65" }, 60).errors).toEqual({ motion: "bad_motion", bits: "bad_bits" });
  expect(readRule({ ...typed, unlike: true, bits: "" }, 60).rule).toBeNull();
});

test("filters need the measured activity, a cap does not", () => {
  const found = readRule({ ...typed, way: "moves" }, 3600).rule;
  expect(found && [needsMeasure(found), roughly(found, hour)]).toEqual([true, null]);
  const capped = readRule({ ...typed, cap: "100" }, 3600).rule;
  expect(capped && [needsMeasure(capped), roughly(capped, hour)]).toEqual([false, 100]);
});

test("the form begins with the project's rule, and what it says is that rule again", () => {
  const rules: KeptRule[] = [{ fps: 2.5 }, { every: 6, cap: 500 }, { fps: 1, motion: 0.05, near_duplicates: 3 }];
  for (const kept of rules) {
    const { rule: read } = readRule(freshRule({ duration: 60 }, kept), 60);
    expect(read && keptOf(read)).toEqual(kept);
    expect(read).toMatchObject({ start: 0, end: null });
  }
});

test("without a project's rule it is one frame a second", () => {
  expect(keptOf(readRule(freshRule({ duration: null }), null).rule ?? {})).toEqual({ fps: 1 });
});
