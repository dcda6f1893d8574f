/** What was done to a box, in lines for people. */

import type { BoxChange, BoxState } from "./wire";

type Deed = "made" | "moved" | "resized" | "relabelled" | "linked" | "parted" | "ignored" | "counted" | "deleted" | "restored";

export interface HistoryLine {
  readonly id: number;
  readonly by: string;
  readonly at: string;
  readonly deeds: readonly Deed[];
  /** So many times, one after the other. */
  readonly count: number;
}

/** The newest first, as they come; the same deeds of one person in a row are one line. */
export function historyLines(changes: readonly BoxChange[]): readonly HistoryLine[] {
  const lines: HistoryLine[] = [];
  for (const change of changes) {
    const deeds = deedsOf(change);
    const last = lines.at(-1);
    if (deeds.length === 0) continue;
    if (last && last.by === change.by && last.deeds.join() === deeds.join()) lines[lines.length - 1] = { ...last, count: last.count + 1 };
    else lines.push({ id: change.id, by: change.by, at: change.at, deeds, count: 1 });
  }
  return lines;
}

function deedsOf({ action, before, after }: BoxChange): readonly Deed[] {
  if (action === "made" || action === "deleted" || action === "restored") return [action];
  const place = placed(before, after);
  return [
    ...(place ? [place] : []),
    ...(before.label !== after.label ? ["relabelled" as const] : []),
    ...(before.car !== after.car ? [after.car == null ? ("parted" as const) : ("linked" as const)] : []),
    ...(before.ignore !== after.ignore ? [after.ignore ? ("ignored" as const) : ("counted" as const)] : []),
  ];
}

function placed(before: BoxState, after: BoxState): "moved" | "resized" | null {
  const sides = [0, 1, 2, 3].map((at) => (after.xyxy?.[at] ?? 0) - (before.xyxy?.[at] ?? 0));
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = sides;
  if (sides.every((by) => by === 0)) return null;
  return Math.abs(x1 - x2) < 0.11 && Math.abs(y1 - y2) < 0.11 ? "moved" : "resized";
}
