import { expect, it } from "vitest";

import { checkCommands, findCommand } from "../shared/commands";
import { boxCommands } from "./commands";
import { type Action, type Editor, EMPTY } from "./editor";

function table(editor: Partial<Editor> = {}, onCanvas = true) {
  const done: (Action | string)[] = [];
  const commands = boxCommands({
    edit: (action) => done.push(action),
    editor: () => ({ ...EMPTY, ...editor }),
    newKey: () => "key",
    onCanvas: () => onCanvas,
    leaveCanvas: () => done.push("leave"),
    done: () => done.push("done"),
    nothingHere: () => done.push("nothing"),
    copyToNext: () => done.push("copy"),
    go: (step) => done.push(`go ${step}`),
    toTime: () => done.push("time"),
    write: () => done.push("write"),
    link: () => done.push("link"),
    interpolate: () => done.push("interpolate"),
    nextNeeds: () => done.push("needs"),
    history: () => done.push("history"),
  }, ["car", "plate"]);
  const press = (key: string, held: { shiftKey?: boolean; ctrlKey?: boolean } = {}): boolean => {
    const event = { key, code: "", shiftKey: false, ctrlKey: false, altKey: false, metaKey: false, ...held };
    const command = findCommand([commands], event, false, false);
    command?.run();
    return command !== undefined;
  };
  return { commands, done, press };
}

it("no two commands share a key", () => {
  expect(() => checkCommands(table().commands)).not.toThrow();
});

it("arrows nudge by one, with Shift by ten, with Ctrl resize", () => {
  const { done, press } = table({ selected: ["a"] });
  press("ArrowLeft");
  press("ArrowDown", { shiftKey: true });
  press("ArrowRight", { ctrlKey: true });
  expect(done).toEqual([
    { do: "nudge", by: { x: -1, y: 0 } },
    { do: "nudge", by: { x: 0, y: 10 } },
    { do: "grow", by: { x: 1, y: 0 } },
  ]);
});

it("without a selection arrows are left to the page", () => {
  expect(table().press("ArrowLeft")).toBe(false);
});

it("suggestions have their keys only while some are on screen", () => {
  expect(table().press("a")).toBe(false);
  const { done, press } = table({ proposed: [{ id: 7, label: "car", x1: 0, y1: 0, x2: 9, y2: 9, confidence: 0.9 }] });
  press("a");
  press("A", { shiftKey: true });
  press("x");
  press("X", { shiftKey: true });
  expect(done).toEqual([{ do: "accept", key: "key" }, { do: "accept all", key: "key" }, { do: "reject" }, { do: "reject all" }]);
});

it("plates are written, linked and interpolated by one key each", () => {
  const { done, press } = table({ selected: ["a"] });
  for (const key of ["t", "l", "i", "u", "y"]) press(key);
  expect(done).toEqual(["write", "link", "interpolate", "needs", "history"]);
});

it("N arms, N again puts a box in the middle", () => {
  const first = table();
  first.press("n");
  expect(first.done).toEqual([{ do: "arm" }]);
  const second = table({ armed: true });
  second.press("n");
  expect(second.done).toEqual([{ do: "place", key: "key" }]);
});

it("Tab belongs to the canvas while it has the focus", () => {
  expect(table({}, true).press("Tab")).toBe(true);
  expect(table({}, false).press("Tab")).toBe(false);
});

it("Escape lets go step by step and then leaves the canvas", () => {
  const held = table({ selected: ["a"] });
  held.press("Escape");
  expect(held.done).toEqual([{ do: "escape" }]);
  const free = table();
  free.press("Escape");
  expect(free.done).toEqual(["leave"]);
});

it("numbers are the labels there are", () => {
  const { done, press } = table();
  expect(press("2")).toBe(true);
  expect(press("3")).toBe(false);
  expect(done).toEqual([{ do: "label", label: "plate" }]);
});
