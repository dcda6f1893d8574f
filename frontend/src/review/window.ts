/** Which rows of a long list are in sight. Pixels. */

export interface View {
  readonly top: number;
  readonly height: number;
  /** Of one row. */
  readonly row: number;
}

/** Rows beyond the edges, so that a quick scroll shows no gap. */
const BEYOND = 8;

/** From and to (exclusive) of the rows to draw. */
export function visible(count: number, { top, height, row }: View): readonly [number, number] {
  return [Math.max(Math.floor(top / row) - BEYOND, 0), Math.min(Math.ceil((top + height) / row) + BEYOND, count)];
}

/** How far to scroll for a row to be in sight, moving as little as possible. */
export function scrollFor(at: number, { top, height, row }: View): number {
  return Math.min(Math.max(top, (at + 1) * row - height), at * row);
}
