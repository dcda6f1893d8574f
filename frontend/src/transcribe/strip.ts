/** Crops of one vehicle's passing: read once, saved together. */

import { DOUBTFUL_CHARACTER } from "../shared/plate";
import type { Crop, Suggestion } from "./session";

/** Seconds between two crops of one passing: at a frame a second a car is gone for one or two. */
const APART = 3;
/** Characters by which suggestions for one plate may differ, and how many they must have. */
const UNLIKE = 2;
const LONG_ENOUGH = 5;

/** Those of `waiting` that show the vehicle of `crop`, directly or by way of each other. */
export function passing(crop: Crop, waiting: readonly Crop[]): readonly Crop[] {
  const found = [crop];
  const rest = new Set(waiting.filter((one) => one.id !== crop.id));
  for (let at = 0; at < found.length; at += 1) {
    const from = found[at] ?? crop;
    for (const other of rest) {
      if (!sameVehicle(from, other) || found.some((one) => sameFrame(one, other))) continue;
      found.push(other);
      rest.delete(other);
    }
  }
  return found.slice(1).sort((a, b) => (a.seconds ?? 0) - (b.seconds ?? 0) || a.id - b.id);
}

function sameVehicle(one: Crop, other: Crop): boolean {
  if (one.group !== "" && other.group !== "") return one.group === other.group;
  if (one.video === "" || one.video !== other.video || one.seconds === null || other.seconds === null) return false;
  if (Math.abs(one.seconds - other.seconds) > APART) return false;
  return one.suggestion !== null && other.suggestion !== null && alike(one.suggestion, other.suggestion);
}

/** Two sure texts that differ are two plates: only where one of them doubts may it be the same. */
function alike(one: Suggestion, other: Suggestion): boolean {
  const [mine, its] = [one.text, other.text];
  if (Math.min(mine.length, its.length) < LONG_ENOUGH || distance(mine, its) > UNLIKE) return false;
  const doubts = (at: number): boolean => Math.min(one.confidences[at] ?? 1, other.confidences[at] ?? 1) < DOUBTFUL_CHARACTER;
  if (mine.length === its.length) return [...mine].every((char, at) => char === its[at] || doubts(at));
  return [...one.confidences.keys(), ...other.confidences.keys()].some(doubts);
}

/** Two plates in one picture are two vehicles. */
const sameFrame = (one: Crop, other: Crop): boolean =>
  one.video !== "" && one.video === other.video && one.seconds !== null && one.seconds === other.seconds;

/** Fewest single characters put, taken or replaced. */
export function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (const [i, char] of [...one].entries()) {
    const next = [i + 1];
    for (const [j, against] of [...other].entries()) {
      const replaced = (row[j] ?? 0) + (char === against ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
