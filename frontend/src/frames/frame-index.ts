/**
 * Every frame of a project (or of one video) in the grid's order, a few bytes each: what the
 * grid scrolls over, filters and counts without asking the server again.
 */
import type { components } from "../api/schema";

export type IndexPage = components["schemas"]["FrameIndex"];
export type FrameStatus = "open" | "done" | "nothing_here";
export const STATUSES: readonly FrameStatus[] = ["open", "done", "nothing_here"];

/** Frames [from, to) are of this video; null: single pictures. */
export interface Stretch { readonly video: number | null; readonly from: number; readonly to: number }

export interface FrameIndex {
  readonly count: number;
  readonly ids: Float64Array;
  /** From the start of the video; 0 for single pictures. */
  readonly milliseconds: Int32Array;
  /** Two bits of status, then a bit for each label. */
  readonly marks: Uint32Array;
  readonly boxes: Uint16Array;
  readonly stretches: readonly Stretch[];
  readonly labels: readonly string[];
  /** Whether the last page has come. */
  readonly whole: boolean;
  /** The same while pages are added and frames marked, another after loading anew. */
  readonly stamp: number;
}

/** Collects pages; `snapshot` shares its memory, so it is cheap after every page. */
export class Growing {
  private ids = new Float64Array(1024);
  private milliseconds = new Int32Array(1024);
  private marks = new Uint32Array(1024);
  private boxes = new Uint16Array(1024);
  private stretches: Stretch[] = [];
  private labels: readonly string[] = [];
  private count = 0;

  constructor(private readonly stamp: number) {}

  add(page: IndexPage): void {
    this.makeRoom(this.count + page.ids.length);
    let [id, at] = [0, 0];
    for (let place = 0; place < page.ids.length; place += 1) {
      const to = this.count + place;
      this.ids[to] = id += page.ids[place] ?? 0;
      this.milliseconds[to] = at += page.milliseconds[place] ?? 0;
      this.marks[to] = page.marks[place] ?? 0;
      this.boxes[to] = page.boxes[place] ?? 0;
    }
    for (const { video, count } of page.videos) this.stretch(video, count);
    this.count += page.ids.length;
    this.labels = page.labels;
  }

  snapshot(whole: boolean): FrameIndex {
    const { count, labels, stamp } = this;
    return {
      count, labels, stamp, whole, stretches: [...this.stretches],
      ids: this.ids.subarray(0, count), milliseconds: this.milliseconds.subarray(0, count),
      marks: this.marks.subarray(0, count), boxes: this.boxes.subarray(0, count),
    };
  }

  private stretch(video: number | null, count: number): void {
    const last = this.stretches.at(-1);
    const from = last?.to ?? 0;
    if (last && last.video === video) this.stretches[this.stretches.length - 1] = { ...last, to: last.to + count };
    else this.stretches.push({ video, from, to: from + count });
  }

  private makeRoom(wanted: number): void {
    if (wanted <= this.ids.length) return;
    const size = Math.max(wanted, this.ids.length * 2);
    const larger = <T extends { set(from: T): void }>(made: T, from: T): T => (made.set(from), made);
    this.ids = larger(new Float64Array(size), this.ids);
    this.milliseconds = larger(new Int32Array(size), this.milliseconds);
    this.marks = larger(new Uint32Array(size), this.marks);
    this.boxes = larger(new Uint16Array(size), this.boxes);
  }
}

export function indexOf(pages: readonly IndexPage[], whole = true): FrameIndex {
  const growing = new Growing(0);
  for (const page of pages) growing.add(page);
  return growing.snapshot(whole);
}

export function statusAt(index: FrameIndex, position: number): FrameStatus {
  return STATUSES[(index.marks[position] ?? 0) & 3] ?? "open";
}

export function labelsAt(index: FrameIndex, position: number): readonly string[] {
  const marks = index.marks[position] ?? 0;
  return index.labels.filter((_, at) => marks & labelBit(at));
}

/** The bit of the label with this place in `labels`; those beyond the 24th share the last. */
export function labelBit(place: number): number {
  return 4 << Math.min(place, 23);
}

export function stretchAt(index: FrameIndex, position: number): Stretch | undefined {
  let [low, high] = [0, index.stretches.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (position < (index.stretches[middle]?.to ?? 0)) high = middle;
    else low = middle + 1;
  }
  return index.stretches[low];
}

/** Seconds of the video; null for a single picture. */
export function secondsAt(index: FrameIndex, position: number): number | null {
  const video = stretchAt(index, position)?.video ?? null;
  return video === null ? null : (index.milliseconds[position] ?? 0) / 1000;
}

/** The index with another status on these frames. */
export function marked(index: FrameIndex, ids: readonly number[], status: FrameStatus): FrameIndex {
  const wanted = new Set(ids);
  const marks = index.marks.slice();
  for (let at = 0; at < index.count; at += 1) {
    if (wanted.has(index.ids[at] ?? 0)) marks[at] = ((marks[at] ?? 0) & ~3) | STATUSES.indexOf(status);
  }
  return { ...index, marks };
}
