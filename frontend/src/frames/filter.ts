/** Which frames are looked for: in the address, in the index, and counted. */
import { type FrameIndex, type FrameStatus, labelBit, STATUSES } from "./frame-index";

export interface FrameFilter {
  readonly video: number | null;
  readonly status: FrameStatus | null;
  /** "plate": there is one, "-plate": there is none, "-": no box at all. */
  readonly has: readonly string[];
  /** Of a plate: ? is one, * any characters. */
  readonly text: string;
  /** Seconds of the video. */
  readonly start: number | null;
  readonly end: number | null;
}

export const EVERYTHING: FrameFilter = { video: null, status: null, has: [], text: "", start: null, end: null };
export const NO_BOXES = "-";

/** What the address says; what makes no sense is left out. */
export function readFilter(address: URLSearchParams): FrameFilter {
  const number = (name: string) => {
    const text = address.get(name);
    return text && Number.isFinite(Number(text)) && Number(text) >= 0 ? Number(text) : null;
  };
  const video = number("video") || null;
  const status = STATUSES.find((one) => one === address.get("status")) ?? null;
  const has = (address.get("has") ?? "").split(",").filter(Boolean);
  const times = video === null ? { start: null, end: null } : { start: number("start"), end: number("end") };
  return { video, status, has, text: (address.get("text") ?? "").slice(0, 40), ...times };
}

/** The filter as the address and the API write it. */
export function writeFilter(filter: FrameFilter): URLSearchParams {
  const address = new URLSearchParams();
  const put = (name: string, value: string | number | null) => {
    if (value !== null && value !== "") address.set(name, String(value));
  };
  put("video", filter.video);
  put("status", filter.status);
  put("has", filter.has.join(","));
  put("text", filter.text);
  if (filter.video !== null) {
    put("start", filter.start);
    put("end", filter.end);
  }
  return address;
}

/** "?status=open", or nothing where everything is looked for. */
export function searchOf(filter: FrameFilter): string {
  const text = writeFilter(filter).toString();
  return text && `?${text}`;
}

export function isEverything(filter: FrameFilter): boolean {
  return searchOf(filter) === "";
}

/** The next state of a label's button: does not matter, is there, is not there. */
export function nextHas(has: readonly string[], label: string): readonly string[] {
  const others = has.filter((one) => one !== label && one !== `-${label}` && one !== NO_BOXES);
  if (has.includes(label)) return [...others, `-${label}`];
  return has.includes(`-${label}`) ? others : [...others, label];
}

interface Bits { readonly need: number; readonly forbid: number; readonly impossible: boolean }

function bitsOf(index: FrameIndex, has: readonly string[]): Bits {
  let [need, forbid, impossible] = [0, 0, false];
  for (const word of has) {
    if (word === NO_BOXES) {
      forbid |= ~3;
      continue;
    }
    const place = index.labels.indexOf(word.replace(/^-/, ""));
    if (place < 0) impossible = true;
    else if (word.startsWith("-")) forbid |= labelBit(place);
    else need |= labelBit(place);
  }
  return { need, forbid, impossible };
}

/** Frames of the stretches and times that are looked for, status and labels aside. */
function spans(index: FrameIndex, filter: FrameFilter): readonly (readonly [number, number])[] {
  const found: [number, number][] = [];
  for (const { video, from, to } of index.stretches) {
    if (filter.video !== null && video !== filter.video) continue;
    const begin = filter.start === null ? from : firstFrom(index, from, to, filter.start * 1000 - 0.5);
    const end = filter.end === null ? to : firstFrom(index, from, to, filter.end * 1000 + 1);
    if (begin < end) found.push([begin, end]);
  }
  return found;
}

function firstFrom(index: FrameIndex, from: number, to: number, milliseconds: number): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((index.milliseconds[middle] ?? 0) < milliseconds) low = middle + 1;
    else high = middle;
  }
  return low;
}

export interface Counts {
  readonly status: Readonly<Record<FrameStatus, number>>;
  /** With the status that is looked for, whatever is on them. */
  readonly all: number;
  /** By label, with one on them; "-": without any box. */
  readonly has: Readonly<Record<string, number>>;
}

export interface Looked { readonly positions: Uint32Array; readonly counts: Counts }

/**
 * The places in the index of the frames looked for, and the counts beside each choice: how many
 * there would be with it, the other choices as they are. `reading`: the frames with the text.
 */
export function look(index: FrameIndex, filter: FrameFilter, reading: ReadonlySet<number> | null): Looked {
  const { need, forbid, impossible } = bitsOf(index, filter.has);
  const wanted = filter.status === null ? -1 : STATUSES.indexOf(filter.status);
  const positions = new Uint32Array(index.count);
  const byStatus = [0, 0, 0, 0];
  const byLabel = index.labels.map(() => 0);
  let [found, all, bare] = [0, 0, 0];
  for (const [from, to] of spans(index, filter)) {
    for (let at = from; at < to; at += 1) {
      if (reading !== null && !reading.has(index.ids[at] ?? 0)) continue;
      const marks = index.marks[at] ?? 0;
      const status = marks & 3;
      const fits = !impossible && (marks & need) === need && (marks & forbid) === 0;
      if (fits) byStatus[status] = (byStatus[status] ?? 0) + 1;
      if (wanted >= 0 && status !== wanted) continue;
      all += 1;
      if ((marks & ~3) === 0) bare += 1;
      else for (let label = 0; label < byLabel.length; label += 1) if (marks & labelBit(label)) byLabel[label] = (byLabel[label] ?? 0) + 1;
      if (fits) positions[found++] = at;
    }
  }
  const has = Object.fromEntries([...index.labels.map((label, at) => [label, byLabel[at] ?? 0] as const), [NO_BOXES, bare] as const]);
  const status = { open: byStatus[0] ?? 0, done: byStatus[1] ?? 0, nothing_here: byStatus[2] ?? 0 };
  return { positions: positions.subarray(0, found), counts: { status, all, has } };
}
