import { expect, it } from "vitest";

import { kindOf, ordersFor, wantedOf } from "./wanted";

const of = (address: string) => wantedOf(new URLSearchParams(address));

it("an address without wishes wants all that wait", () => {
  expect(of("")).toEqual({});
  expect(of("kind=waiting&order=added")).toEqual({});
  expect(kindOf({})).toBe("waiting");
});

it("numbers, patterns and days are taken over", () => {
  expect(of("kind=read&order=different&video=3&text=PB?1*&since=2026-11-01&min_height=20"))
    .toEqual({ kind: "read", order: "different", video: 3, text: "PB?1*", since: "2026-11-01", min_height: 20 });
});

it("what makes no sense is left out", () => {
  expect(of("kind=all&order=beauty&video=x&min_height=-1&since=yesterday&text=%20")).toEqual({});
});

it("disagreement with the recognizer needs a text", () => {
  expect(ordersFor("waiting")).not.toContain("different");
  expect(ordersFor("read")).toContain("different");
});
