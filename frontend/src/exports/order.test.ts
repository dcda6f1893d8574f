import { expect, test } from "vitest";
import { bodyOf, inside, type Order, parseSize, usualSize } from "./order";

const order: Order = { what: "labelled", kind: "detector", format: "yolo", dataset: null, video: null, label: "", size: "", hidden: false, withVideos: true };

test("everything labelled names the project, its kind and what it is narrowed down to", () => {
  expect(bodyOf(3, { ...order, video: 7, label: "plate", hidden: true, size: "960x544" })).toEqual(
    { project: 3, kind: "detector", format: "yolo", hidden: true, with_videos: false, videos: [7], labels: ["plate"], size: [960, 544] });
});

test("crops are never asked for with hidden plates, nor by label", () => {
  expect(bodyOf(3, { ...order, kind: "recognizer", format: "lprnet", label: "plate", hidden: true })).toEqual(
    { project: 3, kind: "recognizer", format: "lprnet", hidden: false, with_videos: false, videos: [], labels: [] });
});

test("a version needs to be chosen, and needs no project", () => {
  expect(bodyOf(3, { ...order, what: "version" })).toBeNull();
  expect(bodyOf(3, { ...order, what: "version", dataset: 9 })).toEqual({ dataset: 9, format: "yolo", hidden: false, with_videos: false });
});

test("an archive asks for nothing else", () => {
  expect(bodyOf(3, { ...order, what: "project", size: "wrong" })).toEqual({ project: 3, format: "project", hidden: false, with_videos: true });
});

test("sizes are two numbers", () => {
  expect(parseSize(" 96 X 48 ")).toEqual([96, 48]);
  expect(parseSize("")).toBeUndefined();
  for (const wrong of ["96", "96x", "4x4", "9999x9999", "axb"]) expect(parseSize(wrong)).toBeNull();
  expect([usualSize("detector", "kitti"), usualSize("recognizer", "lprnet"), usualSize("detector", "yolo")]).toEqual(["960x544", "96x48", ""]);
});

test("only counts that are there are shown", () => {
  expect(inside({ boxes: 4, pictures: 3, missing: 0, labels: 2 })).toEqual([["pictures", 3], ["boxes", 4]]);
});
