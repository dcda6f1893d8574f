import { expect, it } from "vitest";

import { checkCommands, findCommand } from "../shared/commands";
import { transcribeCommands } from "./commands";
import type { SessionAction } from "./session";

function table() {
  const done: SessionAction[] = [];
  const commands = transcribeCommands({
    dispatch: (action) => done.push(action),
    look: () => undefined,
    frame: () => undefined,
    frameShown: () => false, saveWhole: () => undefined,
    now: () => 5,
    newKey: () => "key",
  });
  const press = (key: string, { code = "", shiftKey = false, altKey = false, ctrlKey = false } = {}): boolean => {
    const command = findCommand([commands], { key, code, shiftKey, altKey, ctrlKey, metaKey: false }, true, false);
    command?.run();
    return command !== undefined;
  };
  return { commands, done, press };
}

it("no two commands share a key", () => {
  expect(() => checkCommands(table().commands)).not.toThrow();
});

it("the keys of one plate work while typing", () => {
  const { done, press } = table();
  press("Enter");
  press(".");
  press(",");
  press("PageDown");
  press("l", { code: "KeyL", altKey: true });
  expect(done.map((action) => action.do)).toEqual(["enter", "unreadable", "unknown", "skip", "last text"]);
});

it("the point of the number pad and plain letters are typed", () => {
  const { press } = table();
  expect(press(".", { code: "NumpadDecimal" })).toBe(false);
  expect(press("A", { code: "KeyA" })).toBe(false);
});

it("Escape is left to others while no frame is shown", () => {
  expect(table().press("Escape")).toBe(false);
});
