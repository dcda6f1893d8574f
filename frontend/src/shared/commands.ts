/**
 * Every command is one entry of a table: name, key, when it applies, what it does. Buttons,
 * shortcuts, the palette and the help sheet all come from it.
 *
 * Keys are written "Enter", ".", "J", "Shift+ArrowLeft", "Ctrl+Z", "Alt+L", "F1". Ctrl is Cmd on
 * a Mac. Letters match without Shift unless the key says Shift; Alt combinations match by the
 * physical key, because Alt changes the character on many layouts.
 */
import { useEffect, useRef, useSyncExternalStore } from "react";
import { keyGiven } from "./keymap";
import type { Sentence } from "./text";
import type { Language } from "./language";

export interface Command {
  id: string;
  /** Under which a person's own key is kept: the page and the id. Set where the table is put to work. */
  mapId?: string;
  name: Record<Language, Sentence>;
  /** One key or several; without one the command is only in the palette. */
  keys?: string | readonly string[];
  /** Default: always. A command that does not apply leaves its key to others. */
  when?: () => boolean;
  run: () => void;
  /** Fires while a text field has the focus too. Default: only for Ctrl, Alt and F keys. */
  inFields?: boolean;
  /** However long its key is held down, it runs once; so does whatever Enter starts. */
  once?: boolean;
  /** Not listed in the help sheet and the palette. */
  hidden?: boolean;
}

export interface KeyLike {
  key: string;
  code: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

function isMac(): boolean {
  return typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.platform);
}

interface Chord { ctrl: boolean; alt: boolean; shift: boolean; key: string }

function parseKey(text: string): Chord {
  const parts = text === "+" ? ["+"] : text.split("+");
  const key = parts.at(-1) || "+";
  const has = (name: string) => parts.slice(0, -1).includes(name);
  return { ctrl: has("Ctrl"), alt: has("Alt"), shift: has("Shift"), key };
}

/** Whether the keyboard event is the key written `text`. */
export function matchesKey(event: KeyLike, text: string, mac = isMac()): boolean {
  const chord = parseKey(text);
  const ctrl = mac ? event.metaKey : event.ctrlKey;
  const other = mac ? event.ctrlKey : event.metaKey;
  if (ctrl !== chord.ctrl || other || event.altKey !== chord.alt) return false;
  if (event.code === "NumpadDecimal") return false;
  const letter = /^[A-Za-z]$/.test(chord.key);
  const named = chord.key.length > 1;
  if (letter || named || chord.shift || chord.alt) {
    if (event.shiftKey !== chord.shift) return false;
  }
  if (letter && chord.alt) return event.code === `Key${chord.key.toUpperCase()}`;
  if (chord.key === "Space") return event.code === "Space";
  if (letter) return event.key.toLowerCase() === chord.key.toLowerCase();
  return event.key === chord.key;
}

/** The person's own key, else the usual ones. */
export function keysOf(command: Command): readonly string[] {
  const given = keyGiven(command.mapId);
  return given === undefined ? usualKeysOf(command) : [given];
}

function usualKeysOf(command: Command): readonly string[] {
  if (command.keys === undefined) return [];
  return typeof command.keys === "string" ? [command.keys] : command.keys;
}

/** Throws when two commands of one table answer to the same key. */
export function checkCommands(commands: readonly Command[]): readonly Command[] {
  const owner = new Map<string, string>();
  for (const command of commands) {
    for (const key of usualKeysOf(command)) {
      const name = key.length === 1 ? key.toUpperCase() : key;
      const other = owner.get(name);
      if (other) throw new Error(`Commands “${other}” and “${command.id}” share the key ${key}.`);
      owner.set(name, command.id);
    }
  }
  return commands;
}

const shown: Record<string, string> = {
  ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", PageUp: "PgUp", PageDown: "PgDn",
  Delete: "Del", Escape: "Esc",
};

/** "Ctrl+ArrowLeft" as a keycap says it: "Ctrl ←". */
export function keyLabel(text: string, mac = isMac()): string {
  const { ctrl, alt, shift, key } = parseKey(text);
  const name = shown[key] ?? (key.length === 1 ? key.toUpperCase() : key);
  return [ctrl && (mac ? "Cmd" : "Ctrl"), alt && "Alt", shift && "Shift", name].filter(Boolean).join(" ");
}

