import { describe, expect, it } from "vitest";

import { type Ahead, aheadIn } from "./ahead";
import { type Entry, type Known, type Outcome, MemoryStore, SaveQueue } from "./queue";

interface Server {
  readonly got: { key: string; known: Known | null; body: Entry["body"] }[];
  answer: (entry: Entry) => Outcome;
}

const saved = (revision = 1): Outcome => ({ kind: "saved", known: { id: 7, revision }, answer: null });

function build(store = new MemoryStore(), owner = "ana", ahead?: Ahead) {
  const server: Server = { got: [], answer: () => saved() };
  const timers: (() => void)[] = [];
  const queue = new SaveQueue({
    owner,
    store,
    ...(ahead ? { ahead } : {}),
    now: () => 5000,
    later: (what) => timers.push(what),
    senders: {
      text: async (entry, known) => {
        server.got.push({ key: entry.clientKey, known, body: entry.body });
        return server.answer(entry);
      },
    },
  });
  return { queue, server, store, timers };
}

const entry = (clientKey: string, subject = `crop:${clientKey}`) => ({ kind: "text", clientKey, subject, title: clientKey, body: {} });
const settled = (queue: SaveQueue): Promise<void> => queue.pump();

it("sends in order and is empty then", async () => {
  const { queue, server, store } = build();
  await Promise.all([queue.add(entry("a")), queue.add(entry("b")), queue.add(entry("c"))]);
  await settled(queue);
  expect(server.got.map(({ key }) => key)).toEqual(["a", "b", "c"]);
  expect(queue.snapshot().waiting).toEqual([]);
  expect(await store.all()).toEqual([]);
});

it("an entry is counted before the store has answered", () => {
  const { queue } = build();
  void queue.add(entry("a"));
  expect(queue.snapshot().waiting).toHaveLength(1);
});

describe("while the server is away", () => {
  it("everything waits, in order, and goes when it is back", async () => {
    const { queue, server, timers } = build();
    server.answer = () => ({ kind: "away" });
    await queue.add(entry("a"));
    await queue.add(entry("b"));
    await settled(queue);
    expect(queue.snapshot()).toMatchObject({ awaySince: 5000, waiting: [{ clientKey: "a" }, { clientKey: "b" }] });
    expect(server.got.every(({ key }) => key === "a")).toBe(true);
    server.got.length = 0;
    server.answer = () => saved();
    timers.at(-1)?.();
    await settled(queue);
    expect(server.got.map(({ key }) => key)).toEqual(["a", "b"]);
    expect(queue.snapshot()).toMatchObject({ awaySince: null, waiting: [] });
  });

  it("a sender that throws is a server that is away", async () => {
    const { queue, server } = build();
    server.answer = () => {
      throw new TypeError("Failed to fetch");
    };
    await queue.add(entry("a"));
    await settled(queue);
    expect(queue.snapshot().waiting).toHaveLength(1);
  });

  it("the next tab sends what the closed one left, with the same key", async () => {
    const first = build();
    first.server.answer = () => ({ kind: "away" });
    await first.queue.add(entry("a"));
    await settled(first.queue);
    const second = build(first.store);
    await settled(second.queue);
    expect(second.server.got.map(({ key }) => key)).toEqual(["a"]);
  });

  it("nobody sends another person's work", async () => {
    const first = build();
    first.server.answer = () => ({ kind: "away" });
    await first.queue.add(entry("a"));
    await settled(first.queue);
    const luis = build(first.store, "luis");
    await settled(luis.queue);
    expect(luis.server.got).toEqual([]);
    expect(await first.store.all()).toHaveLength(1);
  });
});

it("online again, it goes on at once", async () => {
  const { queue, server } = build();
  server.answer = () => ({ kind: "away" });
  await queue.add(entry("a"));
  await settled(queue);
  server.answer = () => saved();
  queue.retry();
  await settled(queue);
  expect(queue.snapshot()).toMatchObject({ awaySince: null, waiting: [] });
});

