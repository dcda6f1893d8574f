/** Stretches of a video in which somebody has looked for every vehicle. */

/** From and to, in seconds. */
export type Span = readonly [number, number];

/** With one more; those that touch are one, in order. */
export function withSpan(spans: readonly Span[], [from, to]: Span): readonly Span[] {
  const touched = spans.filter(([first, last]) => first <= to && last >= from);
  const merged: Span = [Math.min(from, ...touched.map(([first]) => first)), Math.max(to, ...touched.map(([, last]) => last))];
  return [...spans.filter((span) => !touched.includes(span)), merged].toSorted((a, b) => a[0] - b[0]);
}

/** The share of the video that is checked, 0 to 1. */
export function checkedShare(spans: readonly Span[], duration: number): number {
  const seconds = spans.reduce((sum, [from, to]) => sum + Math.max(Math.min(to, duration) - from, 0), 0);
  return duration > 0 ? Math.min(seconds / duration, 1) : 0;
}
