import { describe, expect, it } from "vitest";

import { type PlateFormat, displayed, expectedAt, hint, isPlausible, separators } from "./formats";

const ECUADOR: PlateFormat = { country: "Ecuador", name: "Ecuador", pattern: "AAA9999", display: "AAA-9999" };
const OLD: PlateFormat = { country: "Ecuador", name: "Ecuador, older", pattern: "AAA999", display: "AAA-999" };
const CHILE: PlateFormat = { country: "Chile", name: "Chile", pattern: "[B-DF-HJ-LPR-TV-Z][B-DF-HJ-LPR-TV-Z]99", display: "AA·99" };
const FORMATS = [ECUADOR, OLD];

describe("a text against the formats", () => {
  it("fits, begins, or has one character that does not belong", () => {
    expect(hint("PBA1234", FORMATS)).toEqual({ kind: "fits", format: ECUADOR });
    expect(hint("PBA123", FORMATS)).toEqual({ kind: "fits", format: OLD });
    expect(hint("PBA", FORMATS)).toEqual({ kind: "begins", format: ECUADOR });
    expect(hint("PB81234", FORMATS)).toEqual({ kind: "misfit", format: ECUADOR, at: 2, expected: "letter" });
    expect(hint("12345678", FORMATS)).toEqual({ kind: "strange" });
  });

  it("an unknown character fits everywhere", () => {
    expect(hint("P?A12?4", FORMATS).kind).toBe("fits");
  });

  it("nothing typed and no formats say nothing", () => {
    expect(hint("", FORMATS)).toEqual({ kind: "none" });
    expect(hint("ANY", [])).toEqual({ kind: "none" });
    expect(isPlausible("ANY", [])).toBe(true);
    expect(isPlausible("ANY", FORMATS)).toBe(false);
  });

  it("sets with ranges hold their members only", () => {
    expect(hint("BC12", [CHILE]).kind).toBe("fits");
    expect(hint("AC12", [CHILE])).toMatchObject({ kind: "misfit", at: 0, expected: "letter" });
  });
});

describe("separators", () => {
  it("stand where the display form has them and are never typed", () => {
    expect(separators(ECUADOR)).toEqual([{ before: 3, mark: "-" }]);
    expect(displayed("PBA1234", FORMATS)).toBe("PBA-1234");
    expect(displayed("PBA", FORMATS)).toBe("PBA");
    expect(displayed("BC12", [CHILE])).toBe("BC·12");
  });

  it("of a display form that is not the pattern's are left out", () => {
    expect(separators({ ...ECUADOR, display: "AA-99" })).toEqual([]);
  });
});

it("the keypad knows what can come next", () => {
  expect(expectedAt("PBA", 3, FORMATS)).toEqual(new Set("0123456789"));
  expect(expectedAt("PBA", 0, FORMATS)?.has("7")).toBe(false);
  expect(expectedAt("777", 3, FORMATS)).toBeNull();
});
