import { describe, expect, it } from "vitest";

import { toScreen } from "./geometry";
import { changes, sameBoxes } from "./changes";
import { type Action, type Editor, type EditorBox, type Proposed, EMPTY, drawn, edit, isSmall, preview, waiting } from "./editor";

const FRAME = { width: 1000, height: 500 };
const box = (key: string, x1: number, y1: number, x2: number, y2: number, label = "car"): EditorBox => ({
  key,
  label,
  x1,
  y1,
  x2,
  y2,
  source: "person",
  confidence: null,
  text: "",
  status: "",
  car: null,
});
const CAR = box("car", 100, 100, 500, 400);
const PLATE = box("plate", 250, 350, 350, 380, "plate");

/** Stage and frame have one size, so screen and frame pixels are the same. */
const start = (...boxes: EditorBox[]): Editor => {
  const loaded = edit(EMPTY, { do: "load", frame: FRAME, boxes, labels: ["car", "plate"] });
  return { ...loaded, stage: FRAME, view: { scale: 1, x: 0, y: 0 }, fitted: false };
};
const run = (state: Editor, ...actions: Action[]): Editor => actions.reduce(edit, state);
const drag = (from: [number, number], to: [number, number], key = "new"): Action[] => [
  { do: "down", at: { x: from[0], y: from[1] } },
  { do: "to", at: { x: to[0], y: to[1] } },
  { do: "up", key },
];
const clickAt = (x: number, y: number, add = false): Action[] => [
  { do: "down", at: { x, y }, add },
  { do: "up", key: "unused", add },
];

describe("drawing", () => {
  it("a drag on the picture makes a selected box with the chosen label", () => {
    const state = run(start(), { do: "label", label: "plate" }, ...drag([20, 30], [120, 70]));
    expect(state.boxes).toEqual([{ ...box("new", 20, 30, 120, 70, "plate") }]);
    expect(state.selected).toEqual(["new"]);
  });

  it("over an unselected car draws a plate inside it", () => {
    const state = run(start(CAR), ...drag([200, 300], [300, 340]));
    expect(state.boxes).toHaveLength(2);
    expect(state.boxes[0]).toBe(CAR);
  });

  it("is shown while the button is down and leaves nothing after Escape", () => {
    const state = run(start(), { do: "down", at: { x: 20, y: 30 } }, { do: "to", at: { x: 60, y: 80 } });
    expect(drawn(state)).toEqual({ x1: 20, y1: 30, x2: 60, y2: 80 });
    expect(run(state, { do: "escape" }, { do: "up", key: "new" }).boxes).toEqual([]);
  });

  it("armed by N draws even over a selected box", () => {
    const state = run(start(CAR), { do: "select", key: "car" }, { do: "arm" }, ...drag([200, 300], [300, 340]));
    expect(state.boxes.map(({ key }) => key)).toEqual(["car", "new"]);
    expect(state.armed).toBe(false);
  });

  it("without a mouse puts a box in the middle, with the last size of its label", () => {
    const state = run(start(), ...drag([0, 0], [60, 40]), { do: "place", key: "placed" });
    expect(state.boxes[1]).toMatchObject({ x1: 470, y1: 230, x2: 530, y2: 270 });
  });

  it("near the frame's edge snaps to it, and so does a box that is moved there", () => {
    const state = run(start(), ...drag([4, 30], [996, 70]));
    expect(state.boxes[0]).toMatchObject({ x1: 0, x2: 1000, y1: 30, y2: 70 });
    const moved = run(start(CAR), { do: "select", key: "car" }, ...drag([300, 250], [205, 346]));
    expect(moved.boxes[0]).toMatchObject({ x1: 0, x2: 400, y1: 200, y2: 500 });
  });
});

