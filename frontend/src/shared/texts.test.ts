import { expect, test } from "vitest";
import { fill, type Table } from "./text";
import { languages } from "./language";

const tables = import.meta.glob<{ texts: Table }>("../**/texts.ts", { eager: true });

function places(sentence: string): string {
  return [...sentence.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort().join(" ");
}

test.each(Object.entries(tables))("%s says everything in every language", (_file, { texts }) => {
  for (const [key, entry] of Object.entries(texts)) {
    const forms = languages.map((lang) => {
      const sentence = entry[lang];
      return typeof sentence === "string" ? { one: sentence, other: sentence } : sentence;
    });
    for (const form of forms) {
      expect(form.one.trim(), key).not.toBe("");
      expect(places(form.other), `${key} names the same facts`).toBe(places(forms[0]!.other));
    }
  }
});

test("numbers are written and counted as the language does", () => {
  const entry = { one: "{count} frame", other: "{count} frames" };
  expect(fill(entry, { count: 1 }, "en")).toBe("1 frame");
  expect(fill(entry, { count: 1284 }, "en")).toBe("1,284 frames");
});

test("a fact that is not given stays visible", () => {
  expect(fill("{name} is missing", {}, "en")).toBe("{name} is missing");
});
