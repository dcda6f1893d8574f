/** Runs and reads between the server's words and ours. */

import type { NewEntry, Sender } from "../saving/queue";
import { ask, deliver } from "../saving/request";
import { registerSenders } from "../saving/useSaving";
import { type BoxPoint, type Order, type Passage, type Read, isReason } from "./review";

interface PassageJson {
  readonly status: Passage["status"];
  readonly text: string;
  readonly reject_reason: string;
}

interface ReadJson {
  readonly id: number;
  readonly number: number;
  readonly first_seconds: number;
  readonly last_seconds: number;
  readonly text: string;
  readonly confidence: number;
  readonly characters: readonly number[];
  readonly votes: number;
  readonly boxes: readonly (readonly number[])[];
  readonly crops: readonly { id: number; picture: string; seconds: number; text: string; confidence: number; width: number }[];
  readonly passage: PassageJson | null;
}

export interface Run {
  readonly id: number;
  readonly video: number;
  readonly video_name: string;
  readonly detector_name: string;
  readonly recognizer_name: string;
  readonly score: Readonly<Record<string, number>>;
  readonly job: { readonly state: string; readonly error: string } | null;
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

/** The newest run of a project, for an address that names none. */
export async function newestRun(project: number): Promise<number | null> {
  const page = await ask<{ results: readonly Run[] }>("GET", `inference-runs/?project=${project}&limit=1`);
  return page.results[0]?.id ?? null;
}

export async function loadReads(run: number): Promise<readonly Read[]> {
  const found: ReadJson[] = [];
  let path: string | null = `reads/?run=${run}&limit=1000`;
  while (path !== null) {
    const page: { results: readonly ReadJson[]; next?: string | null } = await ask("GET", path);
    found.push(...page.results);
    path = page.next ? `reads/${new URL(page.next, location.href).search}` : null;
  }
  return found.map(toRead);
}

function toRead(json: ReadJson): Read {
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
    crops: json.crops,
    boxes: json.boxes.flatMap(([at, x1, y1, x2, y2]): BoxPoint[] =>
      at === undefined || x1 === undefined || y1 === undefined || x2 === undefined || y2 === undefined ? [] : [[at, x1, y1, x2, y2]]),
    passage: passage && { status: passage.status, text: passage.text, reason: isReason(passage.reject_reason) ? passage.reject_reason : "" },
  };
}

/** A decision as the queue keeps it; saying the same twice is the same passage. */
export function decisionEntry(order: Exclude<Order, { kind: "withdraw" }>, title: string): NewEntry {
  const body = order.kind === "accept" ? { text: order.text } : { reason: order.reason };
  return { kind: `read.${order.kind}`, clientKey: order.clientKey, subject: `read:${order.read}`, title, body: { read: order.read, ...body } };
}

const accept: Sender = ({ body }) => deliver("POST", `reads/${Number(body.read)}/accept/`, { body: { text: body.text } });
const reject: Sender = ({ body }) => deliver("POST", `reads/${Number(body.read)}/reject/`, { body: { reason: body.reason } });

registerSenders({ "read.accept": accept, "read.reject": reject });

export const csvAddress = (run: number): string => `/api/v1/inference-runs/${run}/csv/`;
