import { expect, it } from "vitest";
import { offeredWith } from "./offered";

const videos = [{ id: 1 }, { id: 2 }];

it("offers the named video once", () => {
  expect(offeredWith(videos, { id: 9 }).map((video) => video.id)).toEqual([9, 1, 2]);
  expect(offeredWith(videos, { id: 2 })).toBe(videos);
  expect(offeredWith(videos, undefined)).toBe(videos);
});
