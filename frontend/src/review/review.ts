/** Reviewing the reads of one video: what is listed, which one is looked at, what was decided.
 *
 * `decide` never waits for the server: the decision is shown at once and comes back as an order.
 */

import { type Choice, type Field, type FieldAction, suggested, textOf, type, written } from "../transcribe/field";
import { type News, withNews } from "./news";
import { halves } from "./tracks";

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

export const DIRECTIONS = ["approaching", "leaving", "left", "right", "up", "down"] as const;
export type Direction = (typeof DIRECTIONS)[number];

export const ARROWS: Readonly<Record<Direction, string>> = { approaching: "↓", leaving: "↑", left: "←", right: "→", up: "↑", down: "↓" };

export const isDirection = (text: string): text is Direction => DIRECTIONS.some((direction) => direction === text);

export interface Passage {
  readonly status: Decision | "new";
  readonly text: string;
  readonly reason: Reason | "";
  /** Of the passage as it is shown here; 0 before the server has answered. */
  readonly revision: number;
  /** Accepted for its confidence with many others: nobody has looked at it. */
  readonly unseen: boolean;
}

/** What only the read on screen needs; it is loaded when a read comes near. */
export interface Detail {
  readonly crops: readonly KeptCrop[];
  readonly boxes: readonly BoxPoint[];
  /** What else was seen in the place of each character. */
  readonly alternatives: readonly (readonly Choice[])[];
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
  readonly direction: Direction | "";
  /** By the recording's own clock; null where nobody knows it. */
  readonly seenAt: string | null;
  /** Of the random tenth that is always reviewed. */
  readonly sampled: boolean;
  /** Another track of the vehicle counts: this one was merged with it, or is its double. */
  readonly double: boolean;
  /** In a checked stretch, and no vehicle was seen there: it counts as false until somebody decides. */
  readonly unfounded: boolean;
  /** The surest crop, and the moment it shows. */
  readonly picture: string | null;
  readonly bestSeconds: number;
  readonly detail: Detail | null;
  readonly passage: Passage | null;
  /** A vehicle that this run missed and a person saw: what its passage is called in the queue. */
  readonly missed: string | null;
}

/** x1 y1 x2 y2 in pixels of the upright video frame. */
export type Corners = readonly [number, number, number, number];

/** A track that is being split: where, and what the first vehicle reads once that is typed. */
export interface Parting {
  readonly seconds: number;
  readonly first: string | null;
}

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
  /** "draw": a box around a missed plate is awaited; "add": its text is typed; "split": the texts
   * of both vehicles are; "merge": the other track is awaited. */
  readonly mode: "look" | "edit" | "reject" | "draw" | "add" | "split" | "merge";
  readonly drawn: Drawn | null;
  readonly parting: Parting | null;
  readonly field: Field;
  readonly done: readonly Done[];
  /** The read that "least certain" led to last: from there it goes on. */
  readonly doubted: number | null;
}

/** What was done in one step, to be taken back in one. */
export interface Done {
  readonly reads: readonly { readonly id: number; readonly before: Passage | null; readonly double: boolean }[];
  /** Added vehicles that left the list by it. */
  readonly gone?: readonly Read[];
  readonly clientKey: string;
}

export type Order =
  | { readonly kind: "accept"; readonly read: number; readonly text: string; readonly revision: number; readonly clientKey: string }
  | { readonly kind: "reject"; readonly read: number; readonly reason: Reason; readonly revision: number; readonly clientKey: string }
  | { readonly kind: "add"; readonly read: number; readonly drawn: Drawn; readonly text: string; readonly clientKey: string }
  | { readonly kind: "change"; readonly read: number; readonly missed: string; readonly text: string; readonly revision: number; readonly clientKey: string }
  | { readonly kind: "remove"; readonly read: number; readonly missed: string; readonly revision: number; readonly clientKey: string }
  | { readonly kind: "merge"; readonly read: number; readonly other: number; readonly missed: string | null; readonly text: string; readonly revision: number; readonly otherRevision: number; readonly clientKey: string }
  | { readonly kind: "split"; readonly read: number; readonly seconds: number; readonly texts: readonly [string, string]; readonly revision: number; readonly clientKey: string }
  | { readonly kind: "undo"; readonly read: number; readonly undone: string; readonly clientKey: string };