describe("selecting", () => {
  it("a click takes the smallest box and a second one the box below it", () => {
    const one = run(start(CAR, PLATE), ...clickAt(300, 360));
    expect(one.selected).toEqual(["plate"]);
    expect(run(one, ...clickAt(300, 360)).selected).toEqual(["car"]);
    expect(run(one, ...clickAt(900, 20)).selected).toEqual([]);
  });

  it("with Shift a band from an empty place adds what lies wholly in it", () => {
    const pull = (from: [number, number], to: [number, number]): Action[] => drag(from, to).map((one) => (one.do === "down" ? { ...one, add: true } : one));
    const other = box("other", 600, 100, 700, 200);
    const cut = box("cut", 700, 300, 900, 480);
    const all = run(start(CAR, PLATE, other, cut), ...clickAt(650, 150), ...pull([550, 450], [90, 90]));
    expect(all.selected).toEqual(["other", "car", "plate"]);
    expect(all.boxes).toHaveLength(4);
    expect(run(start(CAR, other, cut), ...pull([550, 50], [800, 400])).selected).toEqual(["other"]);
    expect(run(start(CAR), ...pull([200, 200], [300, 300])).boxes).toHaveLength(2); // begun on a box it draws
    expect(run(start(CAR), ...pull([550, 50], [560, 60])).boxes).toHaveLength(1);
  });

  it("with Shift adds and takes away", () => {
    const both = run(start(CAR, PLATE), ...clickAt(300, 360), ...clickAt(150, 150, true));
    expect(both.selected).toEqual(["plate", "car"]);
    expect(run(both, ...clickAt(150, 150, true)).selected).toEqual(["plate"]);
  });

  it("Tab goes through cars, each followed by its plates, and round", () => {
    let state = start(PLATE, CAR, box("other", 600, 0, 700, 90));
    const seen = [1, 2, 3, 4].map(() => {
      state = edit(state, { do: "next" });
      return state.selected[0];
    });
    expect(seen).toEqual(["car", "plate", "other", "car"]);
    expect(edit(start(CAR, PLATE), { do: "next", back: true }).selected).toEqual(["plate"]);
  });
});

describe("changing", () => {
  const chosen = run(start(CAR, PLATE), { do: "select", key: "plate" });

  it("a drag inside the selected box moves it", () => {
    expect(run(chosen, ...drag([300, 365], [310, 385])).boxes[1]).toMatchObject({ x1: 260, y1: 370, x2: 360, y2: 400 });
  });

  it("a drag at a handle resizes it", () => {
    expect(run(chosen, ...drag([350, 380], [371, 391])).boxes[1]).toMatchObject({ x1: 250, y1: 350, x2: 371, y2: 391 });
  });

  it("a finger takes a handle from beside the box, and a small box by its middle", () => {
    const finger = (from: [number, number], to: [number, number]): Action[] => [
      { do: "down", at: { x: from[0], y: from[1] }, touch: true },
      { do: "to", at: { x: to[0], y: to[1] } },
      { do: "up", key: "" },
    ];
    expect(run(chosen, ...finger([365, 395], [385, 405])).boxes[1]).toMatchObject({ x1: 250, y1: 350, x2: 370, y2: 390 });
    expect(run(chosen, ...finger([300, 365], [310, 385])).boxes[1]).toMatchObject({ x1: 260, x2: 360 });
    expect(run(chosen, ...finger([700, 100], [710, 120])).boxes).toEqual(chosen.boxes);
  });

  it("is seen before the release and undone in one step after it", () => {
    const moving = run(chosen, { do: "down", at: { x: 300, y: 365 } }, { do: "to", at: { x: 400, y: 365 } });
    expect(preview(moving)[1]?.x1).toBe(350);
    expect(moving.boxes[1]?.x1).toBe(250);
    const moved = edit(moving, { do: "up", key: "" });
    expect(edit(moved, { do: "undo" }).boxes).toEqual(chosen.boxes);
  });

  it("nudge and grow stop at the frame", () => {
    const far = run(chosen, { do: "nudge", by: { x: 9999, y: 0 } }, { do: "grow", by: { x: 5, y: 5 } });
    expect(far.boxes[1]).toMatchObject({ x1: 900, x2: 1000, y1: 350, y2: 385 });
    expect(edit(far, { do: "nudge", by: { x: 5, y: 0 } })).toBe(far);
  });

  it("a number key labels what is selected, and the next box", () => {
    const state = edit(chosen, { do: "label", label: "car" });
    expect(state.boxes[1]?.label).toBe("car");
    expect(state.label).toBe("car");
    expect(edit(chosen, { do: "label", label: "bus" })).toBe(chosen);
  });

  it("delete selects the neighbour, and duplicate the copy", () => {
    expect(edit(chosen, { do: "delete" })).toMatchObject({ boxes: [CAR], selected: ["car"] });
    const copied = edit(chosen, { do: "duplicate", key: "copy" });
    expect(copied.boxes[2]).toMatchObject({ key: "copy-0", x1: 262, y1: 362, label: "plate" });
  });

  it("pasted boxes of another frame are clipped to this one", () => {
    const state = edit(start(), { do: "paste", key: "p", boxes: [box("a", 900, 400, 1200, 600), box("b", 1100, 0, 1200, 90)] });
    expect(state.boxes).toHaveLength(1);
    expect(state.boxes[0]).toMatchObject({ key: "p-0", x2: 1000, y2: 500 });
  });

  it("pasted boxes that are there already are not doubled", () => {
    const state = edit(start(CAR), { do: "paste", key: "p", boxes: [{ ...CAR, x1: 110 }, { ...CAR, label: "plate" }] });
    expect(state.boxes.map(({ label }) => label)).toEqual(["car", "plate"]);
  });
});

