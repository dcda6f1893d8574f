/** Frames and boxes between the server's words and the editor's. */

import type { components } from "../api/schema";
import type { Entry, Known, NewEntry, Outcome, Sender } from "../saving/queue";
import { ask, deliver } from "../saving/request";
import { registerSenders } from "../saving/useSaving";
import type { Change, EditorBox, Proposed } from "./editor";
import type { Rect } from "./geometry";

type FrameJson = components["schemas"]["Frame"];
type FrameDetailJson = components["schemas"]["FrameDetail"];
type BoxJson = components["schemas"]["Box"];

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
  /** What the server knows of each box, by its key. */
  readonly known: ReadonlyMap<string, Known>;
  /** When it was asked for; what was done here later is newer. */
  readonly asked: number;
}

export function toBox(json: BoxJson): EditorBox {
  return {
    key: `b${json.id}`,
    label: json.label,
    x1: json.x1,
    y1: json.y1,
    x2: json.x2,
    y2: json.y2,
    source: json.source ?? "person",
    confidence: json.confidence ?? null,
    text: json.crop?.text ?? "",
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
    known: new Map(json.boxes.map((box) => [`b${box.id}`, { id: box.id, revision: box.revision ?? 1 }])),
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
  kind === "create" && box.source === "model" ? { source: box.source, confidence: box.confidence } : {};

export function entryOf(change: Change, frame: LoadedFrame, title: string): NewEntry {
  const key = change.kind === "delete" ? change.key : change.box.key;
  const base = frame.known.get(key) ?? null;
  const body = change.kind === "delete" ? {} : { label: change.box.label, ...rectOf(change.box), ...madeBy(change) };
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

export function rejectEntry(frame: number, id: number, title: string): NewEntry {
  return { kind: "suggestion.reject", clientKey: crypto.randomUUID(), subject: `suggestion:${id}`, title, body: { frame, id } };
}

const told = (answer: unknown): Known => {
  const box = answer as BoxJson;
  return { id: box.id, revision: box.revision ?? 1 };
};

/** Our own answers raise the revision; of two the newer counts. */
function newest(entry: Entry, known: Known | null): Known | null {
  const base = entry.body.base as Known | null;
  if (base === null || known === null) return known ?? base;
  return known.id === base.id && known.revision < base.revision ? base : known;
}

function shape({ body }: Entry): Record<string, unknown> {
  const { base: _, frame: __, revision: ___, ...rest } = body;
  return rest;
}

const create: Sender = (entry, known) => {
  // Known already: it was deleted and the deletion undone. Its texts come back with it.
  if (known !== null) return deliver("POST", `boxes/${known.id}/restore/`, { learn: told });
  const body = { ...shape(entry), frame: entry.body.frame, client_key: entry.clientKey };
  return deliver("POST", "boxes/", { body, learn: told });
};

const change: Sender = async (entry, known) => {
  const at = newest(entry, known);
  if (at === null) return { kind: "refused", message: "" };
  const outcome = await deliver("PATCH", `boxes/${at.id}/`, { body: { ...shape(entry), revision: at.revision }, learn: told });
  return outcome.kind === "conflict" ? arrivedBefore(entry, outcome) : outcome;
};

/** The answer to an earlier try was lost: the box is already as we wanted it. */
function arrivedBefore(entry: Entry, outcome: Extract<Outcome, { kind: "conflict" }>): Outcome {
  const current = outcome.current as { xyxy?: number[]; label?: string; revision?: number } | null;
  const mine = [entry.body.x1, entry.body.y1, entry.body.x2, entry.body.y2];
  const same = current?.label === entry.body.label && mine.every((value, at) => value === current?.xyxy?.[at]);
  if (!same) return outcome;
  const id = (entry.body.base as Known | null)?.id ?? 0;
  return { kind: "saved", known: { id, revision: current?.revision ?? 1 }, answer: null };
}

const remove: Sender = async (entry, known) => {
  const at = newest(entry, known);
  if (at === null) return { kind: "saved", known: null, answer: null };
  const outcome = await deliver("DELETE", `boxes/${at.id}/?revision=${at.revision}`, {});
  // Gone already is what was asked for.
  if (outcome.kind === "refused" || outcome.kind === "saved") return { kind: "saved", known: at, answer: null };
  return outcome;
};

const mark: Sender = (entry) =>
  deliver("PATCH", `frames/${Number(entry.body.frame)}/`, { body: { status: entry.body.status } });

const reject: Sender = async (entry) => {
  const outcome = await deliver("DELETE", `box-suggestions/${Number(entry.body.id)}/`, {});
  // Gone already, or replaced by another detector's: nothing is left to reject.
  return outcome.kind === "refused" ? { kind: "saved", known: null, answer: null } : outcome;
};

registerSenders({ "suggestion.reject": reject, "box.create": create, "box.change": change, "box.delete": remove, "frame.mark": mark });
