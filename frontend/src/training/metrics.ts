/** A run's figures as curves, without React. */
import type { Curves } from "../api/types";

export const isLoss = (name: string): boolean => /loss/.test(name);

/** The figure a kind is judged by: the first of these that the run reports. */
const judged: Record<string, readonly RegExp[]> = {
  recognizer: [/^(val_|held_)?exact/],
  detector: [/^(val_|held_)?map$/, /^(val_|held_)?map/, /ap_?50/],
};

export function judgedBy(kind: string, names: readonly string[]): string | undefined {
  for (const pattern of judged[kind] ?? []) {
    const found = names.find((name) => pattern.test(name));
    if (found) return found;
  }
  return undefined;
}

/** Figures between 0 and 1 that say how good the run is, the judged one first. */
export function qualities(kind: string, curves: Curves): string[] {
  const names = Object.keys(curves.series).filter((name) => /exact|char|map|ap_?50|recall|precision/.test(name) && !isLoss(name));
  const first = judgedBy(kind, names);
  return first ? [first, ...names.filter((name) => name !== first)] : names;
}

/** All steps of several runs, in order. */
export function stepsOf(all: readonly Curves[]): number[] {
  return [...new Set(all.flatMap((one) => one.steps))].sort((a, b) => a - b);
}

/** A run's figure at the given steps, null where it has none. */
export function onSteps(curves: Curves, name: string, steps: readonly number[]): (number | null)[] {
  const values = new Map(curves.steps.map((step, at) => [step, curves.series[name]?.[at] ?? null]));
  return steps.map((step) => values.get(step) ?? null);
}

/** A running mean: `weight` 0 leaves the values, near 1 hides all but the trend. Its start leans on no zero. */
export function smoothed(values: readonly (number | null)[], weight: number): (number | null)[] {
  let [mean, seen] = [0, 0];
  return values.map((value) => {
    if (value === null) return null;
    mean = weight * mean + (1 - weight) * value;
    seen += 1;
    return mean / (1 - weight ** seen);
  });
}

export function last(values: readonly (number | null)[] | undefined): number | null {
  return values?.findLast((value) => value !== null) ?? null;
}

export function best(values: readonly (number | null)[] | undefined): number | null {
  const known = values?.filter((value) => value !== null) ?? [];
  return known.length ? Math.max(...known) : null;
}

/** "val_loss" as a person says it: "held loss". */
export function metricName(name: string): string {
  return name.replace(/^val_/, "held ").replaceAll(/[_/]/g, " ");
}
