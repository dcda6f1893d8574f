/** One sitting at the transcription page: which crop is shown, what has been typed, what to send.
 *
 * `step` is the only door. It never waits: what must reach the server comes back as orders, and
 * the next crop is on screen whatever becomes of them.
 */

import { type Choice, type Field, type FieldAction, EMPTY_FIELD, suggested, textOf, type, written } from "./field";
import { type PlateFormat, UNKNOWN, isComplete, isPlausible } from "./formats";
import { distance, passing } from "./strip";

export interface Suggestion {
  readonly id: number;
  readonly text: string;
  /** 0 to 1 for each character. */
  readonly confidences: readonly number[];
  readonly alternatives: readonly (readonly Choice[])[];
  readonly model: string;
}

export interface Crop {
  readonly id: number;
  /** Its address. */
  readonly picture: string;
  /** What an image element takes: the picture itself if the lease brought it, else the address. */
  readonly source: string;
  readonly width: number;
  readonly height: number;
  readonly revision: number;
  readonly video: string;
  /** Into the video; null where there is none. */
  readonly seconds: number | null;
  /** What the server knows to be one vehicle; "" where it knows nothing. */
  readonly group: string;
  readonly framePicture: string | null;
  readonly box: readonly [number, number, number, number] | null;
  readonly sharpness: number | null;
  readonly suggestion: Suggestion | null;
  /** What the reading will be: a second one does not see the first. */
  readonly role: "first" | "second" | "adjudication";
  /** The text it has; "" where it has none or where it is not to be seen. */
  readonly text: string;
  readonly earlier: readonly Earlier[];
}

/** A reading to decide about: by whom, and what. */
export interface Earlier {
  readonly by: string;
  readonly text: string;
}

export type Status = "readable" | "partial" | "unreadable";

export interface Saved {
  readonly crop: number;
  readonly clientKey: string;
  readonly status: Status;
  readonly text: string;
  readonly outcome: "" | "accepted" | "changed" | "ignored";
  /** Characters that differ from the suggestion; without one, 0. */
  readonly changed: number;
  /** What a person spent on it; of crops saved in one stroke, its part. */
  readonly seconds: number;
  /** The client key of the first of those saved in the same stroke. */
  readonly together: string;
}

interface Item {
  readonly crop: Crop;
  readonly saved: Saved | null;
  /** The field as it was when it was saved, for undo. */
  readonly typed: Field | null;
  readonly skipped: boolean;
  /** It was saved and that was undone: the server may have its text. */
  readonly undone?: boolean;
  /** Somebody else has it or has read it meanwhile. */
  readonly lost?: boolean;
}

export interface Session {
  readonly alphabet: string;
  readonly formats: readonly PlateFormat[];
  readonly items: readonly Item[];
  /** The item on screen; items.length when there is none. */
  readonly at: number;
  /** Other crops that wait and show the same vehicle passing, by id. */
  readonly strip: readonly number[];
  /** Of them, those that are not saved with the one on screen. */
  readonly out: readonly number[];
  /** The one of the strip that is looked at; null: the one to be read. */
  readonly peek: number | null;
  readonly field: Field;
  readonly before: readonly Field[];
  readonly after: readonly Field[];
  /** Said once for each text that looks like no plate; the second Enter saves it. */
  readonly warning: "" | "empty" | "strange";
  /** Newest first. */
  readonly saved: readonly Saved[];
  readonly left: number | null;
  readonly shownAt: number;
  /** Keys and buttons that did something. */
  readonly keys: number;
  /** When a text was last saved without Enter. */
  readonly wholeAt: number;
}

export type Order =
  | { readonly kind: "save"; readonly crop: Crop; readonly saved: Saved }
  | { readonly kind: "withdraw"; readonly clientKey: string }
  | { readonly kind: "release"; readonly crop: number };