export type ReviewAction =
  /** `busy`: reads about which something of one's own is still on its way. */
  | { readonly do: "reads"; readonly reads: readonly Read[]; readonly alphabet: string; readonly busy?: ReadonlySet<number> }
  | { readonly do: "order"; readonly order: Review["order"] }
  | { readonly do: "filter"; readonly filter: string }
  | { readonly do: "choose"; readonly read: number }
  | { readonly do: "go"; readonly step: 1 | -1 }
  | { readonly do: "least certain" | "next sampled" }
  | { readonly do: "edit" | "reject" | "look" | "add" | "merge" }
  | { readonly do: "split"; readonly seconds: number }
  | { readonly do: "merge with"; readonly other: number; readonly key: string }
  | { readonly do: "details"; readonly details: ReadonlyMap<number, Detail> }
  | { readonly do: "news"; readonly news: News }
  /** Many were accepted at once, which the server has already. */
  | { readonly do: "bulk"; readonly key: string }
  | { readonly do: "drawn"; readonly drawn: Drawn }
  /** What the server says of a decision that has arrived. */
  | { readonly do: "told"; readonly read: number; readonly revision: number }
  | { readonly do: "field"; readonly action: FieldAction }
  | { readonly do: "enter"; readonly key: string }
  | { readonly do: "reason"; readonly reason: Reason; readonly key: string }
  /** `sent`: the server has it or is getting it, so it is asked to take it back. */
  | { readonly do: "undo"; readonly sent: boolean; readonly key: string };

export const NOTHING: Review = {
  alphabet: "",
  reads: [],
  order: "time",
  filter: "",
  current: null,
  mode: "look",
  drawn: null,
  parting: null,
  field: written(""),
  done: [],
  doubted: null,
};

export const isDecided = (read: Read): boolean => read.passage !== null && read.passage.status !== "new";

/** The text that counts: a person's where there is one. */
export const shownText = (read: Read): string =>
  read.passage?.status === "corrected" || read.passage?.status === "accepted" ? read.passage.text || read.text : read.text;

export const currentRead = (state: Review): Read | null =>
  state.reads.find((read) => read.id === state.current) ?? null;

/** Tracks that nobody has decided, in a stretch of the video. */
export const openIn = (reads: readonly Read[], [from, to]: readonly [number, number]): number =>
  reads.filter((read) => !isDecided(read) && read.firstSeconds >= from && read.lastSeconds <= to).length;

export const left = (state: Review): number => state.reads.filter((read) => !isDecided(read)).length;

/** How many of the run itself, without the vehicles that people added. */
export const total = (state: Review): number => state.reads.filter((read) => read.missed === null).length;

type Listing = Pick<Review, "reads" | "order" | "filter">;

const listings = new WeakMap<readonly Read[], Listing & { readonly found: readonly Read[] }>();

/** The list as it is shown; made once for the same reads. */
export function listed({ reads, order, filter }: Listing): readonly Read[] {
  const known = listings.get(reads);
  if (known?.order === order && known.filter === filter) return known.found;
  const fits = matcher(filter);
  const fitting = reads.filter((read) => fits(shownText(read)));
  const found = order === "time"
    ? fitting.toSorted((a, b) => a.firstSeconds - b.firstSeconds || a.id - b.id)
    : fitting.toSorted((a, b) => Number(isDecided(a)) - Number(isDecided(b)) || a.confidence - b.confidence || a.id - b.id);
  listings.set(reads, { reads, order, filter, found });
  return found;
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
      return state.mode === "merge" ? only(state) : only(look({ ...state, current: action.read }));
    case "go":
      return only(go(state, action.step));
    case "least certain":
      return only(leastCertain(state));
    case "next sampled":
      return only(nextSampled(state));
    case "details":
      return only({ ...state, reads: state.reads.map((read) => withDetail(read, action.details.get(read.id))) });
    case "news":
      return only(afterNews(state, withNews(state, action.news)));
    case "bulk":
      return only({ ...state, done: [...state.done, { reads: [], clientKey: action.key }] });
    case "merge":
      return only(currentRead(state) === null ? state : { ...look(state), mode: "merge" });
    case "merge with":
      return state.mode === "merge" ? merge(state, action.other, action.key) : only(state);
    case "split":
      return only(beginSplit(state, action.seconds));
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
      return only(isWriting(state.mode) ? { ...state, field: type(state.field, action.action) } : state);
    case "enter":
      if (state.mode === "split") return split(state, action.key);
      return state.mode === "add" ? addMissed(state, action.key) : enter(state, action.key);
    case "reason":
      return state.mode === "reject" ? reject(state, action.reason, action.key) : only(state);
    case "undo":
      return undo(state, action);
  }
}

