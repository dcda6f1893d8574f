/** What an evaluation tells of a detector, read from the server's JSON with care. */
import type { Group } from "./report";

/** A place on a frame: the number of its dataset item, or its file where it has none. */
export interface Place { frame: number | string; size: [number, number]; box: [number, number, number, number]; confidence?: number }
export interface Level { threshold: number; recall: number; precision: number }
export interface FoundGroup extends Omit<Group, "exact" | "char"> { recall: number; precision?: number; frames?: number }
export interface LabelReport {
  label: string; threshold?: number; ap_50_95?: number; ap_50_11?: number; ap_50_tao?: number;
  curve: Level[]; by: [string, FoundGroup[]][]; falseOnes: Place[]; missed: Place[];
}

/** The reports of a model's labels, none where it was evaluated without. */
export function labelReportsOf(figures: unknown): LabelReport[] {
  const labels = object(object(object(figures)?.report)?.labels);
  return Object.entries(labels ?? {}).map(([label, told]) => labelReport(label, object(told) ?? {}));
}

function labelReport(label: string, json: Record<string, unknown>): LabelReport {
  const number = (name: string) => (typeof json[name] === "number" ? json[name] : undefined);
  return {
    label, threshold: number("threshold"), ap_50_95: number("ap_50_95"), ap_50_11: number("ap_50_11"), ap_50_tao: number("ap_50_tao"),
    curve: list<Level>(json.curve), falseOnes: list<Place>(json.false), missed: list<Place>(json.missed),
    by: Object.entries(object(json.by) ?? {}).map(([name, groups]) => [name, list<FoundGroup>(groups)]),
  };
}

/** Percent of the objects found, without doubles and in order, with how many of those found are right. */
export function levelsOf(points: readonly Level[]): { x: number[]; precision: number[]; threshold: number[] } {
  const ordered = [...points].sort((a, b) => a.recall - b.recall || b.precision - a.precision)
    .filter((point, at, all) => at === 0 || point.recall > (all[at - 1]?.recall ?? 0));
  return { x: ordered.map((p) => percent(p.recall)), precision: ordered.map((p) => percent(p.precision)), threshold: ordered.map((p) => percent(p.threshold)) };
}

/** The part of a frame that shows a box with room around it, inside the frame: x y width height. */
export function windowOf({ size: [width, height], box: [x1, y1, x2, y2] }: Place, ratio = 4 / 3): [number, number, number, number] {
  const high = Math.min(height, width / ratio, Math.max(32, 2 * (y2 - y1), 1.5 * (x2 - x1) / ratio));
  const wide = high * ratio;
  const within = (middle: number, length: number, whole: number) => Math.max(0, Math.min(middle - length / 2, whole - length));
  return [within((x1 + x2) / 2, wide, width), within((y1 + y2) / 2, high, height), wide, high];
}

function object(value: unknown): Record<string, unknown> | null {
  return value && typeof value === "object" ? value as Record<string, unknown> : null;
}

function list<T>(value: unknown): T[] {
  return Array.isArray(value) ? value as T[] : [];
}

function percent(share: number): number {
  return Math.round(share * 1000) / 10;
}
