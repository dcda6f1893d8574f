/** Places on a line, pushed apart to keep `gap` between them and none below `bottom`. Input ascending. */
export function spread(places: readonly number[], gap: number, bottom: number): number[] {
  const out: number[] = [];
  for (const place of places) out.push(Math.max(place, (out.at(-1) ?? Number.NEGATIVE_INFINITY) + gap));
  let limit = bottom;
  for (let index = out.length - 1; index >= 0; index -= 1) {
    out[index] = Math.min(out[index] ?? 0, limit);
    limit = (out[index] ?? 0) - gap;
  }
  return out;
}