/** A fresh list from the server keeps the place of the person who works on it, what was loaded, and
 * what the server cannot know yet. */
function load(state: Review, { reads, alphabet, busy = new Set() }: Extract<ReviewAction, { do: "reads" }>): Review {
  const known = new Map(state.reads.map((read) => [read.id, read]));
  const listedNow = new Set(reads.map((read) => read.id));
  const fresh = reads.filter((read) => known.has(read.id) || !busy.has(read.id)).map((read) => {
    const was = known.get(read.id);
    return was && busy.has(read.id) ? was : withDetail(read, was?.detail ?? undefined);
  });
  const added = state.reads.filter((read) => busy.has(read.id) && !listedNow.has(read.id));
  const loaded = { ...state, reads: [...fresh, ...added], alphabet };
  if (currentRead(loaded) !== null) return loaded;
  const first = listed(loaded).find((read) => !isDecided(read)) ?? listed(loaded)[0];
  return look({ ...loaded, current: first?.id ?? null });
}

/** Where the read on screen is gone, what was begun with it is not for the next one. */
function afterNews(was: Review, now: Review): Review {
  if (now.current === was.current || was.mode === "draw" || was.mode === "add") return now;
  const [before, after] = [currentRead(was), currentRead(now)];
  if (before === null || after === null) return look(now);
  const renamed = before.missed !== null && after.missed !== null && after.firstSeconds === before.firstSeconds;
  return renamed ? now : look(now);
}

const look = (state: Review): Review => ({ ...state, mode: "look", drawn: null, parting: null, field: written("") });

/** Whether the keyboard writes a text. */
export const isWriting = (mode: Review["mode"]): boolean => mode === "edit" || mode === "add" || mode === "split";

/** One that the run read, not a vehicle that a person added. */
const isTrack = (read: Read | null): read is Read => read !== null && read.missed === null;

const withDetail = (read: Read, detail: Detail | undefined): Read => (detail === undefined ? read : { ...read, detail });

function told(state: Review, id: number, revision: number): Review {
  const reads = state.reads.map((read) => (read.id === id && read.passage ? { ...read, passage: { ...read.passage, revision } } : read));
  return { ...state, reads };
}

/** A vehicle that a person saw and the run did not. */
export function missedRead(id: number, missed: string, boxes: readonly BoxPoint[], passage: Passage): Read {
  const [first, last] = [boxes[0]?.[0] ?? 0, boxes.at(-1)?.[0] ?? 0];
  return {
    id, number: 0, firstSeconds: first, lastSeconds: last, text: "", confidence: 1, characters: [], votes: 0, direction: "", seenAt: null, sampled: false, double: false, unfounded: false,
    picture: null, bestSeconds: bestMoment(boxes) ?? first, detail: { crops: [], boxes, alternatives: [] }, passage, missed,
  };
}

function addMissed(state: Review, key: string): Step {
  const text = textOf(state.field);
  if (text === "" || state.drawn === null) return only(state);
  const id = Math.min(0, ...state.reads.map((read) => read.id)) - 1;
  const { seconds, box } = state.drawn;
  const passage: Passage = { status: "corrected", text, reason: "", revision: 0, unseen: false };
  const reads = [...state.reads, missedRead(id, key, [[seconds, ...box]], passage)];
  const done = [...state.done, { reads: [{ id, before: null, double: false }], clientKey: key }];
  return [look({ ...state, reads, done }), [{ kind: "add", read: id, drawn: state.drawn, text, clientKey: key }]];
}

function go(state: Review, step: 1 | -1): Review {
  const order = listed(state);
  const at = order.findIndex((read) => read.id === state.current);
  const next = at === -1 ? order[0] : order[at + step];
  return next === undefined ? state : look({ ...state, current: next.id });
}

