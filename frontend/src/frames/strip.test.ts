import { expect, test } from "vitest";
import { indexOf } from "./frame-index";
import { NO_STRIP, stripOf } from "./strip";

const index = indexOf([{ ids: [10, 1, 1, 1, 90], milliseconds: [0, 1000, 1000, -2000, 0], marks: [0, 1, 0, 0, 2], boxes: [0, 0, 0, 0, 0], videos: [{ video: 3, count: 3 }, { video: 9, count: 1 }, { video: null, count: 1 }], labels: [], next: null }]);
const strip = stripOf(index, Uint32Array.from([0, 2, 3, 4]));

test("only what is looked for is in the strip, in its order", () => {
  expect([0, 1, 2, 3, 4].map((place) => strip.idAt(place))).toEqual([10, 12, 13, 103, null]);
  expect([strip.placeOf(12), strip.placeOf(11), strip.placeOf(99)]).toEqual([1, -1, -1]);
  expect(strip.at(3)).toEqual({ id: 103, seconds: null, status: "nothing_here" });
  expect(strip.at(-1)).toBeNull();
});

test("the way on goes to the next that needs somebody", () => {
  expect([strip.nextWith("open", 0), strip.nextWith("open", 2), strip.nextWith("nothing_here", 0)]).toEqual([12, null, 103]);
});

test("a time leads to the nearest frame of the same video", () => {
  expect([strip.near(0.9, 3), strip.near(1.1, 3), strip.near(50, 9), strip.near(5, 7)]).toEqual([10, 12, 13, null]);
  expect(NO_STRIP.near(1, 3)).toBeNull();
});
