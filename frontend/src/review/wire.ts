/** Runs and reads between the server's words and ours. */

import type { Entry, Known, NewEntry, Outcome, Sender } from "../saving/queue";
import { ask, deliver } from "../saving/request";
import { registerSenders } from "../saving/useSaving";
import type { Job } from "../api/types";
import type { Choice } from "../transcribe/field";
import type { News } from "./news";
import { type BoxPoint, type Detail, type Order, type Passage, type Read, isDirection, isReason, missedRead } from "./review";
import type { Span } from "./spans";

interface PassageJson {
  readonly id: number;
  readonly status: Passage["status"];
  readonly text: string;
  readonly reject_reason: string;
  readonly revision: number;
  readonly unseen: boolean;
}

interface PassageDetailJson extends PassageJson {
  readonly boxes: readonly (readonly number[])[];
}

interface LineJson {
  readonly id: number;
  readonly number: number;
  readonly first_seconds: number;
  readonly last_seconds: number;
  readonly text: string;
  readonly confidence: number;
  readonly characters: readonly number[];
  readonly votes: number;
  readonly direction: string;
  readonly seen_at: string | null;
  readonly outcome: string;
  readonly sampled: boolean;
  readonly picture: string | null;
  readonly best_seconds: number | null;
  readonly passage: PassageJson | null;
}

interface DetailJson {
  readonly id: number;
  readonly boxes: readonly (readonly number[])[];
  readonly crops: readonly { id: number; picture: string; seconds: number; text: string; confidence: number; width: number }[];
  readonly alternatives: readonly (readonly [string, number] | readonly [])[];
}

interface NewsJson {
  readonly last: number;
  readonly all: boolean;
  readonly lines: readonly LineJson[];
  readonly missed: readonly PassageDetailJson[];
  readonly stretches: readonly (readonly [number, number])[];
}

/** What accepting all reads of at least this confidence unseen would mean. */
export interface SureOffer {
  readonly threshold: number;
  readonly sample: number;
  readonly reviewed: number;
  readonly wrong: number;
  readonly open: number;
  readonly at_most: number;
  readonly ready: boolean;
}

export interface Run {
  readonly id: number;
  readonly video: number;
  readonly video_name: string;
  readonly detector_name: string;
  readonly recognizer_name: string;
  readonly score: Readonly<Record<string, number>>;
  readonly job: Job | null;
}

export interface VideoFacts {
  readonly width: number;
  readonly height: number;
  readonly rotation: number;
  readonly fps: number | null;
  readonly duration: number | null;
  readonly preview: string | null;
}

export const loadRun = (id: number): Promise<Run> => ask<Run>("GET", `inference-runs/${id}/`);
export const loadVideo = (id: number): Promise<VideoFacts> => ask<VideoFacts>("GET", `videos/${id}/`);

async function whole<T>(list: string, query: string): Promise<readonly T[]> {
  const found: T[] = [];
  let path: string | null = `${list}/?${query}&limit=1000`;
  while (path !== null) {
    const page: { results: readonly T[]; next?: string | null } = await ask("GET", path);
    found.push(...page.results);
    path = page.next ? `${list}/${new URL(page.next, location.href).search}` : null;
  }
  return found;
}

export interface Listed {
  readonly reads: readonly Read[];
  /** The change up to which it is complete. */
  readonly last: number;
}

/** The reads of a run, and the vehicles of its video that it missed. */
export async function loadReads(run: number, video: number): Promise<Listed> {
  const { last } = await ask<NewsJson>("GET", `inference-runs/${run}/news/`);
  const [lines, missed] = await Promise.all([
    whole<LineJson>("reads/lines", `run=${run}`),
    whole<PassageDetailJson>("passages", `video=${video}&missed_by=${run}`),
  ]);
  return { reads: [...lines.map(toRead), ...missed.map(toMissed)], last };
}

/** What changed since, and the reads after this one; null when that is so much that the list is better loaded again. */
export async function loadNews(run: number, since: number, after: number): Promise<{ readonly last: number; readonly news: Omit<News, "busy"> | null }> {
  const json = await ask<NewsJson>("GET", `inference-runs/${run}/news/?since=${since}&after=${after}`);
  return { last: json.last, news: json.all ? null : { lines: json.lines.map(toRead), missed: json.missed.map(toMissed), stretches: json.stretches } };
}