/** Asked again without a decision, the next less certain one. */
function leastCertain(state: Review): Review {
  const open = state.reads.filter((read) => !isDecided(read)).toSorted((a, b) => a.confidence - b.confidence || a.id - b.id);
  const at = state.doubted === state.current ? open.findIndex((read) => read.id === state.current) : -1;
  const next = [...open.slice(at + 1), ...open.slice(0, at + 1)].find((read) => read.id !== state.current);
  return next === undefined ? state : { ...look({ ...state, current: next.id }), doubted: next.id };
}

function nextSampled(state: Review): Review {
  const place = listed(state);
  const at = place.findIndex((read) => read.id === state.current);
  const turned = [...place.slice(at + 1), ...place.slice(0, Math.max(at, 0))];
  const next = turned.find((read) => read.sampled && (!isDecided(read) || read.passage?.unseen));
  return next === undefined ? state : look({ ...state, current: next.id });
}

function edit(state: Review): Review {
  const read = currentRead(state);
  return read === null ? state : { ...state, mode: "edit", field: fieldOf(read) };
}

/** As it was read, with what else was seen; as a person wrote it, without. */
function fieldOf(read: Read): Field {
  const text = shownText(read);
  if (text !== read.text) return written(text);
  return suggested({ text, confidences: read.characters, alternatives: read.detail?.alternatives ?? [] });
}

function beginSplit(state: Review, seconds: number): Review {
  const read = currentRead(state);
  if (!isTrack(read) || seconds <= read.firstSeconds || seconds > read.lastSeconds) return state;
  return { ...look(state), mode: "split", parting: { seconds, first: null }, field: written(halves(read, seconds)[0]) };
}

/** Enter says what the first vehicle reads, Enter again the second. */
function split(state: Review, key: string): Step {
  const read = currentRead(state);
  const text = textOf(state.field);
  if (read === null || state.parting === null || text === "") return only(state);
  const { seconds, first } = state.parting;
  if (first === null) return only({ ...state, parting: { seconds, first: text }, field: written(halves(read, seconds)[1]) });
  const revision = read.passage?.revision ?? 0;
  const own = text === read.text ? text : first;
  const passage: Passage = { status: own === read.text ? "accepted" : "corrected", text: own, reason: "", revision, unseen: false };
  return settle(state, read, passage, { kind: "split", read: read.id, seconds, texts: [first, text], revision, clientKey: key });
}

/** The text that a person confirmed, else the surer one. */
function merge(state: Review, otherId: number, key: string): Step {
  const [chosen, named] = [currentRead(state), state.reads.find((one) => one.id === otherId) ?? null];
  // An added vehicle becomes one with a track, and leaves the list.
  const [read, other] = chosen?.missed === null ? [chosen, named] : [named, chosen];
  if (!isTrack(read) || other === null || read.id === other.id) return only(state);
  const [surer, second] = rank(read) >= rank(other) ? [read, other] : [other, read];
  const text = shownText(surer) || shownText(second);
  if (text === "") return only(state);
  const of = (one: Read): number => one.passage?.revision ?? 0;
  const passage = (one: Read): Passage => ({ status: text === one.text ? "accepted" : "corrected", text, reason: "", revision: of(one), unseen: false });
  const place = listed(state);
  const merged = (one: Read): Read => (one.id === read.id || one.id === other.id ? { ...one, passage: passage(one), double: one.id === second.id && other.missed === null } : one);
  const before = [read, other].filter(isTrack).map(({ id, passage: was, double }) => ({ id, before: was, double }));
  const gone = other.missed === null ? [] : [other];
  const done = [...state.done, { reads: before, gone, clientKey: key }];
  const order: Order = { kind: "merge", read: read.id, other: other.id, missed: other.missed, text, revision: of(read), otherRevision: of(other), clientKey: key };
  const reads = state.reads.filter((one) => !gone.includes(one)).map(merged);
  const next = onward(look({ ...state, reads, done }), place);
  return [next.current === other.id && other.missed !== null ? { ...next, current: read.id } : next, [order]];
}

const rank = (read: Read): number => read.confidence + Number(isDecided(read) && read.passage?.status !== "rejected");

