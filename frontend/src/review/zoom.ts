/** Which part of the video the timeline shows. */

/** From and to, in seconds. */
export type Part = readonly [number, number];

/** Seconds. */
const SHORTEST = 5;
/** Where in the part a moment is put that was outside of it. */
const LEFT = 0.2;

/** So many times larger; the moment `at` stays where it is. */
export function zoomed([from, to]: Part, factor: number, at: number, duration: number): Part {
  const length = Math.min(Math.max((to - from) / factor, SHORTEST), duration);
  const share = to > from ? (at - from) / (to - from) : 0;
  return placed(at - share * length, length, duration);
}

export const moved = ([from, to]: Part, seconds: number, duration: number): Part => placed(from + seconds, to - from, duration);

/** The same part where the moment is in it, else one as long that holds it. */
export function holding(part: Part, at: number, duration: number): Part {
  const [from, to] = part;
  return at >= from && at <= to ? part : placed(at - LEFT * (to - from), to - from, duration);
}

function placed(from: number, length: number, duration: number): Part {
  const start = Math.min(Math.max(from, 0), Math.max(duration - length, 0));
  return [start, start + length];
}
