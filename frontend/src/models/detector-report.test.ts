import { expect, test } from "vitest";
import { labelReportsOf, levelsOf, windowOf } from "./detector-report";

test("a detector without a report has none", () => {
  expect(labelReportsOf(null)).toEqual([]);
  expect(labelReportsOf({ map: 0.9, report: { curve: [] } })).toEqual([]);
});

test("a report of a label keeps what is there", () => {
  const [plate] = labelReportsOf({ report: { labels: { plate: { ap_50_95: 0.5, false: [], by: { height: [] } } } } });
  expect(plate).toMatchObject({ label: "plate", ap_50_95: 0.5, curve: [], falseOnes: [], missed: [], by: [["height", []]] });
});

test("the curve runs over what is found, at its best where two are the same", () => {
  const points = [{ threshold: 0.2, recall: 0.8, precision: 0.5 }, { threshold: 0.9, recall: 0.25, precision: 1 }, { threshold: 0.3, recall: 0.8, precision: 0.75 }];
  expect(levelsOf(points)).toEqual({ x: [25, 80], precision: [100, 75], threshold: [90, 30] });
});

test("a box is shown with room around it and nothing outside the frame", () => {
  expect(windowOf({ frame: 1, size: [640, 360], box: [300, 100, 360, 148] })).toEqual([266, 76, 128, 96]);
  const [x, y, wide, high] = windowOf({ frame: 1, size: [640, 360], box: [600, 340, 640, 360] });
  expect([x + wide, y + high]).toEqual([640, 360]);
  expect(windowOf({ frame: 1, size: [640, 360], box: [0, 0, 640, 360] })).toEqual([80, 0, 480, 360]);
});