describe("history", () => {
  it("undo and redo walk through every step and forget the future after a new one", () => {
    const drawnTwice = run(start(), ...drag([10, 10], [60, 60], "a"), ...drag([200, 10], [260, 60], "b"));
    const back = run(drawnTwice, { do: "undo" }, { do: "undo" }, { do: "undo" });
    expect(back.boxes).toEqual([]);
    const forth = run(back, { do: "redo" }, { do: "redo" }, { do: "redo" });
    expect(forth.boxes).toEqual(drawnTwice.boxes);
    expect(run(back, ...drag([300, 300], [400, 400], "c")).future).toEqual([]);
  });

  it("goes on where it was when a frame is opened again", () => {
    const state = run(start(), ...drag([10, 10], [60, 60], "a"));
    const { boxes, settled, between, past, future } = state;
    const away = edit(state, { do: "load", frame: FRAME, boxes: [CAR], labels: ["car"] });
    expect(away.past).toEqual([]);
    const home = edit(away, { do: "load", frame: FRAME, boxes: [], labels: ["car"], left: { boxes, settled, between, past, future } });
    expect(home.boxes).toBe(boxes);
    expect(edit(home, { do: "undo" }).boxes).toEqual([]);
  });

  it("a text is what the server last said, in every step", () => {
    const state = run(start(PLATE), { do: "select", key: "plate" }, { do: "nudge", by: { x: 1, y: 0 } }, { do: "text", key: "plate", text: "PBA1", status: "readable" });
    expect(edit(state, { do: "undo" }).boxes[0]).toEqual({ ...PLATE, text: "PBA1", status: "readable" });
  });

  it("interpolating is a step of the chosen boxes, else of all", () => {
    expect(edit(start(), { do: "interpolate", key: "k" }).past).toEqual([]);
    const state = edit(start(CAR, PLATE), { do: "interpolate", key: "k" });
    expect(state.between).toEqual([{ key: "k", boxes: ["car", "plate"] }]);
    const one = run(state, { do: "undo" }, { do: "select", key: "car" }, { do: "interpolate", key: "l" });
    expect(one.between).toEqual([{ key: "l", boxes: ["car"] }]);
  });

  it("looking around is no step", () => {
    const state = run(start(CAR), { do: "zoom", factor: 2 }, { do: "select", key: "car" }, { do: "to box" }, { do: "hide" });
    expect(state.past).toEqual([]);
  });
});

describe("saving", () => {
  it("is the difference of two lists", () => {
    const moved = { ...CAR, x1: 90 };
    const made = box("new", 0, 0, 9, 9);
    expect(changes([CAR, PLATE], [moved, made])).toEqual([
      { kind: "delete", key: "plate" },
      { kind: "create", box: made },
      { kind: "change", box: moved },
    ]);
  });

  it("what the server says about a box is no change", () => {
    expect(changes([PLATE], [{ ...PLATE, text: "ABC1234" }])).toEqual([]);
    expect(sameBoxes([PLATE], [{ ...PLATE, text: "ABC1234" }])).toBe(true);
    expect(sameBoxes([PLATE], [CAR])).toBe(false);
    expect(sameBoxes([PLATE], [])).toBe(false);
  });

  it("a car is there before the plates that belong to it", () => {
    const plate = { ...PLATE, car: "car" };
    expect(changes([PLATE], [plate, CAR]).map(({ kind }) => kind)).toEqual(["create", "change"]);
    expect(changes([], [plate, CAR]).map((change) => change.kind === "create" && change.box.key)).toEqual(["car", "plate"]);
  });
});

it("a frame of the same size keeps the zoom, another one is shown whole", () => {
  const zoomed = run(start(CAR), { do: "zoom", factor: 3, at: { x: 10, y: 10 } });
  const same = edit(zoomed, { do: "load", frame: FRAME, boxes: [], labels: ["car"] });
  expect(same.view).toEqual(zoomed.view);
  const other = edit(zoomed, { do: "load", frame: { width: 640, height: 480 }, boxes: [], labels: ["car"] });
  expect(other.fitted).toBe(true);
});

