/** Requests that met an ended session wait here; the login overlay opens while any waits. */
import { useSyncExternalStore } from "react";

let waiting: (() => void)[] = [];
const listeners = new Set<() => void>();

function tell(): void {
  for (const listener of listeners) listener();
}

let known = false;

/** Some request was answered: from now on a lost session is one that has ended. */
export function nowKnown(): void {
  known = true;
}

export const wasKnown = (): boolean => known;

/** Resolves after the next successful login. */
export function afterLogin(): Promise<void> {
  return new Promise((resolve) => {
    waiting = [...waiting, resolve];
    tell();
  });
}

/** Lets every waiting request go on. */
export function loggedIn(): void {
  const go = waiting;
  waiting = [];
  tell();
  for (const resolve of go) resolve();
}

export function useLoginNeeded(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => waiting.length > 0,
    () => false,
  );
}
