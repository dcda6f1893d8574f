/** What the box editor knows and how each hand movement changes it. No DOM, no server.
 *
 * Boxes are never changed in place: a step of the history is the list as it was, so undo is
 * putting a list back and saving is the difference of two lists (`changes`).
 */

import {
  type Handle,
  type Point,
  type Rect,
  type Size,
  type View,
  CLICK_PIXELS,
  area,
  boxAt,
  centre,
  clampPoint,
  contains,
  coverage,
  fit,
  fitBox,
  handleAt,
  height,
  iou,
  move,
  pan,
  resize,
  sameRect,
  snap,
  span,
  tidy,
  toEdge,
  toFrame,
  union,
  width,
  zoomAt,
} from "./geometry";
import { copiesOf, isPlate, linkedByHand, listed, relinked } from "./links";

export interface EditorBox extends Rect {
  /** Made in the browser and kept for the box's whole life; the server's id is not needed here. */
  readonly key: string;
  readonly label: string;
  readonly source: string;
  readonly confidence: number | null;
  /** What the plate reads, and what was said of it: "" where nobody has read it. */
  readonly text: string;
  readonly status: string;
  /** The key of the car that a plate belongs to. */
  readonly car: string | null;
  /** The proposal that was accepted. */
  readonly proposal?: number;
}

/** What a step changes and undo puts back. Whoever puts it back tells the server the difference. */
export interface Work {
  readonly boxes: readonly EditorBox[];
  /** The proposals that were accepted, rejected, or lay under a box that was deleted. */
  readonly settled: readonly number[];
  /** Boxes drawn on the frames before this one, between here and where they were last seen. */
  readonly between: readonly Between[];
}

export interface Between {
  readonly key: string;
  /** The keys of the boxes that it ends with. */
  readonly boxes: readonly string[];
}

/** A box that a detector proposes. */
export interface Proposed extends Rect {
  readonly id: number;
  readonly label: string;
  readonly confidence: number;
}

type Drag =
  | { readonly kind: "draw"; readonly from: Point; readonly to: Point }
  | { readonly kind: "band"; readonly from: Point; readonly to: Point }
  | { readonly kind: "move"; readonly from: Point; readonly to: Point }
  | { readonly kind: "resize"; readonly from: Point; readonly to: Point; readonly handle: Handle }
  | { readonly kind: "pan"; readonly view: View };

export interface Editor extends Work {
  readonly frame: Size;
  readonly stage: Size;
  readonly view: View;
  /** The whole frame stays in view when the stage changes, until somebody zooms. */
  readonly fitted: boolean;
  /** On a telephone a frame opens with its boxes in view, until somebody asks for the whole of it. */
  readonly whole: boolean;
  readonly labels: readonly string[];
  /** The label the next drawn box gets. */
  readonly label: string;
  /** Whatever was proposed; see `waiting`. */
  readonly proposed: readonly Proposed[];
  readonly selected: readonly string[];
  readonly armed: boolean;
  readonly hidden: boolean;
  readonly drag: (Drag & { readonly start: Point; readonly far: boolean }) | null;
  readonly past: readonly Work[];
  readonly future: readonly Work[];
  readonly lastSize: Readonly<Record<string, Size>>;
}

/** A frame as it was left, with the steps that can be undone and done again there. */
export type Left = Work & Pick<Editor, "past" | "future">;

