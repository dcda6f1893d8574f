import { describe, expect, it } from "vitest";

import { type Editor, type EditorBox, EMPTY, edit } from "./editor";
import { listed, plateToRead } from "./links";

const box = (key: string, label: string, [x1, y1, x2, y2]: [number, number, number, number], more: Partial<EditorBox> = {}): EditorBox => ({
  key, label, x1, y1, x2, y2, source: "person", confidence: null, text: "", status: "", car: null, ...more,
});
const CAR = box("car", "car", [100, 100, 500, 400]);
const OTHER = box("other", "car", [300, 100, 700, 400]);
const PLATE = box("plate", "plate", [350, 300, 450, 330]);
const FAR = box("far", "plate", [800, 300, 900, 330]);

const start = (...boxes: EditorBox[]): Editor => {
  const loaded = edit(EMPTY, { do: "load", frame: { width: 1000, height: 500 }, boxes, labels: ["car", "plate"] });
  return { ...loaded, stage: { width: 1000, height: 500 }, view: { scale: 1, x: 0, y: 0 }, fitted: false };
};
const nudged = (state: Editor, key: string, x: number): Editor =>
  edit(edit(state, { do: "select", key }), { do: "nudge", by: { x, y: 0 } });
const pasted = (state: Editor, ...boxes: EditorBox[]): Editor => edit(state, { do: "paste", key: "new", boxes });
const carOf = (state: Editor, key = "plate"): string | null | undefined => state.boxes.find((one) => one.key === key)?.car;
const linked = (state: Editor, ...selected: string[]): Editor => edit({ ...state, selected }, { do: "link" });

describe("by itself", () => {
  it("a plate is linked to the one car it lies in", () => {
    expect(carOf(pasted(start(CAR), PLATE), "new-0")).toBe("car");
    expect(carOf(pasted(start(CAR, OTHER), PLATE), "new-0")).toBe(null);
    expect(carOf(pasted(start(CAR), FAR), "new-0")).toBe(null);
  });

  it("a car drawn around a plate takes it", () => {
    expect(carOf(pasted(start(PLATE), CAR))).toBe("new-0");
    expect(carOf(pasted(start(PLATE, FAR), CAR), "far")).toBe(null);
  });

  it("a plate that is moved out is let go, and a car that is deleted lets go of its plates", () => {
    const state = pasted(start(CAR), PLATE);
    expect(carOf(nudged(state, "new-0", 300), "new-0")).toBe(null);
    const gone = edit(edit(state, { do: "select", key: "car" }), { do: "delete" });
    expect(carOf(gone, "new-0")).toBe(null);
    expect(carOf(edit(gone, { do: "undo" }), "new-0")).toBe("car");
  });

  it("what is on the frame already stays as it is while other boxes move", () => {
    expect(carOf(nudged(start(CAR, PLATE, FAR), "far", 5))).toBe(null);
  });

  it("a plate that becomes a car belongs to none", () => {
    const state = start(CAR, { ...PLATE, car: "car" });
    expect(carOf(edit(edit(state, { do: "select", key: "plate" }), { do: "label", label: "car" }))).toBe(null);
  });

  it("copies are linked among themselves", () => {
    const copies = edit(start(), { do: "paste", key: "new", boxes: [{ ...FAR, car: "car" }, CAR] });
    expect(copies.boxes.map(({ key, car }) => [key, car])).toEqual([["new-0", null], ["new-1", null]]);
    const inside = edit(start(), { do: "paste", key: "new", boxes: [{ ...PLATE, car: "other" }, CAR, OTHER] });
    expect(carOf(inside, "new-0")).toBe("new-2");
  });
});

describe("by hand", () => {
  it("a plate goes through the cars it lies in and then to none", () => {
    const one = linked(start(OTHER, CAR, PLATE), "plate");
    expect(carOf(one)).toBe("other");
    const two = linked(one, "plate");
    expect(carOf(two)).toBe("car");
    expect(carOf(linked(two, "plate"))).toBe(null);
    expect(carOf(edit(two, { do: "undo" }))).toBe("other");
  });

  it("a plate and a car that are both chosen become linked, or part", () => {
    const both = linked(start(CAR, FAR), "far", "car");
    expect(carOf(both, "far")).toBe("car");
    expect(carOf(nudged(both, "car", 5), "far")).toBe(null);
    expect(carOf(linked(both, "car", "far"), "far")).toBe(null);
  });

  it("stays when something else moves, also where the plate lies in another car", () => {
    const let_go = linked(linked(start(CAR, PLATE, FAR), "plate"), "plate");
    expect(carOf(let_go)).toBe(null);
    expect(carOf(nudged(let_go, "far", 5))).toBe(null);
  });

  it("without a plate, or with two cars, changes nothing", () => {
    const state = start(CAR, OTHER, PLATE, FAR);
    expect(linked(state, "car").past).toEqual([]);
    expect(linked(state, "car", "other", "plate").past).toEqual([]);
    expect(linked(state, "far").past).toEqual([]);
  });
});

it("plates are listed below their car, else below the smallest around them; cars are counted", () => {
  const small = box("small", "car", [340, 290, 460, 340]);
  const lines = (...boxes: EditorBox[]) => listed(boxes).map(({ box: { key }, inside, number }) => [key, inside, number]);
  expect(lines(CAR, small, PLATE, FAR)).toEqual([["car", false, 1], ["small", false, 2], ["plate", true, 0], ["far", false, 1]]);
  expect(lines(CAR, small, { ...PLATE, car: "car" })).toEqual([["car", false, 1], ["plate", true, 0], ["small", false, 2]]);
});

it("the plate that is read is the chosen one, the chosen car's, else the first unread", () => {
  const boxes = [CAR, { ...PLATE, car: "car", status: "readable" }, FAR];
  expect(plateToRead(boxes, ["plate"])).toBe("plate");
  expect(plateToRead(boxes, ["car"])).toBe("plate");
  expect(plateToRead(boxes, [])).toBe("far");
  expect(plateToRead([CAR], ["car"])).toBe(null);
});