export async function loadDetails(ids: readonly number[]): Promise<ReadonlyMap<number, Detail>> {
  const page = await ask<{ results: readonly DetailJson[] }>("GET", `reads/?ids=${ids.join(",")}`);
  return new Map(page.results.map((json) => [json.id, toDetail(json)]));
}

export const loadOffers = (run: number): Promise<readonly SureOffer[]> => ask("GET", `inference-runs/${run}/sure/`);

/** The job that takes back many reads accepted unseen, where that was the answer. */
export const undoingIn = (answer: unknown): Job | null => {
  const job = answer as Job | null;
  return job?.task === "undo_sure" ? job : null;
};

export const acceptSure = (run: number, threshold: number, clientKey: string): Promise<Job> =>
  ask("POST", `inference-runs/${run}/accept-sure/`, { threshold, client_key: clientKey });

export async function loadSpans(video: number): Promise<readonly Span[]> {
  const found = await whole<{ first_seconds: number; last_seconds: number }>("checked-spans", `video=${video}`);
  return found.map((span) => [span.first_seconds, span.last_seconds]);
}

const points = (boxes: readonly (readonly number[])[]): BoxPoint[] =>
  boxes.flatMap(([at, x1, y1, x2, y2]): BoxPoint[] =>
    at === undefined || x1 === undefined || y1 === undefined || x2 === undefined || y2 === undefined ? [] : [[at, x1, y1, x2, y2]]);

const toPassage = (json: PassageJson): Passage =>
  ({ status: json.status, text: json.text, reason: isReason(json.reject_reason) ? json.reject_reason : "", revision: json.revision, unseen: json.unseen });

const toMissed = (json: PassageDetailJson): Read => missedRead(-json.id, `p${json.id}`, points(json.boxes), toPassage(json));

function toRead(json: LineJson): Read {
  const { passage } = json;
  return {
    id: json.id,
    number: json.number,
    firstSeconds: json.first_seconds,
    lastSeconds: json.last_seconds,
    text: json.text,
    confidence: json.confidence,
    characters: json.characters,
    votes: json.votes,
    direction: isDirection(json.direction) ? json.direction : "",
    seenAt: json.seen_at,
    sampled: json.sampled,
    double: json.outcome === "double",
    unfounded: json.outcome === "false" && passage === null,
    picture: json.picture,
    bestSeconds: json.best_seconds ?? json.first_seconds,
    detail: null,
    passage: passage && toPassage(passage),
    missed: null,
  };
}

const toDetail = (json: DetailJson): Detail => ({
  crops: json.crops,
  boxes: points(json.boxes),
  alternatives: json.alternatives.map(([text, confidence]): Choice[] => (text === undefined || confidence === undefined ? [] : [{ text, confidence }])),
});

/** A decision as the queue keeps it; saying the same twice is the same passage. */
export function decisionEntry(order: Order, { run, video, title }: { run: number; video: number; title: string }): NewEntry {
  const made = { clientKey: order.clientKey, title };
  switch (order.kind) {
    case "accept":
      return { ...made, kind: "read.accept", subject: `read:${order.read}`, body: { read: order.read, text: order.text, revision: order.revision } };
    case "reject":
      return { ...made, kind: "read.reject", subject: `read:${order.read}`, body: { read: order.read, reason: order.reason, revision: order.revision } };
    case "add":
      return { ...made, kind: "passage.add", subject: `passage:${order.clientKey}`, body: { read: order.read, video, text: order.text, boxes: [[order.drawn.seconds, ...order.drawn.box]] } };
    case "change":
      return { ...made, kind: "passage.change", subject: `passage:${order.missed}`, body: { read: order.read, text: order.text, revision: order.revision } };
    case "merge":
      return { ...made, kind: "read.merge", subject: `read:${order.read}`, body: { read: order.read, other: order.other, missed: order.missed, text: order.text, revision: order.revision, otherRevision: order.otherRevision } };
    case "split":
      return { ...made, kind: "read.split", subject: `read:${order.read}`, body: { read: order.read, seconds: order.seconds, texts: order.texts, revision: order.revision } };
    case "undo":
      return { ...made, kind: "read.undo", subject: `read:${order.read}`, body: { read: order.read, run, undone: order.undone } };
    case "remove":
      return { ...made, kind: "passage.remove", subject: `passage:${order.missed}`, body: { read: order.read, revision: order.revision } };
  }
}