it("on a telephone a frame opens with its boxes in view, until the whole is asked for", () => {
  const phone = edit(edit(EMPTY, { do: "stage", size: { width: 390, height: 300 } }), { do: "load", frame: FRAME, boxes: [CAR, PLATE], labels: [] });
  expect(phone.view.scale).toBeCloseTo(0.78);
  expect(toScreen({ x: 300, y: 250 }, phone.view)).toEqual({ x: 195, y: 150 });
  const whole = run(phone, { do: "fit" }, { do: "stage", size: { width: 390, height: 200 } });
  expect(whole.view.scale).toBeCloseTo(0.39);
  expect(edit(phone, { do: "load", frame: FRAME, boxes: [], labels: [] }).view.scale).toBeCloseTo(0.39);
});

it("a tiny plate is called small, a tiny car is not", () => {
  expect(isSmall(box("p", 0, 0, 29, 20, "plate"))).toBe(true);
  expect(isSmall(box("c", 0, 0, 29, 20, "car"))).toBe(false);
});

describe("suggestions", () => {
  const offer = (id: number, { label, x1, y1, x2, y2 }: EditorBox): Proposed => ({ id, label, x1, y1, x2, y2, confidence: 0.9 });
  const offered = (...boxes: EditorBox[]): Editor =>
    edit(start(...boxes), { do: "propose", boxes: [offer(1, CAR), offer(2, PLATE)] });
  const ids = (state: Editor): number[] => waiting(state).map(({ id }) => id);

  it("wait unless a box of their label is there already", () => {
    expect(ids(offered())).toEqual([1, 2]);
    expect(ids(offered(box("near", 110, 100, 500, 390)))).toEqual([2]);
    expect(ids(offered(box("far", 100, 100, 200, 200)))).toEqual([1, 2]);
    expect(ids(offered({ ...CAR, label: "plate" }))).toEqual([1, 2]);
  });

  it("accepting one makes a selected box of the model, and undoing offers it again", () => {
    const state = run(offered(), { do: "accept", key: "new" });
    expect(state.boxes).toEqual([{ ...CAR, key: "new-1", source: "model", confidence: 0.9, proposal: 1 }]);
    expect(state.selected).toEqual(["new-1"]);
    expect(ids(state)).toEqual([2]);
    expect(ids(run(state, { do: "undo" }))).toEqual([1, 2]);
  });

  it("a click accepts the smaller of what is under it", () => {
    const state = run(offered(), ...clickAt(300, 360));
    expect(state.boxes.map(({ label }) => label)).toEqual(["plate"]);
    expect(run(offered(CAR), ...clickAt(150, 150)).selected).toEqual(["car"]);
  });

  it("all are accepted in one step", () => {
    const state = run(offered(), { do: "accept all", key: "new" });
    expect(state.boxes.map(({ key }) => key)).toEqual(["new-1", "new-2"]);
    expect(ids(state)).toEqual([]);
    expect(run(state, { do: "undo" }).boxes).toEqual([]);
  });

  it("a rejected one is gone, and the next comes first", () => {
    const state = run(offered(), { do: "reject" });
    expect(ids(state)).toEqual([2]);
    expect(ids(run(state, { do: "reject", id: 2 }))).toEqual([]);
    expect(edit(start(), { do: "reject" }).boxes).toEqual([]);
  });

  it("rejecting one or all is a step that can be undone and done again", () => {
    const none = run(offered(), { do: "reject all" });
    expect(ids(none)).toEqual([]);
    const again = run(none, { do: "undo" });
    expect(ids(again)).toEqual([1, 2]);
    expect(run(again, { do: "redo" }).settled).toEqual([1, 2]);
  });

  it("an accepted one that is moved or deleted is not offered again", () => {
    const accepted = run(offered(), { do: "accept", key: "new" });
    expect(ids(run(accepted, { do: "nudge", by: { x: 400, y: 0 } }))).toEqual([2]);
    const deleted = run(accepted, { do: "delete" });
    expect(ids(deleted)).toEqual([2]);
    expect(ids(run(deleted, { do: "undo" }, { do: "undo" }))).toEqual([1, 2]);
  });

  it("one under a box that a person deletes goes with it", () => {
    const state = run(offered(CAR), { do: "select", key: "car" }, { do: "delete" });
    expect(ids(state)).toEqual([2]);
    expect(ids(run(state, { do: "undo" }, { do: "nudge", by: { x: 0, y: 1 } }))).toEqual([2]);
  });

  it("those of another frame do not stay", () => {
    expect(ids(edit(offered(), { do: "load", frame: FRAME, boxes: [], labels: ["car"] }))).toEqual([]);
  });
});
