/** Reviewing the reads of one video: what is listed, which one is looked at, what was decided.
 *
 * `decide` never waits for the server: the decision is shown at once and comes back as an order.
 */

import { type Field, type FieldAction, textOf, type, written } from "../transcribe/field";

/** Seconds, then x1 y1 x2 y2 in pixels of the upright video frame. */
export type BoxPoint = readonly [number, number, number, number, number];

export interface KeptCrop {
  readonly picture: string;
  readonly text: string;
  readonly confidence: number;
  readonly seconds: number | null;
  readonly width: number;
}

export type Decision = "accepted" | "corrected" | "rejected";

export const REASONS = ["not_a_plate", "duplicate", "unreadable"] as const;
export type Reason = (typeof REASONS)[number];

export const isReason = (text: string): text is Reason => REASONS.some((reason) => reason === text);

export interface Passage {
  readonly status: Decision | "new";
  readonly text: string;
  readonly reason: Reason | "";
  /** Of the passage as it is shown here; 0 before the server has answered. */
  readonly revision: number;
}

export interface Read {
  readonly id: number;
  readonly number: number;
  readonly firstSeconds: number;
  readonly lastSeconds: number;
  readonly text: string;
  /** 0 to 1. */
  readonly confidence: number;
  /** 0 to 1 for each character. */
  readonly characters: readonly number[];
  readonly votes: number;
  readonly crops: readonly KeptCrop[];
  readonly boxes: readonly BoxPoint[];
  readonly passage: Passage | null;
  /** A vehicle that this run missed and a person saw: what its passage is called in the queue. */
  readonly missed: string | null;
}

/** x1 y1 x2 y2 in pixels of the upright video frame. */
export type Corners = readonly [number, number, number, number];

/** A missed vehicle that is being added: where its plate was drawn. */
export interface Drawn {
  readonly seconds: number;
  readonly box: Corners;
}

export interface Review {
  readonly alphabet: string;
  readonly reads: readonly Read[];
  readonly order: "time" | "unsure";
  /** Text with ? for one character and * for any. */
  readonly filter: string;
  readonly current: number | null;
  /** "draw": a box around a missed plate is awaited; "add": its text is typed. */
  readonly mode: "look" | "edit" | "reject" | "draw" | "add";
  readonly drawn: Drawn | null;
  readonly field: Field;
  readonly done: readonly { readonly read: number; readonly before: Passage | null; readonly clientKey: string }[];
}

export type Order =
  | { readonly kind: "accept"; readonly read: number; readonly text: string; readonly revision: number; readonly clientKey: string }
  | { readonly kind: "reject"; readonly read: number; readonly reason: Reason; readonly revision: number; readonly clientKey: string }
  | { readonly kind: "add"; readonly read: number; readonly drawn: Drawn; readonly text: string; readonly clientKey: string }
  | { readonly kind: "change"; readonly read: number; readonly missed: string; readonly text: string; readonly revision: number; readonly clientKey: string }
  | { readonly kind: "remove"; readonly read: number; readonly missed: string; readonly revision: number; readonly clientKey: string }
  | { readonly kind: "withdraw"; readonly clientKey: string };

export type ReviewAction =
  | { readonly do: "reads"; readonly reads: readonly Read[]; readonly alphabet: string }
  | { readonly do: "order"; readonly order: Review["order"] }
  | { readonly do: "filter"; readonly filter: string }
  | { readonly do: "choose"; readonly read: number }
  | { readonly do: "go"; readonly step: 1 | -1 }
  | { readonly do: "least certain" }
  | { readonly do: "edit" | "reject" | "look" | "add" }
  | { readonly do: "drawn"; readonly drawn: Drawn }
  /** What the server says of a decision that has arrived. */
  | { readonly do: "told"; readonly read: number; readonly revision: number }
  | { readonly do: "field"; readonly action: FieldAction }
  | { readonly do: "enter"; readonly key: string }
  | { readonly do: "reason"; readonly reason: Reason; readonly key: string }
  /** `sent`: the server has it already, so it stands until it is decided again. */
  | { readonly do: "undo"; readonly sent: boolean };

export const NOTHING: Review = {
  alphabet: "",
  reads: [],
  order: "time",
  filter: "",
  current: null,
  mode: "look",
  drawn: null,
  field: written(""),
  done: [],
};

export const isDecided = (read: Read): boolean => read.passage !== null && read.passage.status !== "new";

/** The text that counts: a person's where there is one. */
export const shownText = (read: Read): string =>
  read.passage?.status === "corrected" || read.passage?.status === "accepted" ? read.passage.text || read.text : read.text;

export const currentRead = (state: Review): Read | null =>
  state.reads.find((read) => read.id === state.current) ?? null;

export const left = (state: Review): number => state.reads.filter((read) => !isDecided(read)).length;