export type SessionAction =
  /** `held`: those that were asked for by name; of them, what does not come is somebody else's by now. */
  | { readonly do: "crops"; readonly crops: readonly Crop[]; readonly held?: readonly number[]; readonly left: number | null; readonly now: number }
  | { readonly do: "formats"; readonly formats: readonly PlateFormat[]; readonly alphabet: string }
  | { readonly do: "draft"; readonly crop: number; readonly field: Field }
  | { readonly do: "field"; readonly action: FieldAction }
  | { readonly do: "enter"; readonly now: number; readonly key: () => string }
  /** A character was typed: what is whole now needs no Enter. */
  | { readonly do: "whole"; readonly now: number; readonly key: () => string }
  | { readonly do: "unreadable"; readonly now: number; readonly key: () => string }
  | { readonly do: "strip"; readonly step: 1 | -1 }
  | { readonly do: "peek"; readonly crop: number }
  | { readonly do: "take out" }
  | { readonly do: "unknown" }
  | { readonly do: "last text" }
  | { readonly do: "earlier"; readonly at: number }
  | { readonly do: "skip"; readonly now: number }
  | { readonly do: "back"; readonly now: number }
  | { readonly do: "show"; readonly crop: number; readonly now: number }
  | { readonly do: "undo"; readonly now: number }
  | { readonly do: "redo" }
  | { readonly do: "forget skipped" };

/** A lease brings this many crops; with half of them read the next lease begins. */
export const LEASE = 30;

/** Milliseconds in which an Enter belongs to the text that was saved without it: hands have habits. */
const HABIT = 700;

export function begin(alphabet: string, formats: readonly PlateFormat[]): Session {
  return {
    alphabet,
    formats,
    items: [],
    at: 0,
    strip: [],
    out: [],
    peek: null,
    field: EMPTY_FIELD,
    before: [],
    after: [],
    warning: "",
    saved: [],
    left: null,
    shownAt: 0,
    keys: 0,
    wholeAt: -Infinity,
  };
}

export const currentItem = (session: Session): Item | null => session.items[session.at] ?? null;

const isOpen = (item: Item): boolean => item.saved === null && !item.skipped;

/** The crops that wait behind the one on screen, in their order. */
export function upcoming(session: Session): readonly Crop[] {
  return session.items.slice(session.at + 1).filter(isOpen).map((item) => item.crop);
}

/** Crops of this sitting that a new lease must not bring again. */
export const known = (session: Session): readonly number[] => session.items.map((item) => item.crop.id);

/** Crops that are held and still to be read, the one on screen included. */
export const open = (session: Session): readonly Crop[] => session.items.filter(isOpen).map((item) => item.crop);

type Step = readonly [Session, readonly Order[]];

const only = (session: Session): Step => [session, []];

/** What the program does by itself; all else is a person's key. */
const UNASKED: ReadonlySet<SessionAction["do"]> = new Set(["crops", "formats", "draft", "whole", "forget skipped"]);

export function step(session: Session, action: SessionAction): Step {
  const [next, orders] = act(session, action);
  return [next === session || UNASKED.has(action.do) ? next : { ...next, keys: session.keys + 1 }, orders];
}

function act(session: Session, action: SessionAction): Step {
  switch (action.do) {
    case "crops":
      return only(add(session, action));
    case "formats":
      return only({ ...session, formats: action.formats, alphabet: action.alphabet });
    case "draft":
      return only(draft(session, action.crop, action.field));
    case "field":
      return only(keyed(session, action.action));
    case "unknown":
      return only(keyed(session, { do: "type", text: UNKNOWN, alphabet: session.alphabet }));
    case "last text": {
      const text = session.saved.find((one) => one.text !== "")?.text;
      return only(text === undefined ? session : keyed(session, { do: "put", text, alphabet: session.alphabet }));
    }
    case "earlier": {
      const text = currentItem(session)?.crop.earlier[action.at]?.text ?? "";
      return only(text === "" ? session : keyed(session, { do: "put", text, alphabet: session.alphabet }));
    }
    case "enter":
      return enter(session, action);
    case "whole":
      return isWhole(session) ? finish({ ...session, wholeAt: action.now }, { ...action, status: "readable", text: textOf(session.field) }) : only(session);
    case "unreadable":
      return finish(session, { ...action, status: "unreadable", text: "" });
    case "skip":
      return skip(session, action.now);
    case "back":
      return only(session.at === 0 ? session : show(session, session.at - 1, action.now));
    case "show": {
      const at = session.items.findIndex((item) => item.crop.id === action.crop);
      return only(at === -1 ? session : show(session, at, action.now));
    }
    case "strip":
      return only(alongStrip(session, action.step));
    case "peek":
      return only({ ...session, peek: session.strip.includes(action.crop) ? action.crop : null });
    case "take out":
      return only(takeOut(session));
    case "undo":
      return undo(session, action.now);
    case "redo":
      return only(redo(session));
    case "forget skipped":
      return only(forgetSkipped(session));
  }
}