export type Action =
  | { readonly do: "load"; readonly frame: Size; readonly boxes: readonly EditorBox[]; readonly labels: readonly string[]; readonly left?: Left }
  | { readonly do: "propose"; readonly boxes: readonly Proposed[] }
  | { readonly do: "accept"; readonly key: string; readonly id?: number }
  | { readonly do: "accept all"; readonly key: string }
  | { readonly do: "reject"; readonly id?: number }
  | { readonly do: "reject all" }
  | { readonly do: "link" }
  | { readonly do: "interpolate"; readonly key: string }
  | { readonly do: "stage"; readonly size: Size }
  | { readonly do: "down"; readonly at: Point; readonly add?: boolean; readonly hand?: boolean; readonly touch?: boolean }
  | { readonly do: "to"; readonly at: Point }
  | { readonly do: "up"; readonly key: string; readonly add?: boolean }
  | { readonly do: "drop" }
  | { readonly do: "arm" }
  | { readonly do: "place"; readonly key: string }
  | { readonly do: "label"; readonly label: string }
  | { readonly do: "nudge"; readonly by: Point }
  | { readonly do: "grow"; readonly by: Point }
  | { readonly do: "delete" }
  | { readonly do: "duplicate"; readonly key: string }
  | { readonly do: "paste"; readonly key: string; readonly boxes: readonly EditorBox[] }
  | { readonly do: "next"; readonly back?: boolean }
  | { readonly do: "select"; readonly key: string; readonly add?: boolean }
  | { readonly do: "all" }
  | { readonly do: "escape" }
  | { readonly do: "undo" }
  | { readonly do: "redo" }
  | { readonly do: "zoom"; readonly factor: number; readonly at?: Point }
  | { readonly do: "pan"; readonly by: Point }
  | { readonly do: "fit" }
  | { readonly do: "to box" }
  | { readonly do: "hide" }
  | { readonly do: "text"; readonly key: string; readonly text: string; readonly status: string };

/** Screen pixels within which a handle or the frame's edge takes the pointer. */
const REACH = 8;
const TOUCH_REACH = 20;
const SNAP = 6;

/** A copied box that covers one of its label by more than this is that one. */
const SAME = 0.7;

/** A proposal that a box of its label covers by this is that box. */
const TAKEN = 0.5;

export const EMPTY: Editor = {
  frame: { width: 1, height: 1 },
  stage: { width: 1, height: 1 },
  view: { scale: 1, x: 0, y: 0 },
  fitted: true,
  whole: false,
  labels: [],
  label: "",
  boxes: [],
  settled: [],
  between: [],
  proposed: [],
  selected: [],
  armed: false,
  hidden: false,
  drag: null,
  past: [],
  future: [],
  lastSize: {},
};

export function edit(state: Editor, action: Action): Editor {
  switch (action.do) {
    case "load":
      return load(state, action);
    case "propose":
      return { ...state, proposed: action.boxes };
    case "accept":
      return accept(state, chosenOf(state, action.id).slice(0, 1), action.key);
    case "accept all":
      return accept(state, waiting(state), action.key);
    case "reject":
      return reject(state, chosenOf(state, action.id).slice(0, 1));
    case "reject all":
      return reject(state, waiting(state));
    case "link":
      return link(state);
    case "interpolate":
      return interpolate(state, action.key);
    case "stage":
      return withStage(state, action.size);
    case "down":
      return down(state, action);
    case "to":
      return to(state, action.at);
    case "up":
      return up(state, action);
    case "drop":
      return { ...state, drag: null };
    case "arm":
      return { ...state, armed: true, selected: [], drag: null };
    case "place":
      return place(state, action.key);
    case "label":
      return relabel(state, action.label);
    case "nudge":
      return change(state, (box) => move(box, action.by, state.frame));
    case "grow":
      return change(state, (box) => resize(box, "se", action.by, state.frame));
    case "delete":
      return remove(state);
    case "duplicate":
      return duplicate(state, action.key);
    case "paste":
      return paste(state, action);
    case "next":
      return next(state, action.back ? -1 : 1);
    case "select":
      return select(state, action.key, action.add ?? false);
    case "all":
      return { ...state, selected: state.boxes.map((box) => box.key) };
    case "escape":
      return escape(state);
    case "undo":
      return undo(state);
    case "redo":
      return redo(state);
    case "zoom":
      return zoom(state, action.factor, action.at);
    case "pan":
      return { ...state, fitted: false, view: pan(state.view, action.by, state) };
    case "fit":
      return fitAll({ ...state, fitted: true, whole: true });
    case "to box":
      return toBox(state);
    case "hide":
      return { ...state, hidden: !state.hidden };
    case "text":
      return withText(state, action);
  }
}

const isNarrow = (stage: Size): boolean => stage.width < 640;
const margin = (stage: Size): number => (isNarrow(stage) ? 0 : 16);

