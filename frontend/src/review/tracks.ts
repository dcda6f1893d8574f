/** Which tracks may be one vehicle, and what the two vehicles of one track read. */

import { type Read, boxAt, isDecided, shownText } from "./review";

/** Seconds between two tracks of one vehicle that a tracker lost. */
const FARTHEST = 30;
const SHOWN = 5;

/** The tracks that a person may mean, the likeliest first: like in text, then near in time. */
export function mergeCandidates(reads: readonly Read[], read: Read): readonly Read[] {
  const near = reads.filter((other) => other.id !== read.id && (other.missed === null || read.missed === null) && apart(read, other) <= FARTHEST && !besides(read, other) && !(isDecided(other) && other.passage?.status === "rejected"));
  const cost = (other: Read): number => edits(shownText(read), shownText(other)) * 5 + apart(read, other);
  return near.toSorted((a, b) => cost(a) - cost(b) || a.id - b.id).slice(0, SHOWN);
}

/** Seconds from the end of one to the begin of the other; 0 when both are in sight at once. */
const apart = (a: Read, b: Read): number => Math.max(a.firstSeconds - b.lastSeconds, b.firstSeconds - a.lastSeconds, 0);

/** Whether both are in sight at one moment in different places: two vehicles. */
function besides(a: Read, b: Read): boolean {
  const [from, to] = [Math.max(a.firstSeconds, b.firstSeconds), Math.min(a.lastSeconds, b.lastSeconds)];
  if (from > to) return false;
  const [one, other] = [boxAt(a, (from + to) / 2, 0), boxAt(b, (from + to) / 2, 0)];
  if (one === null || other === null) return true;
  return one[0] > other[2] || other[0] > one[2] || one[1] > other[3] || other[1] > one[3];
}

/** Characters to put in, leave out or replace until both are the same. */
export function edits(first: string, second: string): number {
  let row = Array.from({ length: second.length + 1 }, (_, at) => at);
  [...first].forEach((char, i) => {
    row = [...second].reduce<number[]>((next, other, j) => {
      next.push(Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, (row[j] ?? 0) + Number(char !== other)));
      return next;
    }, [i + 1]);
  });
  return row[second.length] ?? 0;
}

/** What most kept crops before the moment read, and from it on; the track's text where there is none. */
export function halves(read: Read, seconds: number): readonly [string, string] {
  const crops = read.detail?.crops ?? [];
  const most = (texts: readonly string[]): string => {
    const counts = new Map<string, number>();
    for (const text of texts) if (text !== "") counts.set(text, (counts.get(text) ?? 0) + 1);
    return [...counts].toSorted((a, b) => b[1] - a[1])[0]?.[0] ?? shownText(read);
  };
  const at = (before: boolean): string[] => crops.filter((crop) => crop.seconds !== null && crop.seconds < seconds === before).map((crop) => crop.text);
  return [most(at(true)), most(at(false))];
}