function enter(state: Review, key: string): Step {
  const read = currentRead(state);
  if (read === null) return only(state);
  const text = state.mode === "edit" ? textOf(state.field) : shownText(read);
  if (text === "") return only(state);
  const status: Decision = text === read.text ? "accepted" : "corrected";
  const same = isDecided(read) && !read.passage?.unseen && read.passage?.text === text && (read.missed !== null || read.passage.status === status);
  if (same) return only(onward(look(state)));
  const revision = read.passage?.revision ?? 0;
  if (read.missed !== null) return settle(state, read, { status, text, reason: "", revision, unseen: false }, { kind: "change", read: read.id, missed: read.missed, text, revision, clientKey: key });
  return settle(state, read, { status, text, reason: "", revision, unseen: false }, { kind: "accept", read: read.id, text, revision, clientKey: key });
}

function reject(state: Review, reason: Reason, key: string): Step {
  const read = currentRead(state);
  if (read === null) return only(state);
  const revision = read.passage?.revision ?? 0;
  if (read.missed !== null) return remove(state, read, { kind: "remove", read: read.id, missed: read.missed, revision, clientKey: key });
  return settle(state, read, { status: "rejected", text: "", reason, revision, unseen: false }, { kind: "reject", read: read.id, reason, revision, clientKey: key });
}

/** An added vehicle was none: it leaves the list. */
function remove(state: Review, read: Read, order: Order): Step {
  const place = listed(state);
  const next = onward(look({ ...state, reads: state.reads.filter((one) => one.id !== read.id) }), place);
  const current = next.current === read.id ? (next.reads[0]?.id ?? null) : next.current;
  const done = [...state.done, { reads: [], gone: [read], clientKey: order.clientKey }];
  return [{ ...next, current, done }, [order]];
}

function settle(state: Review, read: Read, passage: Passage, order: Order): Step {
  const place = listed(state);
  const reads = state.reads.map((one) => (one.id === read.id ? { ...one, passage } : one));
  const done = [...state.done, { reads: [{ id: read.id, before: read.passage, double: read.double }], clientKey: order.clientKey }];
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

function undo(state: Review, { sent, key }: Extract<ReviewAction, { do: "undo" }>): Step {
  const last = state.done.at(-1);
  if (last === undefined) return only(state);
  const were = new Map(last.reads.map((one) => [one.id, one]));
  const before = state.reads.map((read): Read => {
    const was = were.get(read.id);
    return was === undefined ? read : { ...read, passage: was.before, double: was.double };
  });
  const there = new Set(before.map((read) => read.id));
  const returned = (last.gone ?? []).filter((read) => !there.has(read.id));
  const reads = [...before.filter((read) => read.missed === null || read.passage !== null), ...returned];
  const first = [...last.reads, ...returned].find(({ id }) => reads.some((read) => read.id === id))?.id;
  const back = look({ ...state, reads, current: first ?? state.current, done: state.done.slice(0, -1) });
  const current = reads.some((read) => read.id === back.current) ? back.current : (reads[0]?.id ?? null);
  return [{ ...back, current }, sent ? [{ kind: "undo", read: first ?? 0, undone: last.clientKey, clientKey: key }] : []];
}

/** The moment at which the plate is best seen: where its box is largest. */
export function bestMoment(boxes: readonly BoxPoint[]): number | null {
  const area = ([, x1, y1, x2, y2]: BoxPoint): number => (x2 - x1) * (y2 - y1);
  return boxes.reduce<BoxPoint | null>((best, point) => (best === null || area(point) > area(best) ? point : best), null)?.[0] ?? null;
}

/** Where the plate is at this moment, between the two nearest points; null when it is not in sight. */
export function boxAt(read: Read, seconds: number, slack = 0.1): readonly [number, number, number, number] | null {
  const boxes = read.detail?.boxes ?? [];
  const first = boxes[0];
  const last = boxes.at(-1);
  if (first === undefined || last === undefined) return null;
  if (seconds < first[0] - slack || seconds > last[0] + slack) return null;
  const after = boxes.find((point) => point[0] >= seconds) ?? last;
  const before = boxes.findLast((point) => point[0] <= seconds) ?? first;
  const span = after[0] - before[0];
  const share = span > 0 ? (seconds - before[0]) / span : 0;
  const mix = (low: number, high: number): number => low + (high - low) * share;
  return [mix(before[1], after[1]), mix(before[2], after[2]), mix(before[3], after[3]), mix(before[4], after[4])];
}
