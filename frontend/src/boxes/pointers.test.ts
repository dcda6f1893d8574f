import { expect, it } from "vitest";

import type { Action } from "./editor";
import { type Press, Pointers } from "./pointers";

const press = (x: number, y: number, id = 1, more: Partial<Press> = {}): Press => ({ id, at: { x, y }, add: false, hand: false, touch: false, ...more });

function hands() {
  const pointers = new Pointers();
  let keys = 0;
  const newKey = (): string => `k${(keys += 1)}`;
  const told: Action[] = [];
  return {
    told,
    words: () => told.map((action) => action.do),
    down: (one: Press) => told.push(...pointers.down(one, newKey)),
    move: (id: number, x: number, y: number) => told.push(...pointers.move(id, { x, y })),
    up: (one: Press) => told.push(...pointers.up(one, newKey)),
    cancel: (id: number) => told.push(...pointers.cancel(id)),
  };
}

it("a drag is a press, its way and a release", () => {
  const { told, down, move, up } = hands();
  down(press(10, 10));
  move(1, 50, 40);
  up(press(60, 45));
  expect(told).toEqual([
    { do: "down", at: { x: 10, y: 10 }, add: false, hand: false, touch: false },
    { do: "to", at: { x: 50, y: 40 } },
    { do: "to", at: { x: 60, y: 45 } },
    { do: "up", key: "k1", add: false },
  ]);
});

it("two drags are two boxes, even where the first release was never told", () => {
  const { told, words, down, move, up } = hands();
  down(press(10, 10));
  move(1, 50, 40);
  down(press(100, 10));
  move(1, 150, 40);
  up(press(150, 40));
  expect(words()).toEqual(["down", "to", "to", "up", "down", "to", "to", "up"]);
  expect(told[2]).toEqual({ do: "to", at: { x: 50, y: 40 } });
  expect([told[3], told[7]]).toEqual([{ do: "up", key: "k1", add: false }, { do: "up", key: "k2", add: false }]);
});

it("a release without a move on the way is a drag all the same", () => {
  const { told, down, up } = hands();
  down(press(10, 10));
  up(press(60, 45));
  expect(told.at(-2)).toEqual({ do: "to", at: { x: 60, y: 45 } });
});

it("two fingers move and zoom, and draw nothing", () => {
  const { words, down, move, up } = hands();
  down(press(0, 0, 1, { touch: true }));
  down(press(100, 0, 2, { touch: true }));
  move(2, 200, 0);
  up(press(200, 0, 2));
  up(press(0, 0, 1));
  expect(words()).toEqual(["down", "drop", "zoom", "pan", "to", "up"]);
});

it("a pointer that was taken away drops its drag, another one nothing", () => {
  const { words, down, move, cancel } = hands();
  down(press(10, 10));
  cancel(7);
  cancel(1);
  move(1, 50, 50);
  expect(words()).toEqual(["down", "drop"]);
});
