import { expect, test } from "vitest";
import { plateMarks } from "./plate";

const shown = (text: string) => plateMarks(text).map((mark) => mark.character).join("");

test("a hyphen stands where letters meet digits", () => {
  expect(shown("BAT7086")).toBe("BAT-7086");
  expect(shown("ABC123")).toBe("ABC-123");
  expect(shown("HB123D")).toBe("HB-123D");
});

test("other shapes and unclear borders are left as they are", () => {
  expect(shown("BAT7O86")).toBe("BAT7O86");
  expect(shown("AB?123")).toBe("AB?123");
  expect(shown("")).toBe("");
});

test("marks keep the place in the stored text", () => {
  expect(plateMarks("BAT7086").map((mark) => mark.index)).toEqual([0, 1, 2, -1, 3, 4, 5, 6]);
});