describe("put aside", () => {
  it("a conflict keeps both and holds nothing up", async () => {
    const { queue, server } = build();
    server.answer = ({ clientKey }) =>
      clientKey === "a" ? { kind: "conflict", message: "Luis was faster.", current: { text: "AOB8745" } } : saved();
    await queue.add(entry("a"));
    await queue.add(entry("b"));
    await settled(queue);
    expect(queue.snapshot()).toMatchObject({ waiting: [], conflicts: [{ clientKey: "a", current: { text: "AOB8745" } }] });
  });

  it("insisting sends it again on top of the newer revision", async () => {
    const { queue, server } = build();
    server.answer = () => ({ kind: "conflict", message: "", current: {} });
    await queue.add({ ...entry("a"), body: { base: { id: 7, revision: 1 } } });
    await settled(queue);
    server.answer = () => saved(5);
    queue.insist("a", 4, "a2");
    await settled(queue);
    expect(server.got.at(-1)).toMatchObject({ key: "a2", body: { revision: 4, base: { id: 7, revision: 4 } } });
    expect(queue.snapshot().conflicts).toEqual([]);
  });

  it("settling lets it go, also from the store", async () => {
    const { queue, server, store } = build();
    server.answer = () => ({ kind: "refused", message: "Gone." });
    await queue.add(entry("a"));
    await settled(queue);
    expect(queue.snapshot().refused).toMatchObject([{ message: "Gone." }]);
    queue.settle("a");
    await settled(queue);
    expect(queue.snapshot().refused).toEqual([]);
    expect(await store.all()).toEqual([]);
  });
});

it("a later entry knows what the earlier one was told", async () => {
  const { queue, server } = build();
  await queue.add(entry("a", "box:1"));
  await queue.add(entry("b", "box:1"));
  await settled(queue);
  expect(server.got[1]?.known).toEqual({ id: 7, revision: 1 });
});

it("ten nudges of a waiting box are one message", async () => {
  const { queue, server } = build();
  server.answer = () => ({ kind: "away" });
  await queue.add(entry("a", "box:1"));
  await settled(queue);
  for (let x = 1; x <= 10; x += 1) expect(queue.amend("text", "box:1", { x })).toBe(true);
  expect(queue.amend("text", "box:2", {})).toBe(false);
  server.answer = () => saved();
  queue.retry();
  await settled(queue);
  expect(server.got.at(-1)).toMatchObject({ key: "a", body: { x: 10 } });
});

it("what is amended before it was stored is stored amended", async () => {
  const { queue, server, store } = build();
  server.answer = () => ({ kind: "away" });
  const added = queue.add(entry("a", "box:1"));
  expect(queue.amend("text", "box:1", { x: 1 })).toBe(true);
  await added;
  await settled(queue);
  expect(await store.all()).toMatchObject([{ clientKey: "a", body: { x: 1 } }]);
});

it("what is changed or taken back while the store is read stays so", async () => {
  const store = new MemoryStore();
  const { queue, server } = build(store);
  server.answer = () => ({ kind: "away" });
  await queue.add(entry("a", "box:1"));
  await queue.add(entry("b", "box:2"));
  await settled(queue);
  const all = store.all.bind(store);
  store.all = async () => {
    const found = await all();
    queue.amend("text", "box:1", { x: 7 });
    queue.withdraw("b");
    return found;
  };
  server.got.length = 0;
  server.answer = () => saved();
  await settled(queue);
  expect(server.got).toMatchObject([{ key: "a", body: { x: 7 } }]);
});

it("what is amended while an earlier amendment is stored is not read back as it was", async () => {
  const store = new MemoryStore();
  const { queue, server } = build(store);
  server.answer = () => ({ kind: "away" });
  await queue.add(entry("a", "box:1"));
  await settled(queue);
  const put = store.put.bind(store);
  store.put = async (stored) => {
    store.put = put;
    await put(stored);
    queue.amend("text", "box:1", { x: 2 });
  };
  server.got.length = 0;
  server.answer = () => saved();
  queue.amend("text", "box:1", { x: 1 });
  await settled(queue);
  expect(server.got.map(({ body }) => body)).toEqual([{ x: 2 }]);
});

it("what waits can be taken back, what is gone can not", async () => {
  const { queue, server } = build();
  server.answer = () => ({ kind: "away" });
  await queue.add(entry("a"));
  await settled(queue);
  expect(queue.withdraw("a")).toBe(true);
  expect(queue.withdraw("a")).toBe(false);
  server.answer = () => saved();
  server.got.length = 0;
  queue.retry();
  await settled(queue);
  expect(server.got).toEqual([]);
});