/** How many of the run itself, without the vehicles that people added. */
export const total = (state: Review): number => state.reads.filter((read) => read.missed === null).length;

/** The list as it is shown. */
export function listed(state: Review): readonly Read[] {
  const fits = matcher(state.filter);
  const found = state.reads.filter((read) => fits(shownText(read)));
  return state.order === "time"
    ? found.toSorted((a, b) => a.firstSeconds - b.firstSeconds || a.id - b.id)
    : found.toSorted((a, b) => Number(isDecided(a)) - Number(isDecided(b)) || a.confidence - b.confidence || a.id - b.id);
}

/** `34A-2??.*` against texts without separators; a pattern without * may stand anywhere. */
export function matcher(pattern: string): (text: string) => boolean {
  const wanted = [...pattern.toUpperCase()].filter((char) => /[\p{L}\p{N}?*]/u.test(char)).join("");
  if (wanted === "") return () => true;
  const parts = (wanted.includes("*") ? wanted : `*${wanted}*`).split("*");
  return (text) => {
    let from = 0;
    for (const [index, part] of parts.entries()) {
      const last = index === parts.length - 1;
      const at = last && part !== "" ? text.length - part.length : find(text, part, from);
      if (at < from || (index === 0 && at !== 0) || !samePart(text, part, at)) return false;
      from = at + part.length;
    }
    return true;
  };
}

const samePart = (text: string, part: string, at: number): boolean =>
  [...part].every((char, index) => char === "?" ? text[at + index] !== undefined : text[at + index] === char);

function find(text: string, part: string, from: number): number {
  for (let at = from; at <= text.length - part.length; at += 1) if (samePart(text, part, at)) return at;
  return -1;
}

type Step = readonly [Review, readonly Order[]];
const only = (state: Review): Step => [state, []];

export function decide(state: Review, action: ReviewAction): Step {
  switch (action.do) {
    case "reads":
      return only(load(state, action));
    case "order":
      return only({ ...state, order: action.order });
    case "filter":
      return only({ ...state, filter: action.filter });
    case "choose":
      return only(look({ ...state, current: action.read }));
    case "go":
      return only(go(state, action.step));
    case "least certain":
      return only(leastCertain(state));
    case "look":
      return only(look(state));
    case "edit":
      return only(edit(state));
    case "reject":
      return only(currentRead(state) === null ? state : { ...state, mode: "reject" });
    case "add":
      return only({ ...look(state), mode: "draw" });
    case "drawn":
      return only(state.mode === "draw" ? { ...state, mode: "add", drawn: action.drawn } : state);
    case "told":
      return only(told(state, action.read, action.revision));
    case "field":
      return only(state.mode === "edit" || state.mode === "add" ? { ...state, field: type(state.field, action.action) } : state);
    case "enter":
      return state.mode === "add" ? addMissed(state, action.key) : enter(state, action.key);
    case "reason":
      return state.mode === "reject" ? reject(state, action.reason, action.key) : only(state);
    case "undo":
      return undo(state, action.sent);
  }
}

/** A fresh list from the server keeps the place of the person who works on it. */
function load(state: Review, { reads, alphabet }: Extract<ReviewAction, { do: "reads" }>): Review {
  const loaded = { ...state, reads, alphabet };
  if (currentRead(loaded) !== null) return loaded;
  const first = listed(loaded).find((read) => !isDecided(read)) ?? listed(loaded)[0];
  return look({ ...loaded, current: first?.id ?? null });
}

const look = (state: Review): Review => ({ ...state, mode: "look", drawn: null, field: written("") });

function told(state: Review, id: number, revision: number): Review {
  const reads = state.reads.map((read) => (read.id === id && read.passage ? { ...read, passage: { ...read.passage, revision } } : read));
  return { ...state, reads };
}

/** A vehicle that a person saw and the run did not. */
export function missedRead(id: number, missed: string, boxes: readonly BoxPoint[], passage: Passage): Read {
  const [first, last] = [boxes[0]?.[0] ?? 0, boxes.at(-1)?.[0] ?? 0];
  return { id, number: 0, firstSeconds: first, lastSeconds: last, text: "", confidence: 1, characters: [], votes: 0, crops: [], boxes, passage, missed };
}

function addMissed(state: Review, key: string): Step {
  const text = textOf(state.field);
  if (text === "" || state.drawn === null) return only(state);
  const id = Math.min(0, ...state.reads.map((read) => read.id)) - 1;
  const { seconds, box } = state.drawn;
  const passage: Passage = { status: "corrected", text, reason: "", revision: 0 };
  const reads = [...state.reads, missedRead(id, key, [[seconds, ...box]], passage)];
  const done = [...state.done, { read: id, before: null, clientKey: key }];
  return [look({ ...state, reads, done }), [{ kind: "add", read: id, drawn: state.drawn, text, clientKey: key }]];
}

