/** What a dataset version's counts say, read from the server's JSON with care. */

export const splits = ["train", "val", "test"] as const;
export type Split = (typeof splits)[number];
interface SplitCount { items: number; groups: number; boxes: Record<string, number>; characters: Record<string, number> }
interface VideoCount { name: string; groups: number; train: number; val: number; test: number }
export const leakKinds = ["passage", "text", "picture", "time"] as const;
export interface VersionCounts {
  leaks: number; characters: [string, number][]; splits: Record<Split, SplitCount>; items: number; groups: number; videos: VideoCount[];
  /** By kind; versions frozen before it was told apart have none. */
  leakLines: Partial<Record<(typeof leakKinds)[number], number>>;
}

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
    return { items: items ?? 0, groups: groups ?? 0, boxes: numbers(record(counts[split]).boxes), characters: numbers(record(counts[split]).characters) };
  };
  const each = { train: of("train"), val: of("val"), test: of("test") };
  const sum = (what: "items" | "groups") => splits.reduce((total, split) => total + each[split][what], 0);
  return {
    leaks: typeof counts.leaks === "number" ? counts.leaks : 0,
    characters: Object.entries(numbers(counts.characters)).sort(([a], [b]) => a.localeCompare(b)),
    leakLines: numbers(counts.leak_lines),
    videos: Array.isArray(counts.videos) ? counts.videos.map(videoOf) : [],
    splits: each, items: sum("items"), groups: sum("groups"),
  };
}

function videoOf(json: unknown): VideoCount {
  const { groups = 0, train = 0, val = 0, test = 0 } = numbers(json);
  return { name: String(record(json).name ?? ""), groups, train, val, test };
}

/** Characters on held plates that no plate to train on shows: they cannot be learnt. */
export function unlearnt({ splits: { train, val, test } }: VersionCounts): string[] {
  if (Object.keys(train.characters).length === 0) return [];
  return [...new Set([...Object.keys(val.characters), ...Object.keys(test.characters)])].filter((one) => !train.characters[one]).sort();
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

/** What a version takes, as it is typed. */
export interface Wanted { videos: number[]; since: string; until: string; min_width: string; min_sharpness: string; agreed: boolean; done: boolean }
export const EVERYTHING: Wanted = { videos: [], since: "", until: "", min_width: "", min_sharpness: "", agreed: false, done: false };
export interface Filter { videos?: number[]; since?: string; until?: string; min_width?: number; min_sharpness?: number; agreed?: boolean; done?: boolean }

/** What the server is asked for, without what does not fit the kind; null where a number is none. */
export function filterOf(wanted: Wanted, kind: "detector" | "recognizer"): Filter | null {
  const [width, sharpness] = [wanted.min_width, wanted.min_sharpness].map((typed) => Number(typed.replace(",", ".") || "0"));
  const crops = kind === "recognizer";
  if (crops && !(Number.isInteger(width) && width! >= 0 && sharpness! >= 0)) return null;
  return {
    ...(wanted.videos.length > 0 && { videos: wanted.videos }),
    ...(wanted.since && { since: wanted.since }),
    ...(wanted.until && { until: wanted.until }),
    ...(crops && width ? { min_width: width } : {}),
    ...(crops && sharpness ? { min_sharpness: sharpness } : {}),
    ...(crops && wanted.agreed && { agreed: true }),
    ...(!crops && wanted.done && { done: true }),
  };
}

const TOLD = ["videos", "since", "until", "min_width", "min_sharpness", "agreed", "done"] as const;

/** What a frozen version was asked to take, to be shown; videos as their number. */
export function takenOf(filter: unknown): [(typeof TOLD)[number], string][] {
  const asked = record(filter);
  return TOLD.filter((name) => asked[name] !== undefined).map((name) => {
    const value = asked[name];
    return [name, Array.isArray(value) ? String(value.length) : value === true ? "✓" : String(value)];
  });
}
