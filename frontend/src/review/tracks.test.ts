import { expect, it } from "vitest";

import type { KeptCrop, Read } from "./review";
import { edits, halves, mergeCandidates } from "./tracks";

const read = (id: number, text: string, first: number, last: number): Read => ({
  id, number: id, firstSeconds: first, lastSeconds: last, text, confidence: 0.9, characters: [], votes: 1, direction: "", seenAt: null, sampled: false, double: false, unfounded: false,
  picture: null, bestSeconds: first, detail: null, passage: null, missed: null,
});

it("the likeliest other track is like in text, then near in time", () => {
  const one = read(1, "PBA1234", 100, 105);
  const others = [read(2, "GSK7788", 106, 108), read(3, "PBA1Z34", 110, 115), read(4, "PBA1234", 300, 310), read(5, "PBA1234", 60, 80)];
  expect(mergeCandidates([one, ...others], one).map(({ id }) => id)).toEqual([3, 5, 2]);
});

it("what is in sight at the same moment in another place is another vehicle", () => {
  const at = (one: Read, x: number): Read => ({ ...one, detail: { crops: [], alternatives: [], boxes: [[one.firstSeconds, x, 0, x + 9, 9], [one.lastSeconds, x, 0, x + 9, 9]] } });
  const one = at(read(1, "PBA1234", 100, 105), 0);
  const others = [at(read(2, "PBA1234", 103, 108), 50), at(read(3, "PBA1234", 104, 110), 4)];
  expect(mergeCandidates([one, ...others], one).map(({ id }) => id)).toEqual([3]);
});

it("edits are counted", () => {
  expect([edits("PBA1234", "PBA1234"), edits("PBA1234", "PB1234"), edits("", "AB"), edits("ABC", "XBD")]).toEqual([0, 1, 2, 2]);
});

it("each half reads what most of its crops read", () => {
  const crop = (seconds: number, text: string): KeptCrop => ({ seconds, text, picture: "", confidence: 1, width: 9 });
  const crops = [crop(1, "A1"), crop(2, "A1"), crop(3, "B2"), crop(4, ""), crop(5, "B3"), crop(6, "B3")];
  const one = { ...read(1, "XX", 0, 6), detail: { crops, boxes: [], alternatives: [] } };
  expect(halves(one, 3)).toEqual(["A1", "B3"]);
  expect(halves(one, 0.5)).toEqual(["XX", "A1"]);
});