/** On a telephone a frame is 300 pixels wide: its boxes fill the stage then, not the frame. */
function fitAll(state: Editor): Editor {
  const { frame, stage, boxes, whole } = state;
  const [first, ...others] = boxes;
  const all = fit(frame, stage, margin(stage));
  if (!first || whole || !isNarrow(stage)) return { ...state, view: all };
  const near = fitBox(others.reduce(union, first), stage, 0.8);
  return { ...state, view: near.scale > all.scale ? pan(near, { x: 0, y: 0 }, state) : all };
}

function load(state: Editor, { frame, boxes, labels, left }: Extract<Action, { do: "load" }>): Editor {
  const sameSize = frame.width === state.frame.width && frame.height === state.frame.height;
  const fitted = sameSize ? state.fitted : true;
  const loaded: Editor = {
    ...state,
    frame,
    boxes: left?.boxes ?? boxes,
    settled: left?.settled ?? [],
    between: left?.between ?? [],
    proposed: [],
    labels,
    fitted,
    whole: false,
    label: labels.includes(state.label) ? state.label : (labels[0] ?? ""),
    selected: [],
    armed: false,
    drag: null,
    past: left?.past ?? [],
    future: left?.future ?? [],
  };
  return fitted ? fitAll(loaded) : loaded;
}

/** A text is the server's, in every step alike: undoing a move does not bring an old one back. */
function withText(state: Editor, { key, text, status }: Extract<Action, { do: "text" }>): Editor {
  const told = (boxes: readonly EditorBox[]): readonly EditorBox[] =>
    boxes.some((box) => box.key === key && (box.text !== text || box.status !== status)) ? boxes.map((box) => (box.key === key ? { ...box, text, status } : box)) : boxes;
  const all = (steps: readonly Work[]): readonly Work[] => steps.map((step) => ({ ...step, boxes: told(step.boxes) }));
  return { ...state, boxes: told(state.boxes), past: all(state.past), future: all(state.future) };
}

function withStage(state: Editor, stage: Size): Editor {
  return state.fitted ? fitAll({ ...state, stage }) : { ...state, stage };
}

// The pointer. A press decides what a drag would do; only a release changes boxes.

function down(state: Editor, { at, add = false, hand = false, touch = false }: Extract<Action, { do: "down" }>): Editor {
  const point = toFrame(at, state.view);
  const begin = (drag: Drag): Editor => ({ ...state, drag: { ...drag, start: at, far: false } });
  if (hand) return begin({ kind: "pan", view: state.view });
  const draw = (): Editor => begin({ kind: "draw", from: clampPoint(point, state.frame), to: point });
  if (state.armed || state.hidden) return draw();
  if (add) return boxAt(state.boxes, point) === null ? begin({ kind: "band", from: point, to: point }) : draw();
  const reach = (touch ? TOUCH_REACH : REACH) / state.view.scale;
  for (const box of selectedBoxes(state)) {
    const handle = state.selected.length === 1 ? handleAt(box, point, contains(box, point) ? handleReach(box, reach) : reach) : null;
    if (handle) return begin({ kind: "resize", handle, from: point, to: point });
    if (contains(box, point)) return begin({ kind: "move", from: point, to: point });
  }
  return touch ? begin({ kind: "pan", view: state.view }) : draw();
}

/** On a small box the handles leave the middle third free, to move it by. */
const handleReach = (box: Rect, reach: number): number =>
  Math.max(Math.min(reach, Math.min(width(box), height(box)) / 3), reach / 3);

function to(state: Editor, at: Point): Editor {
  const { drag } = state;
  if (drag === null) return state;
  const far = drag.far || Math.hypot(at.x - drag.start.x, at.y - drag.start.y) > CLICK_PIXELS;
  if (drag.kind === "pan") {
    const by = { x: at.x - drag.start.x, y: at.y - drag.start.y };
    return { ...state, fitted: state.fitted && !far, view: pan(drag.view, by, state), drag: { ...drag, far } };
  }
  return { ...state, drag: { ...drag, far, to: toFrame(at, state.view) } };
}

