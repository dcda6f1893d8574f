import { expect, test } from "vitest";
import { figuresOf, headline } from "./figures";

test("labels and the mean are told apart", () => {
  const figures = figuresOf({ plate: { images: 3, objects: 4, recall_50: 0.5, precision_50: 1, ap_50: 0.4 }, map: 0.4 });
  expect(figures.labels.map((one) => [one.label, one.ap_50])).toEqual([["plate", 0.4]]);
  expect(headline("detector", { map: 0.4 })).toBe(0.4);
});

test("a recognizer is judged by exact reads", () => {
  expect(headline("recognizer", { exact: 0.9, char: 0.99 })).toBe(0.9);
  expect(headline("recognizer", {})).toBeUndefined();
  expect(figuresOf(null).labels).toEqual([]);
});
