import { useSyncExternalStore } from "react";

/** The moment on screen, in seconds. Who shows it is drawn again as it passes, the page is not. */
export class Clock {
  #seconds = 0;
  readonly #listeners = new Set<() => void>();

  readonly now = (): number => this.#seconds;

  readonly set = (seconds: number): void => {
    if (seconds === this.#seconds) return;
    this.#seconds = seconds;
    for (const listener of this.#listeners) listener();
  };

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
}

export const useMoment = (clock: Clock): number => useSyncExternalStore(clock.subscribe, clock.now);
