import { expect, test } from "vitest";
import { damageOf } from "./damage";

test("a whole recording is whole, an unknown one unknown", () => {
  expect(damageOf({ damage: { complete: true, missing: 2, last_seconds: 59.9 }, duration: 60 })).toMatchObject({ known: true, incomplete: false, missing: 0, stopsAt: null });
  expect(damageOf({ damage: {}, duration: 60 })).toMatchObject({ known: false, incomplete: false });
  expect(damageOf({ damage: null, duration: null }).known).toBe(false);
});

test("an early end, broken pictures and missing ones make it incomplete", () => {
  expect(damageOf({ damage: { complete: false, missing: 30, expected: 100, last_seconds: 40 }, duration: 60 })).toMatchObject({ incomplete: true, missing: 30, expected: 100, stopsAt: 40 });
  expect(damageOf({ damage: { corrupt: 3 }, duration: 60 })).toMatchObject({ incomplete: true, corrupt: 3, stopsAt: null });
});

test("frames taken from a part say nothing about the end", () => {
  expect(damageOf({ damage: { complete: true, to: 20, last_seconds: 20 }, duration: 60 })).toMatchObject({ incomplete: false, stopsAt: null });
});
