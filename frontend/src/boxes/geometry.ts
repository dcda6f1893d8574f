/** Boxes and views, in plain numbers. Frame units are pixels of the upright original frame. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** x1 < x2 and y1 < y2, in frame pixels. */
export interface Rect {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

/** screen = frame * scale + (x, y), the screen measured from the stage's top left corner. */
export interface View {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

export type Handle = "nw" | "n" | "ne" | "e" | "se" | "s" | "sw" | "w";

export const HANDLES: readonly Handle[] = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];

/** A drag shorter than this, on the screen, is a click. */
export const CLICK_PIXELS = 3;

/** Sides shorter than this, in frame pixels, can not be made. */
const MIN_SIDE = 2;

export function toFrame(point: Point, view: View): Point {
  return { x: (point.x - view.x) / view.scale, y: (point.y - view.y) / view.scale };
}

export function toScreen(point: Point, view: View): Point {
  return { x: point.x * view.scale + view.x, y: point.y * view.scale + view.y };
}

export function rectToScreen(rect: Rect, view: View): Rect {
  const from = toScreen({ x: rect.x1, y: rect.y1 }, view);
  const to = toScreen({ x: rect.x2, y: rect.y2 }, view);
  return { x1: from.x, y1: from.y, x2: to.x, y2: to.y };
}

export const width = (rect: Rect): number => rect.x2 - rect.x1;
export const height = (rect: Rect): number => rect.y2 - rect.y1;
export const area = (rect: Rect): number => width(rect) * height(rect);
export const centre = (rect: Rect): Point => ({
  x: (rect.x1 + rect.x2) / 2,
  y: (rect.y1 + rect.y2) / 2,
});

export function contains(rect: Rect, point: Point): boolean {
  return point.x >= rect.x1 && point.x <= rect.x2 && point.y >= rect.y1 && point.y <= rect.y2;
}

export const sameRect = (a: Rect, b: Rect): boolean => a.x1 === b.x1 && a.y1 === b.y1 && a.x2 === b.x2 && a.y2 === b.y2;

/** The smallest rectangle around both. */
export const union = (a: Rect, b: Rect): Rect => ({ x1: Math.min(a.x1, b.x1), y1: Math.min(a.y1, b.y1), x2: Math.max(a.x2, b.x2), y2: Math.max(a.y2, b.y2) });

/** How much of `inner` lies inside `outer`, 0 to 1. */
export function coverage(inner: Rect, outer: Rect): number {
  const across = Math.min(inner.x2, outer.x2) - Math.max(inner.x1, outer.x1);
  const down = Math.min(inner.y2, outer.y2) - Math.max(inner.y1, outer.y1);
  return across > 0 && down > 0 ? (across * down) / area(inner) : 0;
}

/** Intersection over union, 0 to 1. */
export function iou(one: Rect, other: Rect): number {
  const shared = coverage(one, other) * area(one);
  return shared / (area(one) + area(other) - shared);
}

const between = (value: number, low: number, high: number): number =>
  Math.min(Math.max(value, low), high);

export function clampPoint(point: Point, frame: Size): Point {
  return { x: between(point.x, 0, frame.width), y: between(point.y, 0, frame.height) };
}

/** The rectangle between two corners in any order, inside the frame. Null where it has no area. */
export function span(one: Point, other: Point, frame: Size): Rect | null {
  const a = clampPoint(one, frame);
  const b = clampPoint(other, frame);
  const rect = {
    x1: Math.min(a.x, b.x),
    y1: Math.min(a.y, b.y),
    x2: Math.max(a.x, b.x),
    y2: Math.max(a.y, b.y),
  };
  return width(rect) < MIN_SIDE || height(rect) < MIN_SIDE ? null : rect;
}

/** How far to move on so that a side within reach of the frame's edge lies on it. */
export function toEdge(rect: Rect, frame: Size, within: number): Point {
  const off = (low: number, high: number, limit: number): number =>
    Math.abs(low) < within ? -low : Math.abs(limit - high) < within ? limit - high : 0;
  return { x: off(rect.x1, rect.x2, frame.width), y: off(rect.y1, rect.y2, frame.height) };
}

/** Moves without changing the size: at the frame's edge the box stops. */
export function move(rect: Rect, by: Point, frame: Size): Rect {
  const x1 = between(rect.x1 + by.x, 0, frame.width - width(rect));
  const y1 = between(rect.y1 + by.y, 0, frame.height - height(rect));
  return { x1, y1, x2: x1 + width(rect), y2: y1 + height(rect) };
}

/** One side pulled past the opposite one goes on as that one, so a box can be turned over. */
function stretch(low: number, high: number, moved: "low" | "high" | null, by: number, limit: number): [number, number] {
  if (moved === null) return [low, high];
  const fixed = moved === "low" ? high : low;
  const free = between((moved === "low" ? low : high) + by, 0, limit);
  if (Math.abs(free - fixed) >= MIN_SIDE) return free < fixed ? [free, fixed] : [fixed, free];
  const side = moved === "low" ? fixed - MIN_SIDE : fixed + MIN_SIDE;
  return side < 0 || side > limit
    ? [Math.min(fixed, 2 * fixed - side), Math.max(fixed, 2 * fixed - side)]
    : [Math.min(fixed, side), Math.max(fixed, side)];
}

export function resize(rect: Rect, handle: Handle, by: Point, frame: Size): Rect {
  const across = handle.includes("w") ? "low" : handle.includes("e") ? "high" : null;
  const down = handle.includes("n") ? "low" : handle.includes("s") ? "high" : null;
  const [x1, x2] = stretch(rect.x1, rect.x2, across, by.x, frame.width);
  const [y1, y2] = stretch(rect.y1, rect.y2, down, by.y, frame.height);
  return { x1, y1, x2, y2 };
}

/** Sides closer than `within` to the frame's edge are put on it. */
export function snap(rect: Rect, frame: Size, within: number): Rect {
  return {
    x1: rect.x1 < within ? 0 : rect.x1,
    y1: rect.y1 < within ? 0 : rect.y1,
    x2: frame.width - rect.x2 < within ? frame.width : rect.x2,
    y2: frame.height - rect.y2 < within ? frame.height : rect.y2,
  };
}

/** A tenth of a pixel is finer than any hand; whole drags then store and compare cleanly. */
export function tidy(rect: Rect): Rect {
  const tenth = (value: number): number => Math.round(value * 10) / 10;
  return { x1: tenth(rect.x1), y1: tenth(rect.y1), x2: tenth(rect.x2), y2: tenth(rect.y2) };
}

export const grown = ({ x1, y1, x2, y2 }: Rect, by: number): Rect => ({ x1: x1 - by, y1: y1 - by, x2: x2 + by, y2: y2 + by });

export function handlePoint(rect: Rect, handle: Handle): Point {
  const middle = centre(rect);
  return {
    x: handle.includes("w") ? rect.x1 : handle.includes("e") ? rect.x2 : middle.x,
    y: handle.includes("n") ? rect.y1 : handle.includes("s") ? rect.y2 : middle.y,
  };
}

/** The handle within `reach` frame pixels of the point, the nearest first. */
export function handleAt(rect: Rect, point: Point, reach: number): Handle | null {
  let best: Handle | null = null;
  let nearest = reach;
  for (const handle of HANDLES) {
    const at = handlePoint(rect, handle);
    const distance = Math.max(Math.abs(at.x - point.x), Math.abs(at.y - point.y));
    if (distance <= nearest) {
      nearest = distance;
      best = handle;
    }
  }
  return best;
}

/** The smallest box under the point: a plate is found inside its car. */
export function boxAt<T extends Rect>(boxes: readonly T[], point: Point): T | null {
  let best: T | null = null;
  for (const box of boxes) {
    if (contains(box, point) && (best === null || area(box) < area(best))) best = box;
  }
  return best;
}

const MAX_SCALE = 24;

/** The whole frame, centred, with a margin in screen pixels. */
export function fit(frame: Size, stage: Size, margin = 16): View {
  const scale = Math.max(
    Math.min((stage.width - 2 * margin) / frame.width, (stage.height - 2 * margin) / frame.height),
    0.01,
  );
  return {
    scale,
    x: (stage.width - frame.width * scale) / 2,
    y: (stage.height - frame.height * scale) / 2,
  };
}

/** The view in which the box fills so much of the stage. */
export function fitBox(rect: Rect, stage: Size, share = 0.5): View {
  const scale = between(
    Math.min(stage.width / width(rect), stage.height / height(rect)) * share,
    0.05,
    MAX_SCALE,
  );
  const middle = centre(rect);
  return { scale, x: stage.width / 2 - middle.x * scale, y: stage.height / 2 - middle.y * scale };
}

/** What is under the pointer stays under it. `smallest` is the scale of the whole frame. */
export function zoomAt(view: View, at: Point, factor: number, smallest: number): View {
  const scale = between(view.scale * factor, Math.min(smallest, 1), MAX_SCALE);
  const ratio = scale / view.scale;
  return { scale, x: at.x - (at.x - view.x) * ratio, y: at.y - (at.y - view.y) * ratio };
}

/** Moves the picture, but never out of sight: a strip of `keep` screen pixels stays. */
export function pan(view: View, by: Point, { frame, stage, keep = 48 }: { frame: Size; stage: Size; keep?: number }): View {
  return {
    scale: view.scale,
    x: between(view.x + by.x, keep - frame.width * view.scale, stage.width - keep),
    y: between(view.y + by.y, keep - frame.height * view.scale, stage.height - keep),
  };
}
