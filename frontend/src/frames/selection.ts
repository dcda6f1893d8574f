/** Chosen places of a list as ranges, so that choosing a million costs what choosing one does. */

/** [from, to), in order, apart from each other. */
export type Ranges = readonly (readonly [number, number])[];

export function holds(ranges: Ranges, place: number): boolean {
  return ranges.some(([from, to]) => place >= from && place < to);
}

export function sizeOf(ranges: Ranges): number {
  return ranges.reduce((sum, [from, to]) => sum + to - from, 0);
}

export function without(ranges: Ranges, from: number, to: number): Ranges {
  return ranges.flatMap(([a, b]) => [[a, Math.min(b, from)] as const, [Math.max(a, to), b] as const].filter(([x, y]) => x < y));
}

export function withRange(ranges: Ranges, from: number, to: number): Ranges {
  if (from >= to) return ranges;
  const touching = ranges.filter(([a, b]) => b >= from && a <= to);
  const joined = [Math.min(from, ...touching.map(([a]) => a)), Math.max(to, ...touching.map(([, b]) => b))] as const;
  return [...ranges.filter((one) => !touching.includes(one)), joined].sort((a, b) => a[0] - b[0]);
}

export interface Selection {
  readonly ranges: Ranges;
  /** Where a range with Shift begins. */
  readonly anchor: number | null;
  /** What the range with Shift holds now, so that it can shrink again. */
  readonly stretched: readonly [number, number] | null;
}

export const NOTHING: Selection = { ranges: [], anchor: null, stretched: null };

/** One in or out; ranges begin here from now on. */
export function toggled(selection: Selection, place: number): Selection {
  const in_ = holds(selection.ranges, place);
  const ranges = in_ ? without(selection.ranges, place, place + 1) : withRange(selection.ranges, place, place + 1);
  return { ranges, anchor: place, stretched: null };
}

/** Everything from the anchor (or `from`, without one) to `to`; instead of the last such range. */
export function stretchedTo(selection: Selection, from: number, to: number): Selection {
  const anchor = selection.anchor ?? from;
  const next = [Math.min(anchor, to), Math.max(anchor, to) + 1] as const;
  const kept = selection.stretched ? without(selection.ranges, ...selection.stretched) : selection.ranges;
  return { ranges: withRange(kept, ...next), anchor, stretched: next };
}

export function everything(count: number): Selection {
  return { ranges: count > 0 ? [[0, count]] : [], anchor: null, stretched: null };
}

/** The chosen places in order. */
export function places(ranges: Ranges): number[] {
  return ranges.flatMap(([from, to]) => Array.from({ length: to - from }, (_, at) => from + at));
}

/** The same frames chosen in another list: their ids decide, not their places. */
export function carriedOver(ranges: Ranges, idBefore: (place: number) => number | null, idAfter: (place: number) => number | null, count: number): Ranges {
  if (ranges.length === 0) return ranges;
  const chosen = new Set(places(ranges).map(idBefore));
  const found: [number, number][] = [];
  for (let place = 0; place < count; place += 1) {
    const id = idAfter(place);
    if (id === null || !chosen.has(id)) continue;
    const last = found.at(-1);
    if (last && last[1] === place) last[1] = place + 1;
    else found.push([place, place + 1]);
  }
  return found;
}
