/** What the timeline draws, as paths: a few shapes however many reads there are. */

import { DOUBTFUL_READ } from "../shared/plate";
import { type Read, isDecided } from "./review";
import type { Part } from "./zoom";

export type Mark = "reviewed" | "new" | "doubtful" | "missed";

export const MARKS: readonly Mark[] = ["doubtful", "new", "reviewed", "missed"];

export const LANES = 3;
export const LANE = 8;
/** Pixels: the height of the hills that say how many reads there are, and the width of a step. */
export const HILLS = 22;
const STEP = 4;
/** More reads than this cover one another as bars: the hills alone are drawn, and higher. */
const BARS = 1000;
const ALL = HILLS + LANES * LANE;

export const markOf = (read: Read): Mark => (read.missed !== null ? "missed" : isDecided(read) ? "reviewed" : read.confidence < DOUBTFUL_READ ? "doubtful" : "new");

export interface Shapes {
  /** Each read a bar where it happened. */
  readonly bars: Readonly<Record<Mark, string>>;
  /** How many reads begin in each step, by their mark, the doubtful ones at the bottom. */
  readonly hills: Readonly<Record<Mark, string>>;
}

const none = (): Record<Mark, string> => ({ reviewed: "", new: "", doubtful: "", missed: "" });

const rect = (x: number, y: number, width: number, height: number): string =>
  `M${x.toFixed(1)} ${y.toFixed(1)}h${width.toFixed(1)}v${height.toFixed(1)}h${(-width).toFixed(1)}z`;

/** `reads` by time, of which those in a part of the video are drawn; `width` in pixels. */
export function shapesOf(reads: readonly Read[], [from, to]: Part, width: number): Shapes {
  const bars = none();
  const hills = none();
  if (width <= 0 || to <= from) return { bars, hills };
  const scale = width / (to - from);
  const inPart = (read: Read): boolean => read.firstSeconds <= to && read.lastSeconds >= from;
  const many = reads.filter(inPart).length > BARS;
  const floor = many ? ALL : HILLS;
  const steps = Math.ceil(width / STEP);
  const counts = Array.from({ length: steps }, () => ({ reviewed: 0, new: 0, doubtful: 0, missed: 0 }));
  for (const [index, read] of reads.entries()) {
    if (!inPart(read)) continue;
    const mark = markOf(read);
    const x = (read.firstSeconds - from) * scale;
    if (!many) bars[mark] += rect(x, HILLS + 2 + laneOf(index) * LANE, Math.max((read.lastSeconds - read.firstSeconds) * scale, 3), LANE - 2);
    const step = counts[Math.min(Math.max(Math.floor(x / STEP), 0), steps - 1)];
    if (step) step[mark] += 1;
  }
  const most = Math.max(...counts.map((step) => MARKS.reduce((sum, mark) => sum + step[mark], 0)), 1);
  counts.forEach((step, at) => {
    let bottom = floor;
    for (const mark of MARKS) {
      if (step[mark] === 0) continue;
      const height = (step[mark] / most) * floor;
      bottom -= height;
      hills[mark] += rect(at * STEP, bottom, STEP - 0.5, height);
    }
  });
  return { bars, hills };
}

export const laneOf = (index: number): number => index % LANES;

/** Round steps, no more than so many; the last leaves room for its text. */
export function tickSeconds([from, to]: Part, most: number): readonly number[] {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];
  const length = to - from;
  const step = steps.find((seconds) => length / seconds <= most) ?? Math.ceil(length / most);
  const first = Math.ceil(from / step);
  const count = Math.floor(to / step) - first + 1;
  return Array.from({ length: count }, (_, at) => (first + at) * step).filter((at) => at < to - length * 0.03 || at === 0);
}
