/** Frames and boxes between the server's words and the editor's. */

import type { components } from "../api/schema";
import type { Entry, Known, NewEntry, Outcome, Sender } from "../saving/queue";
import { ask, deliver } from "../saving/request";
import { type SuggestionJson, toSuggestion } from "../transcribe/wire";
import type { Suggestion } from "../transcribe/session";
import { registerSenders } from "../saving/useSaving";
import type { Change } from "./changes";
import type { Between, EditorBox, Proposed } from "./editor";
import { translator } from "../shared/text";
import { type Rect, sameRect } from "./geometry";
import { texts } from "./texts";

type FrameJson = components["schemas"]["Frame"];
type FrameDetailJson = components["schemas"]["FrameDetail"];
type BoxJson = components["schemas"]["Box"];
type BoxChangeJson = components["schemas"]["BoxChange"];

export type FrameStatus = "open" | "done" | "nothing_here";

export interface LoadedFrame {
  readonly id: number;
  readonly seconds: number | null;
  readonly status: FrameStatus;
  readonly name: string;
  readonly video: number | null;
  readonly width: number;
  readonly height: number;
  readonly picture: string;
  readonly previous: number | null;
  readonly next: number | null;
  readonly nextOpen: number | null;
  readonly boxes: readonly EditorBox[];
  /** What a detector proposes; null where none has looked yet. */
  readonly suggestions: readonly Proposed[] | null;
  /** What a recognizer reads on plates that nobody has read, by the key of the box. */
  readonly read: ReadonlyMap<string, Suggestion>;
  /** What the server knows of each box, by its key. */
  readonly known: ReadonlyMap<string, Known>;
  /** When it was asked for; what was done here later is newer. */
  readonly asked: number;
}

// A box that was made here keeps its first key, so that a frame that is read again is the same to
// the steps that can be undone.
const names = new Map<number, string>();
const ids = new Map<string, number>();

function named(id: number, key: string): void {
  names.set(id, key);
  ids.set(key, id);
}

const keyOf = (id: number): string => names.get(id) ?? `b${id}`;

/** The server's id of a box; null where it has not said it yet. */
export const idOf = (key: string): number | null => ids.get(key) ?? (/^b\d+$/u.test(key) ? Number(key.slice(1)) : null);

export function toBox(json: BoxJson): EditorBox {
  return {
    key: keyOf(json.id),
    label: json.label,
    x1: json.x1,
    y1: json.y1,
    x2: json.x2,
    y2: json.y2,
    source: json.source ?? "person",
    confidence: json.confidence ?? null,
    text: json.crop?.text ?? "",
    status: json.crop?.status ?? "",
    car: json.car == null ? null : keyOf(json.car),
  };
}

/** `search`: what is looked for, as in the address; next and previous are among it then. */
export async function loadFrame(id: number, search: string): Promise<LoadedFrame> {
  const asked = Date.now();
  const json = await ask<FrameDetailJson>("GET", `frames/${id}/${search}`);
  return {
    id: json.id,
    seconds: json.seconds,
    status: json.status ?? "open",
    name: json.name,
    video: json.video,
    width: json.width,
    height: json.height,
    picture: json.picture,
    previous: json.previous,
    next: json.next,
    nextOpen: json.next_open,
    boxes: json.boxes.map(toBox),
    suggestions: json.suggestions?.map(({ model_name: _, ...box }) => box) ?? null,
    read: new Map(json.boxes.flatMap(({ id, crop }) => {
      const suggestion = crop?.suggestion as SuggestionJson | null | undefined;
      return suggestion ? [[keyOf(id), toSuggestion(suggestion)] as const] : [];
    })),
    known: new Map(json.boxes.map((box) => [keyOf(box.id), { id: box.id, revision: box.revision ?? 1 }])),
    asked,
  };
}

/** Has the detector look at this frame and the next ones; true when it is about to. */
export async function askForBoxes(frame: number): Promise<boolean> {
  return (await ask<unknown>("POST", "box-suggestions/", { frame })) !== null;
}

