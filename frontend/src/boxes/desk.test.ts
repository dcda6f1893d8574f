import { expect, it } from "vitest";

import { MemoryStore, SaveQueue } from "../saving/queue";
import { Desk } from "./desk";
import type { EditorBox } from "./editor";
import type { LoadedFrame } from "./wire";

const car = (x1: number): EditorBox => ({ key: "b1", label: "car", x1, y1: 10, x2: x1 + 50, y2: 60, source: "person", confidence: null, text: "", status: "", car: null });

const read = (id: number, boxes: readonly EditorBox[], asked = 0): LoadedFrame => ({
  id, seconds: 1, status: "open", name: "", video: 1, width: 1000, height: 500, picture: "", previous: null, next: null, nextOpen: null,
  boxes, suggestions: [], read: new Map(), known: new Map(), asked,
});

/** A desk whose server is away: what was said waits in the queue. */
function build(answer: "away" | "saved" = "away") {
  const send = async () => (answer === "away" ? { kind: "away" as const } : { kind: "saved" as const, known: null, answer: null });
  const queue = new SaveQueue({ owner: "ana", store: new MemoryStore(), senders: { "box.change": send, "box.delete": send }, later: () => undefined });
  const desk = new Desk(queue);
  const waiting = () => queue.snapshot().waiting.map(({ kind }) => kind);
  const nudge = () => {
    desk.act({ do: "select", key: "b1" });
    desk.act({ do: "nudge", by: { x: 1, y: 0 } });
  };
  return { desk, queue, waiting, nudge, left: () => desk.now().boxes[0]?.x1 };
}

it("what is changed on the frame is saved", () => {
  const { desk, waiting, nudge, left } = build();
  desk.show(read(7, [car(100)]), ["car"]);
  nudge();
  expect(left()).toBe(101);
  expect(waiting()).toEqual(["box.change"]);
});

it("keys pressed while the next frame is on its way change nothing", () => {
  const { desk, waiting, left } = build();
  desk.show(read(7, [car(100)]), ["car"]);
  desk.act({ do: "select", key: "b1" });
  desk.show(undefined, ["car"]);
  desk.act({ do: "delete" });
  expect(left()).toBe(100);
  expect(waiting()).toEqual([]);
});

it("a frame that is read again keeps what is in hand", () => {
  const { desk, nudge, left } = build();
  desk.show(read(7, [car(100)]), ["car"]);
  nudge();
  desk.show(read(7, [car(100)], Date.now() + 1), ["car"]);
  expect(left()).toBe(101);
});

it("after a conflict the server's boxes are shown as soon as they were read, and work until then is saved", async () => {
  const { desk, queue, waiting, nudge, left } = build("saved");
  desk.show(read(7, [car(100)]), ["car"]);
  nudge();
  desk.forget();
  nudge();
  expect(waiting()).toHaveLength(1);
  await queue.pump();
  desk.show(read(7, [car(300)], Date.now() + 1), ["car"]);
  expect(left()).toBe(300);
  expect(desk.now().past).toEqual([]);
});

it("whoever insists on a box does not see the other's meanwhile", () => {
  const { desk, nudge, left } = build();
  desk.show(read(7, [car(100)]), ["car"]);
  nudge();
  desk.forget();
  desk.show(read(7, [car(300)], Date.now() + 1), ["car"]);
  expect(left()).toBe(101);
});

it("a frame as it was left comes back with its steps and with what was read meanwhile", async () => {
  const { desk, queue, nudge } = build("saved");
  desk.show(read(7, [car(100)]), ["car"]);
  nudge();
  await queue.pump();
  desk.show(read(8, []), ["car"]);
  const seen = { ...car(101), text: "PBA1234", status: "readable" };
  desk.show(read(7, [seen], Date.now() + 1), ["car"]);
  expect(desk.now().past).toHaveLength(1);
  expect(desk.now().boxes[0]?.text).toBe("PBA1234");
});
