import { expect, it } from "vitest";

import { PLAIN, brighten, filterOf, transformOf, zoomFor } from "./view";

it("zoom is a whole number of screen pixels, and turns with the crop", () => {
  const crop = { width: 160, height: 80 };
  expect(zoomFor(crop, { width: 700, height: 400 }, { turns: 0 })).toBe(4);
  expect(zoomFor(crop, { width: 700, height: 400 }, { turns: 1 })).toBe(2);
  expect(zoomFor(crop, { width: 370, height: 400 }, { turns: 0, ratio: 4 })).toBe(2.25);
  expect(zoomFor({ width: 10, height: 5 }, { width: 1000, height: 400 }, { turns: 0 })).toBe(8);
});

it("a large crop and a small screen are fitted", () => {
  expect(zoomFor({ width: 2000, height: 100 }, { width: 1000, height: 400 }, { turns: 0 })).toBe(0.5);
  expect(zoomFor({ width: 200, height: 100 }, { width: 350, height: 400 }, { turns: 0 })).toBe(1.75);
});

it("light and contrast go in steps with an end", () => {
  let look = PLAIN;
  for (let times = 0; times < 20; times += 1) look = brighten(look, "light", 1);
  expect(look.light).toBe(8);
  expect(filterOf(brighten(PLAIN, "contrast", -1))).toBe("contrast(0.833)");
  expect(filterOf(PLAIN)).toBe("none");
});

it("mirror and turn can be combined", () => {
  expect(transformOf(PLAIN)).toBe("none");
  expect(transformOf({ ...PLAIN, mirrored: true, turns: 3 })).toBe("rotate(270deg) scaleX(-1)");
});
