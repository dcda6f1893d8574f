/** The keys a person gave to commands in place of the usual ones; kept in this browser. */
import { useSyncExternalStore } from "react";

type Keymap = Readonly<Record<string, string>>;

let keymap: Keymap = {};
let place = "";
const listeners = new Set<() => void>();

function tell(next: Keymap): void {
  keymap = next;
  for (const listener of listeners) listener();
}

function keep(next: Keymap): void {
  if (place && typeof localStorage !== "undefined") localStorage.setItem(place, JSON.stringify(next));
  tell(next);
}

/** Takes the keys of this person from now on. */
export function loadKeymap(person: number | null): void {
  place = person === null ? "" : `lpr-keys-${person}`;
  let kept: unknown = {};
  try {
    kept = JSON.parse((place && typeof localStorage !== "undefined" && localStorage.getItem(place)) || "{}");
  } catch {
    // Not ours: the usual keys.
  }
  const entries = kept && typeof kept === "object" ? Object.entries(kept) : [];
  tell(Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string")));
}

export const keyGiven = (command: string | undefined): string | undefined => (command === undefined ? undefined : keymap[command]);
export const giveKey = (command: string, key: string): void => keep({ ...keymap, [command]: key });
export const anyGiven = (): boolean => Object.keys(keymap).length > 0;
export const usualKeys = (): void => keep({});

export function usualKey(command: string): void {
  keep(Object.fromEntries(Object.entries(keymap).filter(([name]) => name !== command)));
}

export function useKeymap(): Keymap {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, () => keymap, () => keymap);
}
