import { expect, it } from "vitest";

import { dropDraft, keepDraft, readDraft } from "./draft";
import { EMPTY_FIELD, written } from "./field";

function storage() {
  const kept = new Map<string, string>();
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
}

it("what is kept is read back, for its project only", () => {
  const store = storage();
  const draft = { crop: 7, field: written("PBA1") };
  keepDraft(store, 1, draft);
  expect(readDraft(store, 1)).toEqual(draft);
  expect(readDraft(store, 2)).toBeNull();
});

it("an emptied or finished word is forgotten", () => {
  const store = storage();
  keepDraft(store, 1, { crop: 7, field: written("P") });
  keepDraft(store, 1, { crop: 7, field: EMPTY_FIELD });
  expect(readDraft(store, 1)).toBeNull();
  keepDraft(store, 1, { crop: 7, field: written("P") });
  dropDraft(store, 1);
  expect(readDraft(store, 1)).toBeNull();
});

it("rubbish in the storage is no draft", () => {
  const store = storage();
  for (const rubbish of ["{", "7", '{"crop":1}', "null"]) {
    store.setItem("lpr-draft-1", rubbish);
    expect(readDraft(store, 1)).toBeNull();
  }
});

it("a full storage does not stop anybody from typing", () => {
  const full = { ...storage(), setItem: () => { throw new Error("QuotaExceededError"); } };
  expect(() => keepDraft(full, 1, { crop: 7, field: written("P") })).not.toThrow();
});