function up(state: Editor, { key, add = false }: Extract<Action, { do: "up" }>): Editor {
  const { drag } = state;
  if (drag === null) return state;
  const rested: Editor = { ...state, drag: null };
  if (!drag.far) return click(rested, toFrame(drag.start, state.view), { add, key });
  if (drag.kind === "pan") return rested;
  if (drag.kind === "band") return selectIn(rested, band(state));
  if (drag.kind !== "draw") return commit(rested, preview(state));
  const rect = drawn(state);
  return rect === null ? rested : create(rested, rect, key);
}

function click(state: Editor, point: Point, { add, key }: { add: boolean; key: string }): Editor {
  if (state.hidden) return state;
  const under = boxAt(state.boxes, point);
  const offered = state.armed || add ? null : boxAt(waiting(state), point);
  if (offered !== null && (under === null || area(offered) < area(under))) return accept(state, [offered], key);
  if (under === null) return add ? state : { ...state, selected: [], armed: false };
  // A second click on a plate's place reaches the car below it, a third the plate again.
  const stack = state.boxes.filter((box) => contains(box, point)).sort((a, b) => area(a) - area(b));
  const at = state.selected.length === 1 ? stack.findIndex((box) => box.key === state.selected[0]) : -1;
  const chosen = add ? under : (stack[(at + 1) % stack.length] ?? under);
  return { ...select(state, chosen.key, add), armed: false };
}

/** The rubber band, or null. */
export function band({ drag }: Pick<Editor, "drag">): Rect | null {
  if (drag?.kind !== "band" || !drag.far) return null;
  const { from, to } = drag;
  return { x1: Math.min(from.x, to.x), y1: Math.min(from.y, to.y), x2: Math.max(from.x, to.x), y2: Math.max(from.y, to.y) };
}

/** What lies wholly in it is chosen, too. */
function selectIn(state: Editor, within: Rect | null): Editor {
  if (within === null) return state;
  const inside = state.boxes.filter((box) => coverage(box, within) === 1).map(({ key }) => key);
  return { ...state, selected: [...new Set([...state.selected, ...inside])] };
}

/** The rectangle being drawn now, or null. */
export function drawn(state: Editor): Rect | null {
  const { drag } = state;
  if (drag?.kind !== "draw" || !drag.far) return null;
  const rect = span(drag.from, drag.to, state.frame);
  return rect && snap(rect, state.frame, SNAP / state.view.scale);
}

/** The boxes as they look in the middle of a drag. */
export function preview(state: Editor): readonly EditorBox[] {
  const { drag, frame } = state;
  if (drag === null || !drag.far || drag.kind === "pan" || drag.kind === "draw" || drag.kind === "band") return state.boxes;
  const by = { x: drag.to.x - drag.from.x, y: drag.to.y - drag.from.y };
  const within = SNAP / state.view.scale;
  return state.boxes.map((box) => {
    if (!state.selected.includes(box.key)) return box;
    if (drag.kind === "resize") return { ...box, ...tidy(snap(resize(box, drag.handle, by, frame), frame, within)) };
    const moved = move(box, by, frame);
    return { ...box, ...tidy(move(moved, toEdge(moved, frame, within), frame)) };
  });
}

// Changing boxes: each of these is one step that can be undone.

function record(state: Editor, work: Partial<Work>): Editor {
  const { boxes, settled, between } = state;
  return { ...state, ...work, past: [...state.past, { boxes, settled, between }], future: [] };
}

function commit(state: Editor, boxes: readonly EditorBox[], settled = state.settled): Editor {
  return record(state, { boxes: relinked(state.boxes, boxes), settled });
}

function create(state: Editor, rect: Rect, key: string): Editor {
  const box: EditorBox = { ...tidy(rect), key, label: state.label, source: "person", confidence: null, text: "", status: "", car: null };
  return {
    ...commit(state, [...state.boxes, box]),
    selected: [key],
    armed: false,
    lastSize: { ...state.lastSize, [state.label]: { width: width(rect), height: height(rect) } },
  };
}

