import { expect, test } from "vitest";
import { best, judgedBy, last, metricName, qualities } from "./metrics";

test("the judged figure comes first and losses are no quality", () => {
  expect(qualities("recognizer", { steps: [1], series: { char: [1], exact: [1], val_loss: [2] } })).toEqual(["exact", "char"]);
  expect(judgedBy("detector", ["ap_50_car", "map"])).toBe("map");
  expect(judgedBy("detector", [])).toBeUndefined();
});

test("last and best skip gaps", () => {
  expect(last([1, 2, null])).toBe(2);
  expect(best([null, 3, 1])).toBe(3);
  expect(best([])).toBeNull();
  expect(last(undefined)).toBeNull();
});

test("names are written as people say them", () => {
  expect(metricName("val_loss")).toBe("held loss");
  expect(metricName("ap_50_plate")).toBe("ap 50 plate");
});
