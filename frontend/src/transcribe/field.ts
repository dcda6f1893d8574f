/** The text field behind the cells: what is in it, where the caret is, what each key does.
 *
 * A suggestion is overtyped. While the caret was put by the program (`leads`), typing corrects a
 * doubtful character and jumps to the next doubtful one; once a person has moved it, typing goes
 * on by one. Behind the last character typing appends.
 */

import { DOUBTFUL_CHARACTER } from "../shared/plate";
import { UNKNOWN } from "./formats";

export interface Choice {
  readonly text: string;
  /** 0 to 1. */
  readonly confidence: number;
}

export interface Cell {
  readonly char: string;
  /** 0 to 1 from the model; null once a person has typed it. */
  readonly confidence: number | null;
  /** What else the model saw here, the first character always being its first choice. */
  readonly choices: readonly Choice[];
}

export interface Field {
  readonly cells: readonly Cell[];
  /** 0 to cells.length; the last place appends. */
  readonly caret: number;
  readonly leads: boolean;
}

export type FieldAction =
  | { readonly do: "type"; readonly text: string; readonly alphabet: string }
  | { readonly do: "put"; readonly text: string; readonly alphabet: string }
  | { readonly do: "caret"; readonly at: number }
  | { readonly do: "left" | "right" | "home" | "end" | "backspace" | "delete" | "insert" | "clear" }
  | { readonly do: "doubtful" }
  | { readonly do: "choice"; readonly step: 1 | -1 };

export interface Suggested {
  readonly text: string;
  /** One figure from 0 to 1 for each character. */
  readonly confidences: readonly number[];
  readonly alternatives: readonly (readonly Choice[])[];
}

export const EMPTY_FIELD: Field = { cells: [], caret: 0, leads: true };

const typed = (char: string): Cell => ({ char, confidence: null, choices: [] });

export const textOf = (field: Field): string => field.cells.map((cell) => cell.char).join("");

export const isDoubtful = (cell: Cell | undefined): boolean =>
  cell !== undefined && cell.confidence !== null && cell.confidence < DOUBTFUL_CHARACTER;

export function written(text: string): Field {
  const cells = [...text].map(typed);
  return { cells, caret: cells.length, leads: false };
}

/** The caret starts on the least sure character; a suggestion without doubt has it at the end. */
export function suggested({ text, confidences, alternatives }: Suggested): Field {
  const cells = [...text].map((char, at): Cell => {
    const confidence = confidences[at] ?? null;
    const own = confidence === null ? [] : [{ text: char, confidence }];
    return { char, confidence, choices: [...own, ...(alternatives[at] ?? []).filter((choice) => choice.text !== char)] };
  });
  return { cells, caret: leastSure(cells), leads: true };
}

function leastSure(cells: readonly Cell[]): number {
  let at = cells.length;
  let least = DOUBTFUL_CHARACTER;
  cells.forEach((cell, index) => {
    if (cell.confidence !== null && cell.confidence < least) {
      least = cell.confidence;
      at = index;
    }
  });
  return at;
}

/** Upper case, and only what the alphabet knows; separators and blanks fall out. */
export function allowed(text: string, alphabet: string): readonly string[] {
  return [...text.toUpperCase()].filter((char) => alphabet.includes(char) || char === UNKNOWN);
}

/** What a keyboard that composes words says next: all of the word so far, not the new character. */
export function composed(before: string, now: string, alphabet: string): readonly FieldAction[] {
  const [had, has] = [allowed(before, alphabet), allowed(now, alphabet)];
  const different = had.findIndex((char, at) => char !== has[at]);
  const same = different === -1 ? had.length : different;
  const gone = had.slice(same).map((): FieldAction => ({ do: "backspace" }));
  const more = has.slice(same).join("");
  return more === "" ? gone : [...gone, { do: "type", text: more, alphabet }];
}

/** More than any plate has; a paste of a page of text stops here. */
const LONGEST = 16;

export function type(field: Field, action: FieldAction): Field {
  const { cells, caret } = field;
  switch (action.do) {
    case "type":
      return allowed(action.text, action.alphabet).reduce(overtype, field);
    case "put":
      return written(allowed(action.text, action.alphabet).slice(0, LONGEST).join(""));
    case "caret":
      return at(field, action.at);
    case "left":
      return at(field, caret - 1);
    case "right":
      return at(field, caret + 1);
    case "home":
      return at(field, 0);
    case "end":
      return at(field, cells.length);
    case "backspace":
      return caret === 0 ? field : { cells: cells.toSpliced(caret - 1, 1), caret: caret - 1, leads: false };
    case "delete":
      return caret === cells.length ? field : { ...field, cells: cells.toSpliced(caret, 1), leads: false };
    case "insert":
      return cells.length >= LONGEST ? field : { cells: cells.toSpliced(caret, 0, typed(UNKNOWN)), caret, leads: false };
    case "clear":
      return EMPTY_FIELD;
    case "doubtful":
      return { ...field, caret: nextDoubtful(cells, caret + 1, caret), leads: true };
    case "choice":
      return otherChoice(field, action.step);
  }
}

const at = (field: Field, place: number): Field => ({
  ...field,
  caret: Math.min(Math.max(place, 0), field.cells.length),
  leads: false,
});

function overtype(field: Field, char: string): Field {
  const { cells, caret, leads } = field;
  if (caret >= cells.length) {
    return cells.length >= LONGEST ? field : { ...field, cells: [...cells, typed(char)], caret: cells.length + 1 };
  }
  const changed = cells.with(caret, typed(char));
  return { cells: changed, caret: leads ? nextDoubtful(changed, caret + 1, changed.length) : caret + 1, leads };
}

/** Left to right from `from`, then round; `otherwise` when nothing is doubtful. */
function nextDoubtful(cells: readonly Cell[], from: number, otherwise: number): number {
  for (let step = 0; step < cells.length; step += 1) {
    const place = (from + step) % cells.length;
    if (isDoubtful(cells[place])) return place;
  }
  return otherwise;
}

/** Behind the end it changes the last character. The caret stays, so that a third choice is one key more. */
function otherChoice(field: Field, step: 1 | -1): Field {
  const place = Math.min(field.caret, field.cells.length - 1);
  const cell = field.cells[place];
  if (cell === undefined || cell.choices.length < 2) return field;
  const now = cell.choices.findIndex((choice) => choice.text === cell.char);
  const choice = cell.choices[(now + step + cell.choices.length) % cell.choices.length];
  if (choice === undefined) return field;
  // A person looked at it: it counts as theirs, and is no longer doubtful.
  return { ...field, caret: place, cells: field.cells.with(place, { ...cell, char: choice.text, confidence: null }) };
}
