/** How fast bytes go and how long the rest takes, without React. */

export interface Mark { at: number; bytes: number }

/** Milliseconds over which the speed is taken: short enough to follow a change of network. */
export const WINDOW = 8_000;

/** The marks with a new one: those older than the window go, but one before it stays. */
export function marked(marks: readonly Mark[], mark: Mark): Mark[] {
  const last = marks.at(-1);
  if (last && mark.bytes < last.bytes) return [mark]; // a piece is sent again
  const recent = marks.findIndex((one) => one.at >= mark.at - WINDOW);
  return [...marks.slice(Math.max(0, (recent < 0 ? marks.length : recent) - 1)), mark];
}

/** Bytes a second, or null before a second has passed. Standing still counts. */
export function speedOf(marks: readonly Mark[], now: number): number | null {
  const [first, last] = [marks[0], marks.at(-1)];
  if (!first || !last) return null;
  const seconds = (now - first.at) / 1000;
  return seconds < 1 ? null : (last.bytes - first.bytes) / seconds;
}

/** Seconds for the rest; null where nothing moves. */
export function secondsLeft(rest: number, speed: number | null): number | null {
  return speed === null || speed < 1 ? null : rest / speed;
}

export interface Sum { sent: number; size: number; speed: number | null; left: number | null }

/** Several files together. */
export function together(files: readonly { sent: number; size: number; marks: readonly Mark[] }[], now: number): Sum {
  const sum = (pick: (file: (typeof files)[number]) => number) => files.reduce((all, file) => all + pick(file), 0);
  const speeds = files.map((file) => speedOf(file.marks, now)).filter((speed) => speed !== null);
  const speed = speeds.length ? speeds.reduce((all, one) => all + one, 0) : null;
  const [sent, size] = [sum((file) => file.sent), sum((file) => file.size)];
  return { sent, size, speed, left: secondsLeft(size - sent, speed) };
}
