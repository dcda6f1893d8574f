/** Plate formats as a hint while typing. Patterns hold `A`, `9`, literals and `[set]` only. */

export interface PlateFormat {
  readonly country: string;
  readonly name: string;
  /** For example `AAA9999`, without separators. */
  readonly pattern: string;
  /** One letter or digit for each place, and the separators: `AAA-9999`. */
  readonly display: string;
}

type Expected = "letter" | "digit" | "other";

interface Slot {
  readonly expected: Expected;
  readonly chars: string;
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS = "0123456789";

/** One character that nobody can read; fits everywhere. */
export const UNKNOWN = "?";

const TOKEN = /\[([^\]]*)\]|(.)/gsu;

function slot(set: string | undefined, char: string | undefined): Slot {
  if (set !== undefined) {
    const chars = set.replace(/(.)-(.)/gsu, (_, from: string, to: string) => range(from, to));
    const expected = every(chars, LETTERS) ? "letter" : every(chars, DIGITS) ? "digit" : "other";
    return { expected, chars };
  }
  if (char === "A") return { expected: "letter", chars: LETTERS };
  if (char === "9") return { expected: "digit", chars: DIGITS };
  return { expected: "other", chars: char ?? "" };
}

const every = (chars: string, within: string): boolean => [...chars].every((char) => within.includes(char));

function range(from: string, to: string): string {
  const first = from.charCodeAt(0);
  return Array.from({ length: Math.max(to.charCodeAt(0) - first + 1, 0) }, (_, at) =>
    String.fromCharCode(first + at),
  ).join("");
}

function slots(pattern: string): readonly Slot[] {
  return [...pattern.matchAll(TOKEN)].map((match) => slot(match[1], match[2]));
}

const takes = (where: Slot | undefined, char: string): boolean =>
  where !== undefined && (char === UNKNOWN || where.chars.includes(char));

export type Hint =
  | { readonly kind: "none" }
  | { readonly kind: "fits"; readonly format: PlateFormat }
  /** Right so far, more is to come. */
  | { readonly kind: "begins"; readonly format: PlateFormat }
  /** `at` is the character that one change would make right, with what was expected there. */
  | { readonly kind: "misfit"; readonly format: PlateFormat; readonly at: number; readonly expected: Expected }
  | { readonly kind: "strange" };

export function hint(text: string, formats: readonly PlateFormat[]): Hint {
  if (text === "" || formats.length === 0) return { kind: "none" };
  const tried = formats.map((format) => ({ format, wrong: wrongPlaces(text, format), missing: slots(format.pattern).length - text.length }));
  const fits = tried.find(({ wrong, missing }) => wrong.length === 0 && missing === 0);
  if (fits) return { kind: "fits", format: fits.format };
  const begins = tried.find(({ wrong, missing }) => wrong.length === 0 && missing > 0);
  if (begins) return { kind: "begins", format: begins.format };
  const near = tried.find(({ wrong, missing }) => wrong.length === 1 && missing === 0);
  const at = near?.wrong[0];
  if (near === undefined || at === undefined) return { kind: "strange" };
  return { kind: "misfit", format: near.format, at, expected: slots(near.format.pattern)[at]?.expected ?? "other" };
}

/** Whether a text is whole and has the shape of a plate; without formats every text has. */
export function isPlausible(text: string, formats: readonly PlateFormat[]): boolean {
  return formats.length === 0 || hint(text, formats).kind === "fits";
}

/** Whether a text is a plate to the last character, and the beginning of no longer one. */
export function isComplete(text: string, formats: readonly PlateFormat[]): boolean {
  if (text.includes(UNKNOWN) || hint(text, formats).kind !== "fits") return false;
  return formats.every((format) => wrongPlaces(text, format).length > 0 || slots(format.pattern).length === text.length);
}

function wrongPlaces(text: string, format: PlateFormat): readonly number[] {
  const wanted = slots(format.pattern);
  return [...text].flatMap((char, at) => (takes(wanted[at], char) ? [] : [at]));
}

/** What may stand at this place in one of the formats that the text before it fits; null: anything. */
export function expectedAt(text: string, at: number, formats: readonly PlateFormat[]): ReadonlySet<string> | null {
  const before = text.slice(0, at);
  const possible = formats.filter((format) => wrongPlaces(before, format).length === 0);
  const chars = possible.flatMap((format) => [...(slots(format.pattern)[at]?.chars ?? "")]);
  return chars.length === 0 ? null : new Set(chars);
}

export interface Separator {
  /** The separator stands before the character with this index. */
  readonly before: number;
  readonly mark: string;
}

/** Where the format shows its separators. Nothing where the display form has another length. */
export function separators(format: PlateFormat): readonly Separator[] {
  const found: Separator[] = [];
  let at = 0;
  for (const char of format.display) {
    if (/[A-Z0-9]/iu.test(char)) at += 1;
    else found.push({ before: at, mark: char });
  }
  return at === slots(format.pattern).length ? found : [];
}

/** The text as a person writes it: `ABC1234` is `ABC-1234`. */
export function displayed(text: string, formats: readonly PlateFormat[]): string {
  const said = hint(text, formats);
  if (said.kind !== "fits" && said.kind !== "begins" && said.kind !== "misfit") return text;
  const marks = separators(said.format);
  const chars = [...text].map((char, at) => marks.filter(({ before }) => before === at).map(({ mark }) => mark).join("") + char);
  return chars.join("");
}
