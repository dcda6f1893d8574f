/** The keys a person gave to commands in place of the usual ones: kept on the server, and in this
 * browser while it is away. */
import { useSyncExternalStore } from "react";
import { keep } from "./keep";

export type Keymap = Readonly<Record<string, string>>;

/** Null: nothing was ever kept there. */
export interface KeyServer {
  readonly get: () => Promise<Keymap | null>;
  readonly put: (keys: Keymap) => Promise<unknown>;
}

let keymap: Keymap = {};
let place = "";
let server: KeyServer | null = null;
const listeners = new Set<() => void>();
const storage = (): Storage | null => (place && typeof localStorage !== "undefined" ? localStorage : null);
const unsent = (): string => `${place}-unsent`;

function tell(next: Keymap): void {
  keymap = next;
  for (const listener of listeners) listener();
}

function store(next: Keymap): void {
  if (place) keep(place, JSON.stringify(next));
  tell(next);
}

function change(next: Keymap): void {
  if (place) keep(unsent(), "yes");
  store(next);
  void syncKeymap();
}

/** Takes the keys of this person from now on: this browser's at once, the server's when they come. */
export async function loadKeymap(person: number | null, from: KeyServer | null = null): Promise<void> {
  place = person === null ? "" : `lpr-keys-${person}`;
  server = person === null ? null : from;
  tell(parsed(storage()?.getItem(place) ?? "{}"));
  await syncKeymap();
}

function parsed(text: string): Keymap {
  try {
    const kept: unknown = JSON.parse(text);
    const entries = kept && typeof kept === "object" ? Object.entries(kept) : [];
    return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
  } catch {
    return {}; // not ours: the usual keys
  }
}

/** Sends what the server has not heard, else takes what it has. Away: next time. */
export async function syncKeymap(): Promise<void> {
  const [mine, here, before] = [server, place, keymap];
  const same = (): boolean => here === place && before === keymap;
  if (mine === null) return;
  try {
    const changed = storage()?.getItem(unsent()) === "yes";
    const theirs = changed ? null : await mine.get();
    if (theirs !== null) {
      if (same()) store(theirs);
    } else if (changed || Object.keys(before).length > 0) {
      await mine.put(before);
      if (same()) storage()?.removeItem(unsent());
    }
  } catch {
    // It stays in this browser.
  }
}

export const keyGiven = (command: string | undefined): string | undefined => (command === undefined ? undefined : keymap[command]);
export const giveKey = (command: string, key: string): void => change({ ...keymap, [command]: key });
export const anyGiven = (): boolean => Object.keys(keymap).length > 0;
export const usualKeys = (): void => change({});

export function usualKey(command: string): void {
  change(Object.fromEntries(Object.entries(keymap).filter(([name]) => name !== command)));
}

export function useKeymap(): Keymap {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, () => keymap, () => keymap);
}
