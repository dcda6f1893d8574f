/** What others decided, taken into the list without disturbing the person who works on it. */

import type { Read, Review } from "./review";

export interface News {
  /** Reads as the server has them now, without details; those of a reading at work are new. */
  readonly lines: readonly Read[];
  /** Vehicles that the run missed, within the stretches. */
  readonly missed: readonly Read[];
  /** From and to in seconds: everything the server has in them is above. */
  readonly stretches: readonly (readonly [number, number])[];
  /** Reads about which something of one's own is still on its way. */
  readonly busy: ReadonlySet<number>;
}

/** Of one's own that waits nothing changes; the read on screen stays on screen. */
export function withNews(state: Review, { lines, missed, stretches, busy }: News): Review {
  const fresh = new Map(lines.map((line) => [line.id, line]));
  const within = (read: Read): boolean => stretches.some(([from, to]) => read.firstSeconds <= to + 0.01 && read.lastSeconds >= from - 0.01);
  const stays = (read: Read): boolean => read.missed === null || busy.has(read.id) || !within(read);
  const kept = state.reads.filter(stays).map((read): Read => {
    const line = busy.has(read.id) ? undefined : fresh.get(read.id);
    return line === undefined ? read : { ...line, detail: read.detail };
  });
  const known = new Set(kept.map((read) => read.id));
  const reads = [...kept, ...[...lines, ...missed].filter((read) => !known.has(read.id) && !busy.has(read.id))];
  if (reads.some((read) => read.id === state.current)) return { ...state, reads };
  const was = state.reads.find((read) => read.id === state.current);
  const same = reads.find((read) => read.missed !== null && read.firstSeconds === was?.firstSeconds) ?? reads[0];
  return { ...state, reads, current: same?.id ?? null };
}