/** New crops go to the end; those that wait here already may have been cut or read anew since. */
function add(before: Session, { crops, held = [], left, now }: Extract<SessionAction, { do: "crops" }>): Session {
  const told = new Map(crops.map((crop) => [crop.id, crop]));
  const session = without(before, new Set(held.filter((id) => !told.has(id))));
  const known = session.items.map((item, at): Item => {
    const crop = told.get(item.crop.id);
    told.delete(item.crop.id);
    return crop !== undefined && isOpen(item) && (at !== session.at || mayFill(session, crop)) ? { ...item, crop } : item;
  });
  const fresh = [...told.values()];
  const items = [...known, ...fresh.map((crop): Item => ({ crop, saved: null, typed: null, skipped: false }))];
  const filled = known[session.at] === session.items[session.at] ? null : known[session.at];
  const grown = linked({ ...session, items, left, field: filled ? fieldOf(filled) : session.field });
  return currentItem(session) === null && fresh.length > 0 ? show(grown, session.at, now) : grown;
}

/** Crops that are somebody else's by now go; the one under somebody's eyes stays and says so. */
function without(session: Session, lost: ReadonlySet<number>): Session {
  const isLost = (item: Item): boolean => lost.has(item.crop.id) && isOpen(item) && !item.undone;
  if (!session.items.some(isLost)) return session;
  const goes = (item: Item, at: number): boolean => isLost(item) && at !== session.at;
  const items = session.items.map((item, at) => (at === session.at && isLost(item) ? { ...item, lost: true } : item));
  return { ...session, items: items.filter((item, at) => !goes(item, at)), at: session.at - items.slice(0, session.at).filter(goes).length };
}

/** Whether a suggestion that came late may still appear under somebody's eyes: nothing was typed. */
function mayFill(session: Session, crop: Crop): boolean {
  const now = currentItem(session)?.crop;
  const untouched = session.field.cells.length === 0 && session.before.length === 0 && session.after.length === 0;
  return untouched && now?.suggestion === null && crop.suggestion !== null && crop.picture === now.picture;
}

/** What was being typed when the tab was closed. */
function draft(session: Session, crop: number, field: Field): Session {
  return currentItem(session)?.crop.id === crop ? { ...session, field } : session;
}

function show(session: Session, at: number, now: number): Session {
  const item = session.items[at];
  const fresh = { out: [], peek: null, field: item ? fieldOf(item) : EMPTY_FIELD, before: [], after: [], warning: "" as const };
  return linked({ ...session, ...fresh, at, shownAt: now });
}

/** Finds the strip of the crop on screen among those that wait. */
function linked(session: Session): Session {
  const item = currentItem(session);
  const waiting = item !== null && isOpen(item) && isNew(item.crop) ? open(session).filter(isNew) : [];
  const strip = item === null ? [] : passing(item.crop, waiting).map((crop) => crop.id);
  return { ...session, strip };
}

/** Nobody has read it. */
const isNew = (crop: Crop): boolean => crop.role === "first" && crop.text === "";

/** The crops that Enter saves with this text. A character that one crop hides may be seen in another. */
export function together(session: Session): readonly Crop[] {
  const item = currentItem(session);
  if (item === null) return [];
  if (textOf(session.field).includes(UNKNOWN)) return [item.crop];
  const others = session.strip.filter((id) => !session.out.includes(id));
  return [item.crop, ...stripCrops(session).filter((crop) => others.includes(crop.id))];
}

export function stripCrops(session: Session): readonly Crop[] {
  return session.items.filter((item) => session.strip.includes(item.crop.id)).map((item) => item.crop);
}

