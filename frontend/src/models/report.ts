/** What an evaluation tells beyond its headline, read from the server's JSON with care. */

/** A crop behind a figure: the number of its dataset item, or its file where it has none. */
export interface ShownCrop { crop: number | string; truth: string; read: string; confidence: number }
export interface Confusion { truth: string; read: string; count: number; of: number; crops: ShownCrop[] }
export interface Point { threshold: number; coverage: number; exact: number }
export interface Bin { count: number; confidence: number; exact: number }
export interface Group { name?: string; low?: number | null; high?: number | null; count: number; exact: number; char: number }
export interface Report {
  greedy_exact?: number; edit_distance?: number; calibration_error?: number;
  curve: Point[]; reliability: Bin[]; confusions: Confusion[]; by: [string, Group[]][]; worst: ShownCrop[];
}

/** The report among a model's figures, null where it was evaluated without one. */
export function reportOf(figures: unknown): Report | null {
  const json = of(of(figures)?.report);
  if (!json || !Array.isArray(json.curve) || json.curve.length === 0) return null;
  const number = (name: string) => (typeof json[name] === "number" ? json[name] : undefined);
  return {
    greedy_exact: number("greedy_exact"), edit_distance: number("edit_distance"), calibration_error: number("calibration_error"),
    curve: list<Point>(json.curve), reliability: list<Bin>(json.reliability), confusions: list<Confusion>(json.confusions), worst: list<ShownCrop>(json.worst),
    by: Object.entries(of(json.by) ?? {}).map(([name, groups]) => [name, list<Group>(groups)]),
  };
}

/** "12 to 24", "below 12", "64 and more": the ends of a group of measures, as words around them. */
export function rangeOf(group: Pick<Group, "name" | "low" | "high">): ["below" | "from" | "between" | "named", string] {
  if (group.name !== undefined) return ["named", group.name];
  if (group.low === null || group.low === undefined) return ["below", String(group.high ?? "")];
  if (group.high === null || group.high === undefined) return ["from", String(group.low)];
  return ["between", `${group.low}–${group.high}`];
}

/** Percent of the plates that are read, without doubles and in order, with how many of them are right. */
export function curveOf(points: readonly Point[]): { x: number[]; exact: number[]; threshold: number[] } {
  const ordered = [...points].sort((a, b) => a.coverage - b.coverage).filter((point, at, all) => at === 0 || point.coverage > (all[at - 1]?.coverage ?? 0));
  return { x: ordered.map((p) => round(100 * p.coverage)), exact: ordered.map((p) => round(100 * p.exact)), threshold: ordered.map((p) => round(100 * p.threshold)) };
}

/** Percent: how sure the reads of a bin are, in order, with how many of them are right. */
export function reliabilityOf(bins: readonly Bin[]): { x: number[]; exact: number[]; said: number[] } {
  const kept = bins.filter((bin) => bin.count > 0).sort((a, b) => a.confidence - b.confidence);
  const x = kept.map((bin) => round(100 * bin.confidence));
  return { x, exact: kept.map((bin) => round(100 * bin.exact)), said: x };
}

function of(value: unknown): Record<string, unknown> | null {
  return value && typeof value === "object" ? value as Record<string, unknown> : null;
}

function list<T>(value: unknown): T[] {
  return Array.isArray(value) ? value as T[] : [];
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