interface Page<T> {
  readonly results: readonly T[];
}

/** The frame to begin with: the first that needs somebody, else the first; null where there are none. */
export async function firstFrame(project: number, search: string): Promise<number | null> {
  const where = new URLSearchParams(search);
  where.set("project", String(project));
  where.set("limit", "1");
  const asked = where.has("status");
  if (!asked) where.set("status", "open");
  const open = await ask<Page<FrameJson>>("GET", `frames/?${where}`);
  if (open.results[0] || asked) return open.results[0]?.id ?? null;
  where.delete("status");
  const any = await ask<Page<FrameJson>>("GET", `frames/?${where}`);
  return any.results[0]?.id ?? null;
}

export async function firstOpen(project: number): Promise<number | null> {
  const open = await ask<Page<FrameJson>>("GET", `frames/?project=${project}&status=open&limit=1`);
  return open.results[0]?.id ?? null;
}

// The queue's entries. A box made here has no id before the server has answered, so entries name
// its key; what the server said about it is looked up when they are sent.

const rectOf = ({ x1, y1, x2, y2 }: Rect): Rect => ({ x1, y1, x2, y2 });

/** A proposal that was accepted says whose it was. */
const madeBy = ({ kind, box }: Exclude<Change, { kind: "delete" }>): object =>
  kind === "create" && box.source === "model" && box.proposal !== undefined
    ? { source: box.source, confidence: box.confidence, suggestion: box.proposal }
    : {};

export function entryOf(change: Change, frame: LoadedFrame, title: string): NewEntry {
  const key = change.kind === "delete" ? change.key : change.box.key;
  const base = frame.known.get(key) ?? null;
  const body = change.kind === "delete" ? {} : { label: change.box.label, car: change.box.car, ...rectOf(change.box), ...madeBy(change) };
  return {
    kind: `box.${change.kind}`,
    clientKey: crypto.randomUUID(),
    subject: `box:${frame.id}:${key}`,
    title,
    body: { frame: frame.id, base, ...body },
  };
}

export function markEntry(frame: number, status: FrameStatus, title: string): NewEntry {
  return { kind: "frame.mark", clientKey: crypto.randomUUID(), subject: `frame:${frame}`, title, body: { frame, status } };
}

/** A proposal is rejected, or offered again because that was undone. */
export function proposalEntry(kind: "reject" | "offer", frame: number, id: number, title: string): NewEntry {
  return { kind: `suggestion.${kind}`, clientKey: crypto.randomUUID(), subject: `suggestion:${id}`, title, body: { frame, id } };
}

/** The frames between get boxes, or lose them because that was undone. */
export function betweenEntry(kind: "draw" | "undo", frame: number, { key, boxes }: Between, title: string): NewEntry {
  return { kind: `between.${kind}`, clientKey: crypto.randomUUID(), subject: `between:${key}`, title, body: { frame, key, boxes } };
}

interface Reading {
  readonly text: string;
  readonly status: string;
}

/** What a person read on a plate: a text, how long it took, and what became of the suggestion that was shown. */
export interface Said extends Reading {
  readonly seconds: number;
  readonly suggestion: number | null;
  readonly suggestion_outcome: string;
}

/** With what stood there when it was typed. */
export function textEntry(frame: number, { key, text, status }: EditorBox, said: Said, title: string): NewEntry {
  return {
    kind: "box.text",
    clientKey: crypto.randomUUID(),
    subject: `text:${frame}:${key}`,
    title,
    body: { frame, box: key, seen: { text, status }, ...said },
  };
}

export interface BoxChange {
  readonly id: number;
  readonly by: string;
  readonly at: string;
  readonly action: string;
  readonly before: BoxState;
  readonly after: BoxState;
}

/** As the history has it; empty before it was made and after it was deleted. */
export interface BoxState {
  readonly xyxy?: readonly number[];
  readonly label?: string;
  readonly ignore?: boolean;
  readonly car?: number | null;
}

