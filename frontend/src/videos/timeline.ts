/** The timeline of a video as arithmetic: bars, times, ranges. */

export interface Range { readonly start: number; readonly end: number }

/** What stands at `x` of a line `width` wide, in seconds. */
export function timeAt(x: number, width: number, duration: number): number {
  return width > 0 ? Math.max(0, Math.min(1, x / width)) * duration : 0;
}

/** The stretch between two places of the line; null for a click, which is no stretch. */
export function draggedRange(from: number, to: number, width: number, duration: number): Range | null {
  if (Math.abs(to - from) < 4) return null;
  const [start, end] = [timeAt(Math.min(from, to), width, duration), timeAt(Math.max(from, to), width, duration)];
  return { start: Math.floor(start), end: Math.min(duration, Math.ceil(end)) };
}

/** As many bars as there is room for, each the most of the parts it stands for; null is unknown. */
export function barsOf(parts: readonly (number | null)[], room: number): (number | null)[] {
  const count = Math.max(1, Math.min(parts.length, Math.floor(room)));
  return Array.from({ length: count }, (_, bar) => {
    const its = parts.slice(Math.floor((bar * parts.length) / count), Math.ceil(((bar + 1) * parts.length) / count));
    const known = its.filter((part) => part !== null);
    return known.length > 0 ? Math.max(...known) : null;
  });
}

/** The sums of `counts` for as many bars. */
export function sumsOf(counts: readonly number[], bars: number): number[] {
  const sums = Array.from({ length: bars }, () => 0);
  counts.forEach((count, part) => {
    const bar = Math.min(bars - 1, Math.floor((part * bars) / counts.length));
    sums[bar] = (sums[bar] ?? 0) + count;
  });
  return sums;
}

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400];

/** Round times along the line, at most `most` of them, the first 0. */
export function ticksOf(duration: number, most: number): number[] {
  const step = STEPS.find((one) => duration / one <= most) ?? Math.ceil(duration / most / 3600) * 3600;
  const ticks = [];
  for (let at = 0; at <= duration; at += step) ticks.push(at);
  return ticks;
}

/** What lies between the idle stretches. */
export function movingBetween(idle: readonly (readonly number[])[], duration: number): Range[] {
  const found: Range[] = [];
  let at = 0;
  for (const [begin = 0, end = 0] of [...idle, [duration, duration]]) {
    if (begin > at) found.push({ start: at, end: begin });
    at = Math.max(at, end);
  }
  return found;
}
