/** The dashboard's figures as bars, cells and rows; from the server's counts, without DOM. */
import type { Schemas } from "../api/types";
import { RARE } from "../datasets/counts";
import type { Bar } from "../shared/Bars";
import { formatDay } from "../shared/format";

export type Labelling = Schemas["Labelling"];
export type Reader = Schemas["Person"];
export type VideoStats = Schemas["VideoStats"];

const WIDTH_STEP = 10;
/** Narrower plates than so many pixels show few pixels a character: they are marked. */
export const NARROW = 50;
export const [ACROSS, DOWN] = [48, 27];

const isDigit = (character: string): boolean => /\d/.test(character);

export function characterBars(characters: Readonly<Record<string, number>>): Bar[] {
  const order = (character: string) => (isDigit(character) ? "1" : "0") + character;
  return Object.entries(characters).sort(([a], [b]) => order(a).localeCompare(order(b))).map(([character, count]) => (
    { name: character, mark: character, values: [count], weak: count < RARE, digit: isDigit(character) }
  ));
}

/** A histogram's bars without gaps; the last bar holds everything from `last` on. */
export function widthBars(widths: Readonly<Record<string, number>>, last = 250): Bar[] {
  const found = Object.entries(widths).map(([from, count]) => [Math.min(Number(from), last), count] as const);
  if (found.length === 0) return [];
  const [low, high] = [Math.min(...found.map(([from]) => from)), Math.max(...found.map(([from]) => from))];
  return Array.from({ length: (high - low) / WIDTH_STEP + 1 }, (_, step) => {
    const from = low + step * WIDTH_STEP;
    const count = found.filter(([at]) => at === from).reduce((sum, [, many]) => sum + many, 0);
    const name = from === last ? `${from} px +` : `${from}–${from + WIDTH_STEP - 1} px`;
    return { name, mark: from % 50 === 0 ? String(from) : undefined, values: [count], weak: from < NARROW };
  });
}

/** Bars of doubling sharpness, without gaps. */
export function sharpnessBars(sharpness: Readonly<Record<string, number>>): Bar[] {
  const bounds = [0, ...Array.from({ length: 12 }, (_, power) => 2 ** (power + 2))];
  const counts = bounds.map((bound) => Object.entries(sharpness).find(([from]) => Number(from) === bound)?.[1] ?? 0);
  const first = counts.findIndex((count) => count > 0);
  if (first < 0) return [];
  const last = counts.findLastIndex((count) => count > 0);
  return bounds.slice(first, last + 1).map((bound, at) => (
    { name: `≥ ${bound}`, mark: at % 2 ? undefined : String(bound), values: [counts[first + at] ?? 0] }
  ));
}

export function shareOf(bars: readonly Bar[]): { weak: number; all: number } {
  const sum = (some: readonly Bar[]) => some.reduce((total, bar) => total + (bar.values[0] ?? 0), 0);
  return { weak: sum(bars.filter((bar) => bar.weak)), all: sum(bars) };
}

/** The last thirty days up to `today` (ISO date); the most diligent person first, then all others. */
export function dayBars(people: readonly Reader[], today: string, days = 30): Bar[] {
  const of = (person: Reader, day: string) => person.days[day] ?? 0;
  const [first, ...others] = people;
  return Array.from({ length: days }, (_, back) => {
    const day = new Date(Date.parse(`${today}T12:00:00Z`) - (days - 1 - back) * 86_400_000).toISOString().slice(0, 10);
    const rest = others.reduce((sum, person) => sum + of(person, day), 0);
    return { name: day, values: [first ? of(first, day) : 0, rest], mark: back === 0 || back === days - 1 ? formatDay(day) : undefined };
  });
}

/** The date there, as ISO. */
export function todayIn(zone: string, now = new Date()): string {
  return new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(now);
}

export interface Cell { x: number; y: number; count: number; strength: number }

/** The cells of the heat map that hold boxes, the fullest first. */
export function heatCells(counts: readonly number[]): Cell[] {
  const most = Math.max(1, ...counts);
  return counts.flatMap((count, at) => (
    count > 0 ? [{ x: at % ACROSS, y: Math.floor(at / ACROSS), count, strength: Math.sqrt(count / most) }] : []
  )).sort((a, b) => b.count - a.count);
}

type Sums = Omit<VideoStats, "video" | "name" | "duration">;

export function total(rows: readonly VideoStats[]): Sums {
  const sums: Sums = { frames: 0, frames_open: 0, boxes: 0, crops: 0, transcribed: 0, waiting: 0, reads: 0, reads_open: 0, right: 0 };
  for (const row of rows) for (const name of Object.keys(sums) as (keyof Sums)[]) sums[name] += row[name];
  return sums;
}
