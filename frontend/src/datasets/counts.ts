/** What a dataset version's counts say, read from the server's JSON with care. */

export const splits = ["train", "val", "test"] as const;
export type Split = (typeof splits)[number];
export interface SplitCount { items: number; groups: number; boxes: Record<string, number> }
export interface VersionCounts { leaks: number; characters: [string, number][]; splits: Record<Split, SplitCount>; items: number; groups: number }

/** Fewer than this of a character and the recognizer learns it poorly. */
export const RARE = 25;

function record(value: unknown): Record<string, unknown> {
  return value && typeof value === "object" && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function numbers(value: unknown): Record<string, number> {
  return Object.fromEntries(Object.entries(record(value)).filter((entry): entry is [string, number] => typeof entry[1] === "number"));
}

export function countsOf(json: unknown): VersionCounts {
  const counts = record(json);
  const of = (split: Split): SplitCount => {
    const { items, groups } = numbers(counts[split]);
    return { items: items ?? 0, groups: groups ?? 0, boxes: numbers(record(counts[split]).boxes) };
  };
  const each = { train: of("train"), val: of("val"), test: of("test") };
  const sum = (what: "items" | "groups") => splits.reduce((total, split) => total + each[split][what], 0);
  return {
    leaks: typeof counts.leaks === "number" ? counts.leaks : 0,
    characters: Object.entries(numbers(counts.characters)).sort(([a], [b]) => a.localeCompare(b)),
    splits: each, items: sum("items"), groups: sum("groups"),
  };
}

export function rare(characters: readonly [string, number][]): string[] {
  return characters.filter(([, count]) => count < RARE).map(([character]) => character);
}

/** Percent texts as shares, or null when they are no split: three numbers, sum 100, some to train. */
export function sharesOf(typed: Readonly<Record<Split, string>>): Record<Split, number> | null {
  const values = splits.map((split) => Number(typed[split].replace(",", ".") || "0"));
  if (values.some((value) => !(value >= 0 && value <= 100))) return null;
  const [train = 0, val = 0, test = 0] = values;
  if (Math.abs(train + val + test - 100) > 1e-6 || train <= 0) return null;
  return { train: train / 100, val: val / 100, test: test / 100 };
}
