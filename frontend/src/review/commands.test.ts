import { expect, it } from "vitest";

import { checkCommands, findCommand } from "../shared/commands";
import { reviewCommands, writingCommands } from "./commands";
import { type Review, NOTHING } from "./review";

function table(mode: Review["mode"]) {
  const done: string[] = [];
  const hands = {
    state: () => ({ ...NOTHING, mode, alphabet: "AB" }),
    decide: (action: { do: string; reason?: string }) => done.push(action.reason ?? action.do),
    undo: () => done.push("undo"),
    player: {
      toggle: () => done.push("toggle"),
      playThis: () => done.push("this"),
      frames: (count: number) => done.push(`frames ${count}`),
      seconds: (count: number) => done.push(`seconds ${count}`),
      moment: () => done.push("moment"),
    },
    overlay: () => done.push("overlay"),
    check: () => done.push("check"),
    checkAll: () => done.push("check all"),
    split: () => done.push("split"),
    sure: () => done.push("sure"),
    zoom: (factor: number) => done.push(`zoom ${factor}`),
    newKey: () => "key",
  };
  const tables = [reviewCommands(hands), writingCommands(hands)];
  const press = (key: string, { code = "", shiftKey = false, inField = mode === "edit" || mode === "add" } = {}): void => {
    findCommand(tables, { key, code, shiftKey, altKey: false, ctrlKey: false, metaKey: false }, inField, false)?.run();
  };
  return { tables, done, press };
}

it("no two commands of a table share a key", () => {
  for (const one of table("look").tables) expect(() => checkCommands(one)).not.toThrow();
});

it("looking: arrows and space belong to the video", () => {
  const { done, press } = table("look");
  press("ArrowLeft");
  press("ArrowRight", { shiftKey: true });
  press(" ", { code: "Space" });
  press("p");
  press("1");
  expect(done).toEqual(["frames -1", "seconds 1", "toggle", "this"]);
});

it("looking: N adds what was missed, C and Shift C say what is checked", () => {
  const { done, press } = table("look");
  press("n");
  press("c");
  press("C", { shiftKey: true });
  expect(done).toEqual(["add", "check", "check all"]);
});

it("drawing: only leaving does anything", () => {
  const { done, press } = table("draw");
  for (const key of ["Enter", "x", "c", "j", "Escape"]) press(key);
  expect(done).toEqual(["look"]);
});

it("editing: they belong to the text, and letters are typed", () => {
  const { done, press } = table("edit");
  press("ArrowLeft");
  press(" ", { code: "Space" });
  press("x");
  press("Enter");
  press("Escape");
  expect(done).toEqual(["field", "field", "enter", "look"]);
});

it("rejecting: a number is the reason and Enter is nothing", () => {
  const { done, press } = table("reject");
  press("Enter");
  press("2");
  expect(done).toEqual(["duplicate"]);
});

it("looking: tracks are merged and split, the sure ones accepted, the tenth walked", () => {
  const { done, press } = table("look");
  for (const key of ["m", "s", "b", "t", "g", "1"]) press(key);
  expect(done).toEqual(["merge", "split", "sure", "next sampled", "moment"]);
});

it("splitting: letters are typed and Enter goes on", () => {
  const { done, press } = table("split");
  press("m", { inField: true });
  press("Enter", { inField: true });
  expect(done).toEqual(["enter"]);
});
