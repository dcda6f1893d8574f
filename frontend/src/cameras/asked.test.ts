import { expect, it } from "vitest";
import { cameraOf, filterOf } from "./asked";

it.each([["?camera=12", { camera: 12 }], ["?camera=none", { none: true }], ["", {}], ["?camera=-1", {}], ["?camera=gate", {}]])("asks for %s", (address, found) => {
  expect(filterOf(cameraOf(new URLSearchParams(address)))).toEqual(found);
});
