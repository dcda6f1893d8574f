import { expect, it } from "vitest";

import { PLAIN, brighten, filterOf, transformOf, zoomFor } from "./view";

it("zoom is a whole number while the crop fits, and turns with it", () => {
  expect(zoomFor({ width: 160, height: 80 }, { width: 700, height: 400 }, 0)).toBe(4);
  expect(zoomFor({ width: 160, height: 80 }, { width: 700, height: 400 }, 1)).toBe(2);
  expect(zoomFor({ width: 2000, height: 100 }, { width: 1000, height: 400 }, 0)).toBe(0.5);
  expect(zoomFor({ width: 10, height: 5 }, { width: 1000, height: 400 }, 0)).toBe(8);
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