/** The crop that is looked at: the one to be read, or one of its strip. */
export function lookedAt(session: Session): Crop | null {
  const peeked = session.peek === null ? undefined : session.items.find((item) => item.crop.id === session.peek);
  return (peeked ?? currentItem(session))?.crop ?? null;
}

function alongStrip(session: Session, by: 1 | -1): Session {
  if (session.strip.length === 0) return session;
  const ring = [null, ...session.strip];
  const at = (ring.indexOf(session.peek) + by + ring.length) % ring.length;
  return { ...session, peek: ring[at] ?? null };
}

/** Out of the strip, or in again; looking at the first, all the others. */
function takeOut(session: Session): Session {
  const { strip, out, peek } = session;
  if (strip.length === 0) return session;
  if (peek === null) return { ...session, out: out.length === strip.length ? [] : strip };
  return { ...session, out: out.includes(peek) ? out.filter((id) => id !== peek) : [...out, peek] };
}

function fieldOf({ crop, saved }: Item): Field {
  if (saved !== null) return written(saved.text);
  if (crop.text !== "") return written(crop.text);
  return crop.suggestion === null ? EMPTY_FIELD : suggested(crop.suggestion);
}

function keyed(session: Session, action: FieldAction): Session {
  if (currentItem(session) === null) return session;
  const field = type(session.field, action);
  if (field === session.field) return session;
  const changed = textOf(field) !== textOf(session.field);
  return {
    ...session,
    field,
    before: changed ? [...session.before, session.field] : session.before,
    after: changed ? [] : session.after,
    warning: changed ? "" : session.warning,
  };
}

function enter(session: Session, { now, key }: { now: number; key: () => string }): Step {
  const item = currentItem(session);
  const text = textOf(session.field);
  if (item === null || (session.before.length === 0 && now - session.wholeAt < HABIT)) return only(session);
  if (item.saved !== null && item.saved.text === text && item.saved.status !== "unreadable") {
    return only(show(session, nextOpen(session, session.at), now));
  }
  if (text === "") return only({ ...session, warning: "empty" });
  if (session.warning !== "strange" && !isPlausible(text, session.formats)) {
    return only({ ...session, warning: "strange" });
  }
  return finish(session, { now, key, text, status: text.includes(UNKNOWN) ? "partial" : "readable" });
}

/** Typed character by character where nothing was there, and no format goes on from here. */
function isWhole(session: Session): boolean {
  const { field, before, formats } = session;
  const item = currentItem(session);
  const bare = item !== null && isOpen(item) && item.crop.suggestion === null && item.crop.text === "";
  return bare && before.length >= field.cells.length && field.caret === field.cells.length && isComplete(textOf(field), formats);
}

interface Confirmed { now: number; key: () => string; status: Status; text: string }

function finish(session: Session, { now, key, status, text }: Confirmed): Step {
  const item = currentItem(session);
  if (item === null) return only(session);
  const crops = status === "readable" ? together(session) : [item.crop];
  const seconds = Math.max(now - session.shownAt, 0) / 1000 / crops.length;
  const keys = crops.map(() => key());
  const saved = crops.map((crop, at): Saved => ({
    crop: crop.id,
    clientKey: keys[at] ?? "",
    status,
    text,
    ...comparison(crop.suggestion, status, text),
    seconds,
    together: keys[0] ?? "",
  }));
  const of = new Map(saved.map((one) => [one.crop, one]));
  const items = session.items.map((one): Item => {
    const mine = of.get(one.crop.id);
    return mine ? { ...one, saved: mine, typed: one === item ? session.field : null, skipped: false } : one;
  });
  const done = saved.length - (item.saved === null ? 0 : 1);
  const left = session.left === null ? null : Math.max(session.left - done, 0);
  const told = { ...session, items, left, saved: [...saved, ...session.saved.filter((one) => !of.has(one.crop))] };
  return [show(told, nextOpen(told, session.at), now), saved.map((one, at): Order => ({ kind: "save", crop: crops[at] ?? item.crop, saved: one }))];
}

