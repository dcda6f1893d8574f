import { describe, expect, it } from "vitest";

import { type Field, type FieldAction, EMPTY_FIELD, allowed, composed, suggested, textOf, type, written } from "./field";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const SUGGESTED = suggested({
  text: "BAT7086",
  confidences: [0.61, 0.99, 0.98, 0.97, 0.74, 0.91, 0.99],
  alternatives: [[{ text: "8", confidence: 0.37 }, { text: "E", confidence: 0.02 }], [], [], [], [{ text: "O", confidence: 0.22 }], [], []],
});
const press = (field: Field, ...keys: (string | FieldAction["do"])[]): Field =>
  keys.reduce<Field>((now, key) => {
    if (key.length === 1) return type(now, { do: "type", text: key, alphabet: ALPHABET });
    return type(now, { do: key } as FieldAction);
  }, field);

describe("an empty field", () => {
  it("is plain typing, upper-cased and limited to the alphabet", () => {
    expect(textOf(press(EMPTY_FIELD, ..."pb-a 1ñ2"))).toBe("PBA12");
    expect(textOf(type(EMPTY_FIELD, { do: "put", text: " abc-123?\n", alphabet: ALPHABET }))).toBe("ABC123?");
    expect(allowed("ñ", "Ñ")).toEqual(["Ñ"]);
  });

  it("takes no novel", () => {
    const field = type(EMPTY_FIELD, { do: "put", text: "A".repeat(500), alphabet: ALPHABET });
    expect(textOf(press(field, "B"))).toHaveLength(16);
  });
});

describe("a suggestion", () => {
  it("has the caret on its least sure character", () => {
    expect(SUGGESTED.caret).toBe(0);
    expect(suggested({ text: "AB", confidences: [0.99, 0.98], alternatives: [] }).caret).toBe(2);
  });

  it("is corrected with one key for each wrong character", () => {
    const field = press(SUGGESTED, "8", "O");
    expect(textOf(field)).toBe("8AT7O86");
    expect(field.caret).toBe(7);
  });

  it("typed over after Home goes on by one", () => {
    expect(textOf(press(SUGGESTED, "home", "X", "Y"))).toBe("XYT7086");
  });

  it("space goes to the next doubtful character and round", () => {
    const one = type(SUGGESTED, { do: "doubtful" });
    expect(one.caret).toBe(4);
    expect(type(one, { do: "doubtful" }).caret).toBe(0);
  });

  it("arrow down puts the next choice, and comes round to the first", () => {
    const choose = (field: Field): Field => type(field, { do: "choice", step: 1 });
    const once = choose(SUGGESTED);
    expect(textOf(once)).toBe("8AT7086");
    expect(once.caret).toBe(0);
    expect(textOf(choose(choose(once)))).toBe("BAT7086");
    expect(textOf(type(SUGGESTED, { do: "choice", step: -1 }))).toBe("EAT7086");
  });

  it("without another choice stays as it is", () => {
    const field = type(SUGGESTED, { do: "caret", at: 1 });
    expect(type(field, { do: "choice", step: 1 })).toBe(field);
  });
});

describe("taking away and adding", () => {
  it("backspace, delete, insert and clear", () => {
    expect(textOf(press(written("ABC"), "backspace"))).toBe("AB");
    expect(textOf(press(written("ABC"), "home", "delete"))).toBe("BC");
    expect(textOf(press(written("ABC"), "home", "right", "insert", "X"))).toBe("AXBC");
    expect(press(SUGGESTED, "clear")).toEqual(EMPTY_FIELD);
  });

  it("at the ends does nothing", () => {
    const home = press(written("A"), "home");
    expect(press(home, "backspace")).toBe(home);
    expect(textOf(press(written("A"), "delete"))).toBe("A");
    expect(press(written("A"), "right").caret).toBe(1);
  });
});

it("a telephone says all of the word with every character, and the field has it once", () => {
  const said = ["p", "pb", "pbb", "pb", "pba1", "pba1"];
  const steps = said.flatMap((word, at) => composed(said[at - 1] ?? "", word, ALPHABET));
  expect(textOf(steps.reduce(type, EMPTY_FIELD))).toBe("PBA1");
  expect(composed("pb-", "pb-1", ALPHABET)).toEqual([{ do: "type", text: "1", alphabet: ALPHABET }]);
});
