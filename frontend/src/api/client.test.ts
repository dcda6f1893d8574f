import { expect, test } from "vitest";
import { readCookie, toApiError } from "./client";
import { reconnectDelay, throttled } from "./look-again";

test("the cookie is found among others", () => {
  expect(readCookie("csrftoken", "a=1; csrftoken=x%3Dy; b=2")).toBe("x=y");
  expect(readCookie("csrftoken", "xcsrftoken=1")).toBe("");
});

test("the server's sentence is kept", () => {
  const error = toApiError(400, { code: "NotAVideo", message: "“a.mp4” is no video." });
  expect([error.status, error.code, error.message]).toEqual([400, "NotAVideo", "“a.mp4” is no video."]);
});

test("form errors name their field, anything else its status", () => {
  expect(toApiError(400, { name: ["This is needed."] }).message).toBe("name: This is needed.");
  expect(toApiError(500, "<html>").message).toContain("500");
});

test("reconnecting slows down to fifteen seconds", () => {
  expect([0, 1, 4, 9].map(reconnectDelay)).toEqual([500, 1000, 8000, 15000]);
});

test("a burst runs once at once", () => {
  let runs = 0;
  const call = throttled(() => { runs += 1; }, 1000, () => 5);
  call(); call(); call();
  call.stop();
  expect(runs).toBe(1);
});