export async function boxHistory(id: number): Promise<readonly BoxChange[]> {
  const rows = await ask<readonly BoxChangeJson[]>("GET", `boxes/${id}/changes/`);
  return rows.map((row) => ({ ...row, before: row.before as BoxState, after: row.after as BoxState }));
}

const toldOf = (entry: Entry) => (answer: unknown): Known => {
  const box = answer as BoxJson;
  const key = entry.subject.split(":")[2];
  if (key !== undefined) named(box.id, key);
  return { id: box.id, revision: box.revision ?? 1 };
};

type Look = Parameters<Sender>[2];

/** The server's id of another box of the entry's frame; boxes are made before they are named. */
async function idOn(frame: unknown, key: unknown, look: Look): Promise<number | null> {
  if (typeof key !== "string") return null;
  return (await look(`box:${Number(frame)}:${key}`))?.id ?? idOf(key);
}

/** Our own answers raise the revision; of two the newer counts. */
function newest(entry: Entry, known: Known | null): Known | null {
  const base = entry.body.base as Known | null;
  if (base === null || known === null) return known ?? base;
  return known.id === base.id && known.revision < base.revision ? base : known;
}

async function shape({ body }: Entry, look: Look): Promise<Record<string, unknown>> {
  const { base: _, frame, revision: __, car, ...rest } = body;
  return { ...rest, car: await idOn(frame, car, look) };
}

const create: Sender = async (entry, known, look) => {
  if (known !== null) return bringBack(entry, known, look);
  const body = { ...(await shape(entry, look)), frame: entry.body.frame, client_key: entry.clientKey };
  return deliver("POST", "boxes/", { body, learn: toldOf(entry) });
};

/** It was deleted and the deletion undone: its texts come back with it. Somebody may have had it back before, and moved it. */
async function bringBack(entry: Entry, { id }: Known, look: Look): Promise<Outcome> {
  const back = await deliver("POST", `boxes/${id}/restore/`, { learn: toldOf(entry) });
  if (back.kind !== "saved") return back;
  const { label, x1, y1, x2, y2, revision } = back.answer as BoxJson;
  const mine = entry.body as unknown as EditorBox;
  if (label === mine.label && sameRect({ x1, y1, x2, y2 }, mine)) return back;
  if (entry.body.revision === undefined) return { kind: "conflict", message: "", current: { xyxy: [x1, y1, x2, y2], label, revision } };
  const { suggestion: _, source: __, confidence: ___, ...body } = await shape(entry, look);
  return deliver("PATCH", `boxes/${id}/`, { body: { ...body, revision }, learn: toldOf(entry) });
}

/** The server did not accept it when it was drawn. */
const noBox = (): Outcome => ({ kind: "refused", message: translator(texts)("no_box") });

const change: Sender = async (entry, known, look) => {
  const at = newest(entry, known);
  if (at === null) return noBox();
  const body = await shape(entry, look);
  const send = (revision: number): Promise<Outcome> =>
    deliver("PATCH", `boxes/${at.id}/`, { body: { ...body, revision }, learn: toldOf(entry) });
  const outcome = await send(at.revision);
  if (outcome.kind !== "conflict") return outcome;
  const current = outcome.current as BoxNow | null;
  if (arrivedBefore(body, current)) return { kind: "saved", known: { id: at.id, revision: current?.revision ?? 1 }, answer: null };
  // Whoever insists on a box that somebody deleted has it back first.
  if (entry.body.revision === undefined || !current?.deleted) return outcome;
  const back = await deliver("POST", `boxes/${at.id}/restore/`, { learn: toldOf(entry) });
  return back.kind === "saved" && back.known ? send(back.known.revision) : back;
};

interface BoxNow {
  readonly xyxy?: readonly number[];
  readonly label?: string;
  readonly car?: number | null;
  readonly revision?: number;
  readonly deleted?: boolean;
}