it("those who listen hear the answer", async () => {
  const { queue } = build();
  const heard: string[] = [];
  queue.onSaved((one) => heard.push(one.clientKey));
  await queue.add(entry("a"));
  await settled(queue);
  expect(heard).toEqual(["a"]);
});

it("what changes between the answer and its being noted is a message of its own", async () => {
  const store = new MemoryStore();
  const { queue, server } = build(store);
  const learn = store.learn.bind(store);
  const said: boolean[] = [];
  store.learn = async (subject, known) => {
    said.push(queue.amend("text", subject, { x: 2 }), queue.withdraw("a"));
    await learn(subject, known);
  };
  await queue.add({ ...entry("a", "box:1"), body: { x: 1 } });
  await settled(queue);
  expect(said).toEqual([false, false]);
  expect(server.got.map(({ body }) => body)).toEqual([{ x: 1 }]);
});

describe("a tab closed before its store has written", () => {
  /** A store that takes nothing in any more: the tab is gone. */
  class Closed extends MemoryStore {
    override add = () => new Promise<number>(() => undefined);
  }
  const storage = () => {
    const kept = new Map<string, string>();
    return {
      get length() { return kept.size; },
      key: (at: number) => [...kept.keys()][at] ?? null,
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
    };
  };
  const tabOf = (keep: ReturnType<typeof storage>, tab: string, alive: string[] = []) => aheadIn(keep, tab, async () => new Set(alive));

  it("leaves its work to the next, in order and once", async () => {
    const keep = storage();
    const closed = build(new Closed(), "ana", tabOf(keep, "1"));
    void closed.queue.add(entry("a"));
    void closed.queue.add(entry("b"));
    const next = build(new MemoryStore(), "ana", tabOf(keep, "2"));
    await settled(next.queue);
    expect(next.server.got.map(({ key }) => key)).toEqual(["a", "b"]);
    expect(keep.length).toBe(0);
    const third = build(new MemoryStore(), "ana", tabOf(keep, "3"));
    await settled(third.queue);
    expect(third.server.got).toEqual([]);
  });

  it("leaves nothing to the next where the store has it, and what an open tab writes is its own", async () => {
    const keep = storage();
    const { queue, server } = build(new MemoryStore(), "ana", tabOf(keep, "1", ["2"]));
    server.answer = () => ({ kind: "away" });
    await queue.add(entry("a"));
    expect(keep.length).toBe(0);
    void build(new Closed(), "ana", tabOf(keep, "2")).queue.add(entry("b"));
    expect(keep.length).toBe(1);
    const next = build(new MemoryStore(), "ana", tabOf(keep, "3", ["2"]));
    await settled(next.queue);
    expect(next.server.got).toEqual([]);
    expect(keep.length).toBe(1);
  });

  it("leaves the last nudge of an entry that the store has", async () => {
    const keep = storage();
    const { queue, server, store } = build(new MemoryStore(), "ana", tabOf(keep, "1"));
    server.answer = () => ({ kind: "away" });
    await queue.add(entry("a", "box:1"));
    await settled(queue);
    store.put = () => new Promise(() => undefined);
    expect(queue.amend("text", "box:1", { x: 9 })).toBe(true);
    const copy = new MemoryStore();
    for (const one of await store.all()) await copy.add(one);
    const next = build(copy, "ana", tabOf(keep, "2"));
    await settled(next.queue);
    expect(next.server.got).toEqual([{ key: "a", known: null, body: { x: 9 } }]);
  });

  it("of another login waits for that one", async () => {
    const keep = storage();
    void build(new Closed(), "luis", tabOf(keep, "1")).queue.add(entry("a"));
    const ana = build(new MemoryStore(), "ana", tabOf(keep, "2"));
    await settled(ana.queue);
    expect(ana.server.got).toEqual([]);
    const luis = build(new MemoryStore(), "luis", tabOf(keep, "3"));
    await settled(luis.queue);
    expect(luis.server.got.map(({ key }) => key)).toEqual(["a"]);
  });

  it("what was taken back before it was stored is not there", async () => {
    const keep = storage();
    const { queue } = build(new Closed(), "ana", tabOf(keep, "1"));
    void queue.add(entry("a"));
    expect(queue.withdraw("a")).toBe(true);
    expect(keep.length).toBe(0);
  });
});