/** Whether typing goes to the element: plain keys belong to it then. */
function isField(target: EventTarget | null): boolean {
  if (typeof HTMLElement === "undefined" || !(target instanceof HTMLElement)) return false;
  if (target.isContentEditable) return true;
  if (target instanceof HTMLInputElement) {
    return !["checkbox", "radio", "range", "button", "submit", "file"].includes(target.type);
  }
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

const ARROWS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"];

/** The keys that what has the focus answers itself, by its kind. */
const OWN: Readonly<Record<string, readonly string[]>> = {
  button: ["Enter", " "],
  checkbox: [" "],
  radio: [" ", ...ARROWS],
  range: [...ARROWS, "Home", "End", "PageUp", "PageDown"],
};

export const answersItself = (kind: string, key: string): boolean => OWN[kind]?.includes(key) ?? false;

function kindOf(target: HTMLElement): string {
  if (target instanceof HTMLInputElement) return target.type;
  return target.closest("button, a, summary, [role=button]") ? "button" : "";
}

/** Whether the command runs for this event, which may be one of many of a key held down. */
export const runsFor = (command: Command, event: { key: string; repeat: boolean }): boolean =>
  !event.repeat || !(command.once || event.key === "Enter");

function worksInFields(command: Command, key: string): boolean {
  if (command.inFields !== undefined) return command.inFields;
  const chord = parseKey(key);
  return chord.ctrl || chord.alt || /^F\d+$/.test(chord.key);
}

/** The command of the tables that the event starts; later tables win over earlier ones. */
export function findCommand(
  tables: readonly (readonly Command[])[], event: KeyLike, inField: boolean, mac = isMac(),
): Command | undefined {
  for (const table of [...tables].reverse()) {
    for (const command of table) {
      const hit = keysOf(command).some((key) => matchesKey(event, key, mac) && (!inField || worksInFields(command, key)));
      if (hit && (command.when?.() ?? true)) return command;
    }
  }
  return undefined;
}

// The tables now on screen, the page's after the shell's.
let tables: readonly (readonly Command[])[] = [];
const listeners = new Set<() => void>();

function setTables(next: readonly (readonly Command[])[]): void {
  tables = next;
  for (const listener of listeners) listener();
}

/** The page of an address: "/p/3/frames/12" is "frames". */
export function pageOf(address: string): string {
  return /^\/p\/\d+\/([^/]+)/.exec(address)?.[1] ?? "";
}

const RESERVED = new Set(["Tab", "Shift+Tab", "Escape", "F5", "F11", "F12", "Ctrl+W", "Ctrl+T", "Ctrl+N", "Ctrl+R", "Ctrl+L"]);

/** How commands write the key of the event; null while only Ctrl, Alt, Shift or a dead key is down. */
export function keyOf(event: KeyLike, mac = isMac()): string | null {
  if (["Control", "Shift", "Alt", "Meta", "Dead", "Unidentified", "Process"].includes(event.key)) return null;
  const physical = /^Key([A-Z])$/.exec(event.code)?.[1];
  const key = event.code === "Space" ? "Space" : event.altKey && physical ? physical : event.key.length === 1 ? event.key.toUpperCase() : event.key;
  const shift = event.shiftKey && (key.length > 1 || /[A-Z]/.test(key) || event.altKey);
  return [(mac ? event.metaKey : event.ctrlKey) && "Ctrl", event.altKey && "Alt", shift && "Shift", key].filter(Boolean).join("+");
}

export type Refusal = { why: "reserved" } | { why: "typed" } | { why: "taken"; by: Command };

/** Why the command cannot have the key beside the others now on screen; null when it can. */
export function refusal(command: Command, key: string, others: readonly Command[]): Refusal | null {
  if (RESERVED.has(key)) return { why: "reserved" };
  if (command.inFields && /^(Shift\+)?[A-Z0-9]$/.test(key)) return { why: "typed" };
  const by = others.find((other) => other.mapId !== command.mapId && keysOf(other).some((one) => one.toUpperCase() === key.toUpperCase()));
  return by ? { why: "taken", by } : null;
}

/** Every command met since the page was loaded, by its `mapId`: also those not on screen now. */
const met = new Map<string, Command>();

/** The commands that may be on screen together with this one: its page's, and those that work everywhere. */
export function rivalsOf({ mapId = "" }: Command, now: readonly Command[], known: Iterable<Command> = met.values()): readonly Command[] {
  const page = (id: string): string => id.slice(0, id.indexOf("."));
  const mine = page(mapId);
  return [...now, ...[...known].filter((one) => mine === "" || ["", mine].includes(page(one.mapId ?? "")))];
}

/** The key that is the command's whose usual key is `usual`, of those now on screen. */
export function keyNow(usual: string): string {
  const command = tables.flat().findLast((one) => usualKeysOf(one).includes(usual));
  return (command && keyGiven(command.mapId)) ?? usual;
}

/** Puts a command table to work while the component is mounted. */
export function useCommands(commands: readonly Command[], page = pageOf(location.pathname)): void {
  const latest = useRef(commands);
  latest.current = commands;
  const shape = commands.map((command) => `${command.id} ${usualKeysOf(command).join(" ")}`).join("|");
  useEffect(() => {
    const live = checkCommands(latest.current).map((command) => ({
      ...command,
      mapId: `${page}.${command.id}`,
      run: () => latest.current.find((one) => one.id === command.id)?.run(),
      when: () => latest.current.find((one) => one.id === command.id)?.when?.() ?? true,
    }));
    for (const command of live) met.set(command.mapId, command);
    setTables([...tables, live]);
    return () => setTables(tables.filter((table) => table !== live));
  }, [shape, page]);
}

/** Every command now on screen, for the help sheet and the palette. */
export function useActiveCommands(): readonly Command[] {
  return useAllCommands().filter((command) => !command.hidden);
}

export function useAllCommands(): readonly Command[] {
  const now = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => tables,
    () => tables,
  );
  return now.flat();
}

/** Listens for keys once for the whole page; dialogs that are open keep theirs. */
export function useKeyboard(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      if (event.target instanceof HTMLElement && event.target.closest("[data-own-keys], [role=dialog]")) return;
      const command = findCommand(tables, event, isField(event.target));
      if (!command) return;
      if (event.target instanceof HTMLElement && answersItself(kindOf(event.target), event.key)) return;
      event.preventDefault();
      if (runsFor(command, event)) command.run();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}