function go(state: Review, step: 1 | -1): Review {
  const order = listed(state);
  const at = order.findIndex((read) => read.id === state.current);
  const next = at === -1 ? order[0] : order[at + step];
  return next === undefined ? state : look({ ...state, current: next.id });
}

function leastCertain(state: Review): Review {
  const open = state.reads.filter((read) => !isDecided(read) && read.id !== state.current);
  const least = open.toSorted((a, b) => a.confidence - b.confidence || a.id - b.id)[0];
  return least === undefined ? state : look({ ...state, current: least.id });
}

function edit(state: Review): Review {
  const read = currentRead(state);
  if (read === null) return state;
  const text = shownText(read);
  const cells = [...text].map((char, at) => ({
    char,
    confidence: text === read.text ? (read.characters[at] ?? null) : null,
    choices: [],
  }));
  const started = type({ cells, caret: cells.length, leads: true }, { do: "doubtful" });
  return { ...state, mode: "edit", field: started };
}

function enter(state: Review, key: string): Step {
  const read = currentRead(state);
  if (read === null) return only(state);
  const text = state.mode === "edit" ? textOf(state.field) : shownText(read);
  if (text === "") return only(state);
  const status: Decision = text === read.text ? "accepted" : "corrected";
  const same = isDecided(read) && read.passage?.text === text && (read.missed !== null || read.passage.status === status);
  if (same) return only(onward(look(state)));
  const revision = read.passage?.revision ?? 0;
  if (read.missed !== null) return settle(state, read, { status, text, reason: "", revision }, { kind: "change", read: read.id, missed: read.missed, text, revision, clientKey: key });
  return settle(state, read, { status, text, reason: "", revision }, { kind: "accept", read: read.id, text, revision, clientKey: key });
}

function reject(state: Review, reason: Reason, key: string): Step {
  const read = currentRead(state);
  if (read === null) return only(state);
  const revision = read.passage?.revision ?? 0;
  if (read.missed !== null) return remove(state, read, { kind: "remove", read: read.id, missed: read.missed, revision, clientKey: key });
  return settle(state, read, { status: "rejected", text: "", reason, revision }, { kind: "reject", read: read.id, reason, revision, clientKey: key });
}

/** An added vehicle was none: it leaves the list. */
function remove(state: Review, read: Read, order: Order): Step {
  const place = listed(state);
  const next = onward(look({ ...state, reads: state.reads.filter((one) => one.id !== read.id) }), place);
  const current = next.current === read.id ? (next.reads[0]?.id ?? null) : next.current;
  return [{ ...next, current }, [order]];
}

function settle(state: Review, read: Read, passage: Passage, order: Exclude<Order, { kind: "withdraw" }>): Step {
  const place = listed(state);
  const reads = state.reads.map((one) => (one.id === read.id ? { ...one, passage } : one));
  const done = [...state.done, { read: read.id, before: read.passage, clientKey: order.clientKey }];
  return [onward(look({ ...state, reads, done }), place), [order]];
}

/** The next read without a decision in the order that was on screen, round to the top. */
function onward(state: Review, place = listed(state)): Review {
  const at = place.findIndex((read) => read.id === state.current);
  const turned = [...place.slice(at + 1), ...place.slice(0, Math.max(at, 0))];
  const open = new Set(state.reads.filter((read) => !isDecided(read)).map((read) => read.id));
  const next = turned.find((read) => open.has(read.id));
  return next === undefined ? state : { ...state, current: next.id };
}

function undo(state: Review, sent: boolean): Step {
  const last = state.done.at(-1);
  if (last === undefined) return only(state);
  const before = state.reads.map((read) => (read.id === last.read && !sent ? { ...read, passage: last.before } : read));
  const reads = before.filter((read) => read.missed === null || read.passage !== null);
  const current = reads.some((read) => read.id === last.read) ? last.read : state.current;
  const back = look({ ...state, reads, current, done: state.done.slice(0, -1) });
  return [back, sent ? [] : [{ kind: "withdraw", clientKey: last.clientKey }]];
}

/** Where the plate is at this moment, between the two nearest points; null when it is not in sight. */
export function boxAt(read: Read, seconds: number, slack = 0.1): readonly [number, number, number, number] | null {
  const first = read.boxes[0];
  const last = read.boxes.at(-1);
  if (first === undefined || last === undefined) return null;
  if (seconds < first[0] - slack || seconds > last[0] + slack) return null;
  const after = read.boxes.find((point) => point[0] >= seconds) ?? last;
  const before = read.boxes.findLast((point) => point[0] <= seconds) ?? first;
  const span = after[0] - before[0];
  const share = span > 0 ? (seconds - before[0]) / span : 0;
  const mix = (low: number, high: number): number => low + (high - low) * share;
  return [mix(before[1], after[1]), mix(before[2], after[2]), mix(before[3], after[3]), mix(before[4], after[4])];
}
