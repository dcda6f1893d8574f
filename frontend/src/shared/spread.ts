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

/** Marks of a logarithmic axis: 1 and 3 of each power of ten, finer where that gives fewer than three. */
export function logSteps(min: number, max: number): number[] {
  const coarse = stepsOf([1, 3], min, max);
  return coarse.length >= 3 ? coarse : stepsOf([1, 2, 3, 5, 7], min, max);
}

function stepsOf(factors: readonly number[], min: number, max: number): number[] {
  const steps: number[] = [];
  for (let power = Math.floor(Math.log10(min)); power <= Math.ceil(Math.log10(max)); power += 1) {
    steps.push(...factors.map((factor) => factor * 10 ** power).filter((step) => step >= min * 0.999 && step <= max * 1.001));
  }
  return steps;
}
