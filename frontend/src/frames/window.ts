/**
 * Which rows of a grid are on screen, for any number of frames.
 *
 * Browsers cut elements off at some 17 to 33 million pixels, and a million frames on a phone
 * need more. So beyond `TALLEST` the scrollbar stands for shares of the whole: a drag jumps by
 * share, while the wheel and small moves still go pixel by pixel.
 */

export interface Layout {
  readonly columns: number;
  readonly cell: number;
  readonly picture: number;
  readonly row: number;
  readonly rows: number;
  /** Of all rows together, with the edges. */
  readonly height: number;
  /** Of the element that is scrolled. */
  readonly track: number;
}

export const GAP = 8;
const CAPTION = 24;
/** Above the first row and below the last. */
export const EDGE = 12;
export const TALLEST = 8_000_000;

/** How `count` frames are laid out in `width` pixels, cells at least `least` wide. */
export function layOut(count: number, width: number, least: number): Layout {
  const columns = Math.max(2, Math.floor((width + GAP) / (least + GAP)));
  const cell = Math.max(40, Math.floor((width - GAP * (columns - 1)) / columns));
  const picture = Math.round((cell * 9) / 16);
  const row = picture + CAPTION + GAP;
  const rows = Math.ceil(count / columns);
  const height = rows * row + 2 * EDGE;
  return { columns, cell, picture, row, rows, height, track: Math.min(height, TALLEST) };
}

/** Where the element stands (`top`) and what that shows (`offset` from the first row). */
export interface Scrolled { readonly top: number; readonly offset: number }

const clamp = (value: number, most: number) => Math.max(0, Math.min(value, Math.max(0, most)));

/** The element's place that stands for `offset`. */
export function topOf(offset: number, layout: Layout, view: number): number {
  if (layout.track === layout.height) return clamp(offset, layout.height - view);
  const share = offset / Math.max(1, layout.height - view);
  return clamp(Math.round(share * (layout.track - view)), layout.track - view);
}

/** What is shown after the element was scrolled to `top`. */
export function scrolledTo(before: Scrolled, top: number, layout: Layout, view: number): Scrolled {
  if (layout.track === layout.height) return { top, offset: clamp(top, layout.height - view) };
  const moved = top - before.top;
  const small = Math.abs(moved) <= 2 * view && top > 0 && top < layout.track - view;
  const share = top / Math.max(1, layout.track - view);
  return { top, offset: clamp(small ? before.offset + moved : share * (layout.height - view), layout.height - view) };
}

/** Rows [from, to) to draw, two more on each side. */
export function rowsShown({ offset }: Scrolled, layout: Layout, view: number): readonly [number, number] {
  const from = Math.max(0, Math.floor((offset - EDGE) / layout.row) - 2);
  return [from, Math.min(layout.rows, Math.ceil((offset - EDGE + view) / layout.row) + 2)];
}

/** The least change of `offset` that shows the whole of the cell at `place`. */
export function revealing(place: number, offset: number, layout: Layout, view: number): number {
  const from = Math.floor(place / layout.columns) * layout.row;
  if (from < offset) return from;
  return clamp(Math.max(offset, from + layout.row + 2 * EDGE - view), layout.height - view);
}

export type Move = "left" | "right" | "up" | "down" | "page-up" | "page-down" | "home" | "end";

/** Where the cursor goes from `place` among `count` frames. */
export function moved(place: number, move: Move, count: number, layout: Layout, view: number): number {
  const page = layout.columns * Math.max(1, Math.floor(view / layout.row));
  const steps: Record<Move, number> = {
    left: -1, right: 1, up: -layout.columns, down: layout.columns,
    "page-up": -page, "page-down": page, home: -count, end: count,
  };
  const to = place + steps[move];
  // Up from the first row and down from the last stay where they are, not at the corner.
  if ((move === "up" && to < 0) || (move === "down" && to >= count)) return place;
  return Math.max(0, Math.min(to, count - 1));
}