export function spanEntry(video: number, [first, last]: Span, title: string): NewEntry {
  const clientKey = crypto.randomUUID();
  return { kind: "span.check", clientKey, subject: `span:${clientKey}`, title, body: { video, first_seconds: first, last_seconds: last } };
}

/** Our own earlier decision raised the revision; anybody else's is a conflict. */
const revisionOf = (entry: Entry, known: Known | null): number => Math.max(Number(entry.body.revision), known?.revision ?? 0);

/** The revision of a read's passage after a decision; none where the answer has no passage. */
export const revisionIn = (answer: unknown): number => {
  const json = answer as { passage?: PassageJson | null; revision?: number } | null;
  return json?.passage?.revision ?? json?.revision ?? 0;
};

const decided = (verb: string, what: string): Sender => (entry, known) => {
  const read = Number(entry.body.read);
  const body = { [what]: entry.body[what], revision: revisionOf(entry, known), client_key: entry.clientKey };
  return deliver("POST", `reads/${read}/${verb}/`, { body, learn: (answer) => ({ id: read, revision: revisionIn(answer) }) });
};

const told = (answer: unknown): Known => {
  const json = answer as PassageJson;
  return { id: json.id, revision: json.revision };
};

const add: Sender = ({ body: { video, text, boxes }, clientKey }) =>
  deliver("POST", "passages/", { body: { video, text, boxes, client_key: clientKey }, learn: told });

/** A passage from the server is called p12; one added here is known once its adding has arrived. */
function passageId(name: string, known: Known | null): number | null {
  return known?.id ?? (/^p\d+$/u.test(name) ? Number(name.slice(1)) : null);
}

const nameIn = (entry: Entry): string => entry.subject.replace("passage:", "");

const GONE: Outcome = { kind: "refused", message: "" };

const change: Sender = async (entry, known) => {
  const id = passageId(nameIn(entry), known);
  if (id === null) return GONE;
  return deliver("PATCH", `passages/${id}/`, { body: { text: entry.body.text, revision: revisionOf(entry, known), client_key: entry.clientKey }, learn: told });
};

const remove: Sender = async (entry, known) => {
  const id = passageId(nameIn(entry), known);
  if (id === null) return GONE;
  const outcome = await deliver("DELETE", `passages/${id}/?revision=${revisionOf(entry, known)}&client_key=${entry.clientKey}`, {});
  // Gone already is what was asked for.
  return outcome.kind === "refused" ? { kind: "saved", known: null, answer: null } : outcome;
};

const merge: Sender = async (entry, known, look) => {
  const { read, other, missed, text, otherRevision } = entry.body;
  const body = { text, revision: revisionOf(entry, known), other_revision: otherRevision, client_key: entry.clientKey };
  const send = (what: object): Promise<Outcome> =>
    deliver("POST", `reads/${Number(read)}/merge/`, { body: { ...body, ...what }, learn: (answer) => ({ id: Number(read), revision: revisionIn(answer) }) });
  if (typeof missed !== "string") return send({ other });
  const added = await look(`passage:${missed}`);
  const passage = passageId(missed, added);
  return passage === null ? GONE : send({ passage, other_revision: Math.max(Number(otherRevision), added?.revision ?? 0) });
};

const split: Sender = (entry, known) => {
  const { read, seconds, texts } = entry.body;
  const body = { seconds, texts, revision: revisionOf(entry, known), client_key: entry.clientKey };
  return deliver("POST", `reads/${Number(read)}/split/`, { body, learn: (answer) => ({ id: Number(read), revision: revisionIn(answer) }) });
};

/** What is learnt is how the read stands after it: 0 where nothing is decided any more, or a job is still at it. */
const undo: Sender = ({ body: { read, run, undone }, clientKey }) => {
  const learn = (answer: unknown): Known => ({ id: Number(read), revision: (answer as Partial<NewsJson>).lines?.find((line) => line.id === read)?.passage?.revision ?? 0 });
  return deliver("POST", `inference-runs/${Number(run)}/undo/`, { body: { undone, client_key: clientKey }, learn });
};

const check: Sender = ({ body }) => deliver("POST", "checked-spans/", { body });

registerSenders({
  "read.accept": decided("accept", "text"),
  "read.reject": decided("reject", "reason"),
  "read.merge": merge,
  "read.split": split,
  "read.undo": undo,
  "passage.add": add,
  "passage.change": change,
  "passage.remove": remove,
  "span.check": check,
});