/** What became of the suggestion, for its recognizer to be judged by. */
export function comparison(suggestion: Suggestion | null, status: Status, text: string): Pick<Saved, "outcome" | "changed"> {
  if (suggestion === null) return { outcome: "", changed: 0 };
  if (status === "unreadable") return { outcome: "ignored", changed: 0 };
  return suggestion.text === text
    ? { outcome: "accepted", changed: 0 }
    : { outcome: "changed", changed: distance(suggestion.text, text) };
}

/** The first crop behind `at` that nobody has done or skipped; behind all of them if there is none. */
function nextOpen(session: Session, at: number): number {
  const found = session.items.findIndex((item, index) => index > at && isOpen(item));
  return found === -1 ? session.items.length : found;
}

function skip(session: Session, now: number): Step {
  const item = currentItem(session);
  if (item === null) return only(session);
  if (!isOpen(item)) return only(show(session, Math.min(session.at + 1, session.items.length), now));
  const items = session.items.with(session.at, { ...item, skipped: true });
  const told = { ...session, items };
  return [show(told, nextOpen(told, session.at), now), [{ kind: "release", crop: item.crop.id }]];
}

/** So that a lease may bring them again. */
function forgetSkipped(session: Session): Session {
  const kept = session.items.filter((item) => !item.skipped);
  const before = session.items.slice(0, session.at).filter((item) => item.skipped).length;
  return { ...session, items: kept, at: session.at - before };
}

/** First what was typed here, then the last stroke: its crops come back, the field as it was. */
function undo(session: Session, now: number): Step {
  const previous = session.before.at(-1);
  if (previous !== undefined) {
    const after = [session.field, ...session.after];
    return only({ ...session, field: previous, before: session.before.slice(0, -1), after, warning: "" });
  }
  const [last] = session.saved;
  const at = session.items.findIndex((item) => item.crop.id === last?.crop);
  const item = session.items[at];
  if (last === undefined || item === undefined) return only(session);
  const stroke = session.saved.filter((one) => one.together === last.together);
  const crops = new Set(stroke.map((one) => one.crop));
  const items = session.items.map((one): Item => (crops.has(one.crop.id) ? { ...one, saved: null, typed: null, undone: true } : one));
  const left = session.left === null ? null : session.left + stroke.length;
  const saved = session.saved.filter((one) => one.together !== last.together);
  const back = show({ ...session, items, left, saved }, at, now);
  const out = back.strip.filter((id) => !crops.has(id));
  return [{ ...back, out, field: item.typed ?? back.field }, stroke.map((one): Order => ({ kind: "withdraw", clientKey: one.clientKey }))];
}

function redo(session: Session): Session {
  const [next, ...rest] = session.after;
  if (next === undefined) return session;
  return { ...session, field: next, before: [...session.before, session.field], after: rest, warning: "" };
}

export interface Stroke {
  readonly first: Saved;
  /** So many more were saved with it. */
  readonly others: number;
}

/** The newest strokes of the keyboard, at most `most`; what is saved together stands together. */
export function strokes(saved: readonly Saved[], most: number): readonly Stroke[] {
  const found: Stroke[] = [];
  for (const one of saved) {
    const last = found.at(-1);
    if (last?.first.together === one.together) found[found.length - 1] = { ...last, others: last.others + 1 };
    else if (found.length === most) break;
    else found.push({ first: one, others: 0 });
  }
  return found;
}

export interface Pace {
  readonly perMinute: number;
  /** Seconds. */
  readonly median: number;
}

/** From the last fifty; a plate over which somebody fetched coffee does not count. */
export function pace(saved: readonly Saved[]): Pace | null {
  const seconds = saved.slice(0, 50).map((one) => one.seconds).filter((value) => value < 60).sort((a, b) => a - b);
  if (seconds.length < 3) return null;
  const sum = seconds.reduce((total, value) => total + value, 0);
  const middle = Math.floor(seconds.length / 2);
  const median = seconds.length % 2 === 1 ? seconds[middle] : ((seconds[middle - 1] ?? 0) + (seconds[middle] ?? 0)) / 2;
  return sum > 0 ? { perMinute: (60 * seconds.length) / sum, median: median ?? 0 } : null;
}
