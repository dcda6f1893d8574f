import type { Action } from "./editor";
import type { Point } from "./geometry";

/** Whether a finger is the main way to point here. */
export const COARSE = typeof matchMedia === "function" && matchMedia("(pointer: coarse)").matches;

/** What came from one finger, pen or mouse. */
export interface Press {
  readonly id: number;
  /** On the stage, in pixels of the screen. */
  readonly at: Point;
  readonly add: boolean;
  readonly hand: boolean;
  readonly touch: boolean;
}

/** Which pointers are down, and what each of their events asks of the editor.
 *
 * One finger or button works on boxes, two fingers move the picture. Every press that began ends:
 * by its release, wherever the pointer was last, even where the release itself was never told.
 */
export class Pointers {
  readonly #down = new Map<number, Press>();

  down(press: Press, newKey: () => string): readonly Action[] {
    const lost = this.#down.get(press.id);
    const before = lost === undefined ? [] : this.up(lost, newKey);
    this.#down.set(press.id, press);
    if (this.#down.size > 1) return [...before, { do: "drop" }];
    const { at, add, hand, touch } = press;
    return [...before, { do: "down", at, add, hand, touch }];
  }

  move(id: number, at: Point): readonly Action[] {
    const before = this.#down.get(id);
    if (before === undefined) return [];
    this.#down.set(id, { ...before, at });
    return this.#down.size === 1 ? [{ do: "to", at }] : this.#pinch(id, before.at, at);
  }

  up({ id, at, add }: Pick<Press, "id" | "at" | "add">, newKey: () => string): readonly Action[] {
    const pinched = this.#down.size > 1;
    if (!this.#down.delete(id) || pinched) return [];
    return [{ do: "to", at }, { do: "up", key: newKey(), add }];
  }

  cancel(id: number): readonly Action[] {
    return this.#down.delete(id) ? [{ do: "drop" }] : [];
  }

  #pinch(moved: number, before: Point, now: Point): readonly Action[] {
    const other = [...this.#down].find(([id]) => id !== moved)?.[1].at;
    if (!other) return [];
    const length = (a: Point, b: Point): number => Math.max(Math.hypot(a.x - b.x, a.y - b.y), 1);
    const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
    return [
      { do: "zoom", factor: length(now, other) / length(before, other), at: middle },
      { do: "pan", by: { x: (now.x - before.x) / 2, y: (now.y - before.y) / 2 } },
    ];
  }
}
