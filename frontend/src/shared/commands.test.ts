import { expect, test } from "vitest";
import { answersItself, checkCommands, type Command, findCommand, keyLabel, type KeyLike, keyOf, keysOf, matchesKey, pageOf, refusal, rivalsOf, runsFor } from "./commands";
import { giveKey, usualKey, usualKeys } from "./keymap";

const press = (key: string, extra: Partial<KeyLike> = {}): KeyLike =>
  ({ key, code: "", ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...extra });
const command = (id: string, keys: string, extra: Partial<Command> = {}): Command =>
  ({ id, keys, name: { en: id, es: id }, run: () => undefined, ...extra });

test("a letter matches without shift only", () => {
  expect(matchesKey(press("j"), "J", false)).toBe(true);
  expect(matchesKey(press("J", { shiftKey: true }), "J", false)).toBe(false);
  expect(matchesKey(press("X", { shiftKey: true }), "Shift+X", false)).toBe(true);
});

test("a sign that needs shift on some layouts matches by its character", () => {
  expect(matchesKey(press("?", { shiftKey: true }), "?", false)).toBe(true);
  expect(matchesKey(press(".", { code: "NumpadDecimal" }), ".", false)).toBe(false);
});

test("ctrl is cmd on a mac, alt letters go by the physical key", () => {
  expect(matchesKey(press("k", { metaKey: true }), "Ctrl+K", true)).toBe(true);
  expect(matchesKey(press("k", { metaKey: true }), "Ctrl+K", false)).toBe(false);
  expect(matchesKey(press("¬", { code: "KeyL", altKey: true }), "Alt+L", false)).toBe(true);
});

test("a text field keeps plain keys and gives up ctrl keys", () => {
  const table = [command("next", "J"), command("palette", "Ctrl+K"), command("enter", "Enter", { inFields: true })];
  expect(findCommand([table], press("j"), true, false)).toBeUndefined();
  expect(findCommand([table], press("j"), false, false)?.id).toBe("next");
  expect(findCommand([table], press("k", { ctrlKey: true }), true, false)?.id).toBe("palette");
  expect(findCommand([table], press("Enter"), true, false)?.id).toBe("enter");
});

test("the page's command wins over the shell's, one that does not apply gives way", () => {
  const shell = [command("shell", "E")];
  expect(findCommand([shell, [command("page", "E")]], press("e"), false, false)?.id).toBe("page");
  expect(findCommand([shell, [command("page", "E", { when: () => false })]], press("e"), false, false)?.id).toBe("shell");
});

test("two commands on one key are an error", () => {
  expect(() => checkCommands([command("a", "j"), command("b", "J")])).toThrow("share the key");
});

test("keycaps read as people write them", () => {
  expect(keyLabel("Ctrl+ArrowLeft", false)).toBe("Ctrl ←");
  expect(keyLabel("Ctrl+Z", true)).toBe("Cmd Z");
  expect(keyLabel("PageDown", false)).toBe("PgDn");
});

test.each([
  [press("j"), "J"], [press("J", { shiftKey: true }), "Shift+J"], [press("?", { shiftKey: true }), "?"],
  [press("¬", { code: "KeyL", altKey: true }), "Alt+L"], [press(" ", { code: "Space" }), "Space"],
  [press("ArrowUp", { shiftKey: true, ctrlKey: true }), "Ctrl+Shift+ArrowUp"],
])("a pressed key is written so that it matches again", (event, written) => {
  expect(keyOf(event, false)).toBe(written);
  expect(matchesKey(event, written, false)).toBe(true);
});

test("a person's own key takes the place of the usual ones until it is taken back", () => {
  const next = command("next", "J", { mapId: "frames.next" });
  giveKey("frames.next", "Alt+N");
  expect(findCommand([[next]], press("j"), false, false)).toBeUndefined();
  expect(findCommand([[next]], press("n", { code: "KeyN", altKey: true }), false, false)?.id).toBe("next");
  usualKey("frames.next");
  expect(keysOf(next)).toEqual(["J"]);
  giveKey("frames.next", "Y");
  usualKeys();
  expect(keysOf(next)).toEqual(["J"]);
});

test("a key that is another command's, the browser's or typed is refused", () => {
  const [save, back] = [command("save", "Enter", { mapId: "t.save", inFields: true }), command("back", "PageUp", { mapId: "t.back" })];
  expect(refusal(save, "PageUp", [save, back])).toMatchObject({ why: "taken", by: { id: "back" } });
  expect(refusal(save, "Enter", [save, back])).toBeNull();
  expect(refusal(save, "A", [save, back])).toEqual({ why: "typed" });
  expect(refusal(back, "A", [save, back])).toBeNull();
  expect(refusal(back, "Ctrl+W", [])).toEqual({ why: "reserved" });
});

test("the page is the first word behind the project", () => {
  expect([pageOf("/p/3/frames/12"), pageOf("/p/3"), pageOf("/projects")]).toEqual(["frames", "", ""]);
});

test("a key is also refused for a command of the page, or of any page for one that works everywhere, that is not on screen", () => {
  const [play, choose, done, help] = ["videos.play", "videos.choose", "frames.done", ".help"].map((mapId) => command(mapId, "", { mapId }));
  if (!play || !choose || !done || !help) throw new Error();
  const met = [play, choose, done, help];
  expect(rivalsOf(play, [play], met)).toEqual([play, play, choose, help]);
  expect(rivalsOf(help, [help], met)).toEqual([help, ...met]);
});

test("a key held down accepts one plate, not thirty, but goes on moving", () => {
  const held = (key: string) => ({ key, repeat: true });
  expect(runsFor(command("a", "Enter"), { key: "Enter", repeat: false })).toBe(true);
  expect(runsFor(command("a", "Enter"), held("Enter"))).toBe(false);
  expect(runsFor(command("a", ".", { once: true }), held("."))).toBe(false);
  expect(runsFor(command("a", "ArrowLeft"), held("ArrowLeft"))).toBe(true);
});

test("Space is a checkbox's own key, arrows are a slider's", () => {
  expect(answersItself("checkbox", " ")).toBe(true);
  expect(answersItself("checkbox", "Enter")).toBe(false);
  expect(answersItself("range", "ArrowLeft")).toBe(true);
  expect(answersItself("button", "ArrowLeft")).toBe(false);
});