/** Drawing without a mouse: a box in the middle of the view, to be nudged and grown. */
function place(state: Editor, key: string): Editor {
  const middle = clampPoint(toFrame({ x: state.stage.width / 2, y: state.stage.height / 2 }, state.view), state.frame);
  const size = state.lastSize[state.label] ?? { width: state.frame.width / 10, height: state.frame.height / 10 };
  const x = Math.min(Math.max(middle.x, size.width / 2), state.frame.width - size.width / 2);
  const y = Math.min(Math.max(middle.y, size.height / 2), state.frame.height - size.height / 2);
  const rect = span(
    { x: x - size.width / 2, y: y - size.height / 2 },
    { x: x + size.width / 2, y: y + size.height / 2 },
    state.frame,
  );
  return rect === null ? state : create(state, rect, key);
}

function change(state: Editor, how: (box: EditorBox) => Rect): Editor {
  if (state.selected.length === 0) return state;
  const boxes = state.boxes.map((box) =>
    state.selected.includes(box.key) ? { ...box, ...tidy(how(box)) } : box,
  );
  return boxes.every((box, at) => sameRect(box, state.boxes[at] ?? box)) ? state : commit(state, boxes);
}

function relabel(state: Editor, label: string): Editor {
  if (!state.labels.includes(label)) return state;
  const boxes = state.boxes.map((box) => (state.selected.includes(box.key) ? { ...box, label } : box));
  const changed = boxes.some((box, at) => box.label !== state.boxes[at]?.label);
  return { ...(changed ? commit(state, boxes) : state), label };
}

function remove(state: Editor): Editor {
  if (state.selected.length === 0) return state;
  const at = state.boxes.findIndex((box) => state.selected.includes(box.key));
  const left = state.boxes.filter((box) => !state.selected.includes(box.key));
  const heir = state.selected.length === 1 ? (left[at] ?? left[at - 1]) : undefined;
  const gone = selectedBoxes(state);
  const under = state.proposed.filter((one) => gone.some((box) => covers(box, one))).map(({ id }) => id);
  return { ...commit(state, left, together(state.settled, under)), selected: heir ? [heir.key] : [] };
}

function link(state: Editor): Editor {
  const boxes = linkedByHand(state.boxes, state.selected);
  return boxes.every((box, at) => box === state.boxes[at]) ? state : record(state, { boxes });
}

/** The chosen boxes, else all, for the frames between here and where each was last seen. */
function interpolate(state: Editor, key: string): Editor {
  const chosen = state.selected.length > 0 ? selectedBoxes(state) : state.boxes;
  if (chosen.length === 0) return state;
  return record(state, { between: [...state.between, { key, boxes: chosen.map((box) => box.key) }] });
}

function duplicate(state: Editor, key: string): Editor {
  const chosen = selectedBoxes(state);
  if (chosen.length === 0) return state;
  const step = 12 / state.view.scale;
  const copies = copiesOf(chosen, key).map((box) => ({ ...box, ...tidy(move(box, { x: step, y: step }, state.frame)) }));
  return { ...commit(state, [...state.boxes, ...copies]), selected: copies.map((box) => box.key) };
}

function paste(state: Editor, { key, boxes }: Extract<Action, { do: "paste" }>): Editor {
  const copies = copiesOf(boxes, key).flatMap((box) => {
    if (state.boxes.some((there) => there.label === box.label && iou(there, box) > SAME)) return [];
    const rect = span({ x: box.x1, y: box.y1 }, { x: box.x2, y: box.y2 }, state.frame);
    return rect === null ? [] : [{ ...box, ...rect }];
  });
  return copies.length === 0 ? state : { ...commit(state, [...state.boxes, ...copies]), selected: [] };
}

// Proposals. A settled one is not shown again, not even when its box is moved or deleted.

const covers = (box: EditorBox, one: Proposed): boolean => box.label === one.label && iou(box, one) >= TAKEN;

/** The proposals on screen: not settled, and no box of their label is already there. */
export function waiting({ proposed, boxes, settled }: Editor): readonly Proposed[] {
  return proposed.filter((one) => !settled.includes(one.id) && !boxes.some((box) => covers(box, one)));
}

const together = (settled: readonly number[], more: readonly number[]): readonly number[] => {
  const fresh = more.filter((id) => !settled.includes(id));
  return fresh.length === 0 ? settled : [...settled, ...fresh];
};

