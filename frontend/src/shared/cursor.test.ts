import { expect, test } from "vitest";
import { cursorOf } from "./cursor";

test("the next page is known by its cursor, whatever the server calls itself", () => {
  expect(cursorOf("http://inside:8000/api/v1/frames/?cursor=cD0y&limit=5")).toBe("cD0y");
  expect(cursorOf("/api/v1/frames/?limit=5")).toBeUndefined();
  expect(cursorOf(null)).toBeUndefined();
});