/** The answer to an earlier try was lost: the box is already as we wanted it. */
function arrivedBefore(body: Readonly<Record<string, unknown>>, current: BoxNow | null): boolean {
  const mine = [body.x1, body.y1, body.x2, body.y2];
  return !current?.deleted && current?.label === body.label && current?.car === body.car
    && mine.every((value, at) => value === current?.xyxy?.[at]);
}

const remove: Sender = async (entry, known) => {
  const at = newest(entry, known);
  if (at === null) return { kind: "saved", known: null, answer: null };
  const outcome = await deliver("DELETE", `boxes/${at.id}/?revision=${at.revision}`, {});
  const gone = isMissing(outcome) || (outcome.kind === "conflict" && (outcome.current as BoxNow | null)?.deleted === true);
  return outcome.kind === "saved" || gone ? { kind: "saved", known: at, answer: null } : outcome;
};

/** Gone already is what was asked for. */
const isMissing = (outcome: Outcome): boolean => outcome.kind === "refused" && outcome.missing === true;

/**
 * The crop's revision moves with the box, so the text is what is compared: somebody else's, newer
 * than the one that was seen, is a conflict.
 */
const write: Sender = async ({ clientKey, body: { frame, box, seen, text, status, seconds, suggestion, suggestion_outcome, revision } }, _, look) => {
  const id = await idOn(frame, box, look);
  if (id === null) return noBox();
  const asked = await deliver("GET", `boxes/${id}/`, {});
  if (asked.kind !== "saved") return asked;
  const { crop } = asked.answer as BoxJson;
  if (crop === null) return { kind: "refused", message: translator(texts)("not_a_plate") };
  const before = seen as Reading;
  const same = (one: Reading): boolean => crop.text === one.text && crop.status === one.status;
  const mine = { text: String(text), status: String(status) };
  if (revision === undefined && !same(before) && !same(mine)) return { kind: "conflict", message: "", current: crop };
  return deliver("POST", `crops/${crop.id}/transcriptions/`, {
    body: { ...mine, seconds, suggestion, suggestion_outcome, revision: revision ?? crop.revision, client_key: clientKey },
  });
};

/** Somebody may have drawn where nothing was: there is no choice of two then, only a look again. */
const mark: Sender = async (entry) => {
  const outcome = await deliver("PATCH", `frames/${Number(entry.body.frame)}/`, { body: { status: entry.body.status } });
  return outcome.kind === "conflict" ? { kind: "refused", message: outcome.message } : outcome;
};

/** Gone already, or replaced by another detector's: nothing is left to reject or to offer. */
const goneIsDone = (outcome: Outcome): Outcome => (isMissing(outcome) ? { kind: "saved", known: null, answer: null } : outcome);

const reject: Sender = async (entry) => goneIsDone(await deliver("DELETE", `box-suggestions/${Number(entry.body.id)}/`, {}));
const offer: Sender = async (entry) => goneIsDone(await deliver("POST", `box-suggestions/${Number(entry.body.id)}/offer/`, {}));

const between = (path: string): Sender => async ({ body }, _, look) => {
  const found = await Promise.all((body.boxes as readonly string[]).map((key) => idOn(body.frame, key, look)));
  const boxes = found.filter((id) => id !== null);
  if (boxes.length === 0) return { kind: "saved", known: null, answer: { boxes: 0, frames: 0 } };
  return deliver("POST", `frames/${Number(body.frame)}/${path}`, { body: { boxes, client_key: body.key } });
};

export const boxSenders: Readonly<Record<string, Sender>> = {
  "box.create": create,
  "box.change": change,
  "box.delete": remove,
  "box.text": write,
  "between.draw": between("interpolate/"),
  "between.undo": between("interpolate/undo/"),
  "suggestion.reject": reject,
  "suggestion.offer": offer,
  "frame.mark": mark,
};

registerSenders(boxSenders);
