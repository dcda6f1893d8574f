/** The server's words for crops and transcriptions, and ours. */

import { ask, deliver } from "../saving/request";
import type { Entry, NewEntry, Sender } from "../saving/queue";
import { registerSenders } from "../saving/useSaving";
import type { PlateFormat } from "./formats";
import type { Crop, Earlier, Saved, Suggestion } from "./session";
import type { Wanted } from "./wanted";

export interface SuggestionJson {
  readonly id: number;
  readonly text: string;
  readonly characters?: readonly number[];
  readonly alternatives?: readonly (readonly (readonly [string, number])[])[];
  readonly model_name?: string;
}

interface CropJson {
  readonly id: number;
  readonly picture: string;
  readonly inline?: string;
  readonly width: number;
  readonly height: number;
  readonly revision: number;
  readonly video_name?: string | null;
  readonly seconds?: number | null;
  readonly group?: string;
  readonly frame_picture?: string | null;
  readonly box_xyxy?: readonly number[] | null;
  readonly sharpness?: number | null;
  readonly suggestion?: SuggestionJson | null;
  readonly role?: Crop["role"];
  readonly text?: string;
  readonly readings?: readonly Earlier[];
}

export interface Lease {
  readonly crops: readonly Crop[];
  readonly left: number;
  readonly disagreements: number;
}

export function toSuggestion(json: SuggestionJson): Suggestion {
  return {
    id: json.id,
    text: json.text,
    confidences: json.characters ?? [],
    alternatives: (json.alternatives ?? []).map((choices) => choices.map(([text, confidence]) => ({ text, confidence }))),
    model: json.model_name ?? "",
  };
}

function toCrop(json: CropJson): Crop {
  const [x1, y1, x2, y2] = json.box_xyxy ?? [];
  return {
    id: json.id,
    picture: json.picture,
    source: json.inline || json.picture,
    width: json.width,
    height: json.height,
    revision: json.revision,
    video: json.video_name ?? "",
    seconds: json.seconds ?? null,
    group: json.group ?? "",
    framePicture: json.frame_picture || null,
    box: x1 !== undefined && y1 !== undefined && x2 !== undefined && y2 !== undefined ? [x1, y1, x2, y2] : null,
    sharpness: json.sharpness ?? null,
    suggestion: json.suggestion?.text ? toSuggestion(json.suggestion) : null,
    role: json.role ?? "first",
    text: json.text ?? "",
    earlier: json.readings ?? [],
  };
}

export type Asked = { readonly count: number; readonly exclude: readonly number[] } | { readonly held: readonly number[] };

/** So many crops that are not among the excluded; or those that are held, for longer. */
export async function lease(project: number, asked: Asked, wanted: Wanted): Promise<Lease> {
  const answer = await ask<{ crops: CropJson[]; left: number; disagreements?: number }>("POST", "crops/lease/", { project, ...asked, wanted, pictures: true });
  return { crops: answer.crops.map(toCrop), left: answer.left, disagreements: answer.disagreements ?? 0 };
}

/** Nobody waits for this: a lease that is not given back ends by itself. */
export function release(project: number, crops: readonly number[]): void {
  if (crops.length > 0) void ask("POST", "crops/release/", { project, crops }).catch(() => undefined);
}

type Paged<T> = T[] | { results: T[] };
const rows = <T>(answer: Paged<T>): T[] => (Array.isArray(answer) ? answer : answer.results);

export async function plateFormats(project: number): Promise<readonly PlateFormat[]> {
  return rows(await ask<Paged<PlateFormat>>("GET", `plate-formats/?project=${project}`));
}

export interface Member {
  readonly id: number;
  readonly username: string;
}

export async function people(project: number): Promise<readonly Member[]> {
  return rows(await ask<Paged<Member>>("GET", `members/?project=${project}&limit=1000`));
}

export interface Previous {
  readonly id: number;
  readonly text: string;
  readonly status: Saved["status"];
}

export async function previousTexts(project: number): Promise<readonly Previous[]> {
  return rows(await ask<Paged<Previous>>("GET", `transcriptions/?project=${project}&mine=1&limit=20`));
}

/** A transcription as the queue keeps it. The subject lets a second one follow the first's revision. */
export function transcriptionEntry(crop: Crop, saved: Saved, title: string): NewEntry {
  return {
    kind: "transcription",
    clientKey: saved.clientKey,
    subject: `crop:${crop.id}`,
    title,
    body: {
      crop: crop.id,
      picture: crop.picture,
      revision: crop.revision,
      status: saved.status,
      text: saved.text,
      seconds: Math.round(saved.seconds * 100) / 100,
      suggestion: crop.suggestion?.id ?? null,
      suggestion_outcome: saved.outcome,
      role: crop.role,
    },
  };
}

const sendTranscription: Sender = (entry, known) => {
  const { crop, picture: _, ...body } = entry.body;
  // Our own earlier text raised the revision; anybody else's is a conflict.
  const revision = Math.max(Number(body.revision), known?.revision ?? 0);
  return deliver("POST", `crops/${Number(crop)}/transcriptions/`, {
    body: { ...body, revision, client_key: entry.clientKey },
    learn: (answer) => ({ id: Number(crop), revision: (answer as { revision: number }).revision }),
  });
};

registerSenders({ transcription: sendTranscription });

/** Crops whose text waits in the queue: a lease must not bring them again. */
export function waitingCrops(entries: readonly Entry[]): readonly number[] {
  return entries.filter((entry) => entry.kind === "transcription").map((entry) => Number(entry.body.crop));
}