/** The proposal of this id, else all, the one the keys mean first. */
const chosenOf = (state: Editor, id?: number): readonly Proposed[] =>
  waiting(state).filter((one) => id === undefined || one.id === id);

function accept(state: Editor, chosen: readonly Proposed[], key: string): Editor {
  const boxes = chosen.map(({ id, ...box }): EditorBox => ({
    ...box, ...tidy(box), key: `${key}-${id}`, source: "model", text: "", status: "", car: null, proposal: id,
  }));
  if (boxes.length === 0) return state;
  const settled = together(state.settled, chosen.map(({ id }) => id));
  return { ...commit(state, [...state.boxes, ...boxes], settled), selected: boxes.length === 1 ? boxes.map((box) => box.key) : [] };
}

function reject(state: Editor, chosen: readonly Proposed[]): Editor {
  return chosen.length === 0 ? state : record(state, { settled: together(state.settled, chosen.map(({ id }) => id)) });
}

function undo(state: Editor): Editor {
  const work = state.past.at(-1);
  return work === undefined ? state : back(state, work, { past: state.past.slice(0, -1), future: [workOf(state), ...state.future] });
}

function redo(state: Editor): Editor {
  const work = state.future[0];
  return work === undefined ? state : back(state, work, { past: [...state.past, workOf(state)], future: state.future.slice(1) });
}

const workOf = ({ boxes, settled, between }: Work): Work => ({ boxes, settled, between });

const back = (state: Editor, work: Work, steps: Pick<Editor, "past" | "future">): Editor => ({
  ...state,
  ...work,
  ...steps,
  selected: state.selected.filter((key) => work.boxes.some((box) => box.key === key)),
  drag: null,
});

// Choosing and looking.

export function selectedBoxes(state: Editor): readonly EditorBox[] {
  return state.boxes.filter((box) => state.selected.includes(box.key));
}

function next(state: Editor, step: 1 | -1): Editor {
  const order = listed(state.boxes).map(({ box }) => box.key);
  if (order.length === 0) return state;
  const last = state.selected.at(-1);
  const at = last === undefined ? (step === 1 ? -1 : 0) : order.indexOf(last);
  const key = order[(at + step + order.length) % order.length];
  return key === undefined ? state : { ...state, selected: [key] };
}

function select(state: Editor, key: string, add: boolean): Editor {
  if (!add) return { ...state, selected: [key] };
  const selected = state.selected.includes(key)
    ? state.selected.filter((other) => other !== key)
    : [...state.selected, key];
  return { ...state, selected };
}

function escape(state: Editor): Editor {
  if (state.drag !== null) {
    const view = state.drag.kind === "pan" ? state.drag.view : state.view;
    return { ...state, view, drag: null };
  }
  return state.armed ? { ...state, armed: false } : { ...state, selected: [] };
}

function zoom(state: Editor, factor: number, at: Point | undefined): Editor {
  const whole = fit(state.frame, state.stage, margin(state.stage));
  const chosen = selectedBoxes(state)[0];
  const about = at ?? (chosen ? screenCentre(chosen, state.view) : { x: state.stage.width / 2, y: state.stage.height / 2 });
  const view = zoomAt(state.view, about, factor, whole.scale);
  return view.scale <= whole.scale * 1.0001 && whole.scale <= 1
    ? { ...state, view: whole, fitted: true, whole: true }
    : { ...state, view: pan(view, { x: 0, y: 0 }, state), fitted: false };
}

function screenCentre(rect: Rect, view: View): Point {
  const middle = centre(rect);
  return { x: middle.x * view.scale + view.x, y: middle.y * view.scale + view.y };
}

function toBox(state: Editor): Editor {
  const chosen = selectedBoxes(state)[0];
  return chosen ? { ...state, fitted: false, view: fitBox(chosen, state.stage) } : state;
}

/** Plates smaller than this, in frame pixels, are seldom readable: said once, never refused. */
const SMALL = { width: 30, height: 10 };

export const isSmall = (box: Rect & { readonly label: string }): boolean =>
  isPlate(box) && (width(box) < SMALL.width || height(box) < SMALL.height);
