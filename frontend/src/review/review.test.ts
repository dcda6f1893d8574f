import { describe, expect, it } from "vitest";

import { textOf } from "../transcribe/field";
import { type Order, type Read, type Review, type ReviewAction, NOTHING, boxAt, decide, left, listed, openIn, matcher, shownText, total } from "./review";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const read = (id: number, text: string, confidence: number, passage: Read["passage"] = null): Read => ({
  id,
  number: id,
  firstSeconds: id * 10,
  lastSeconds: id * 10 + 2,
  text,
  confidence,
  characters: [...text].map((_, at) => (at === 2 ? confidence : 0.99)),
  votes: 5,
  direction: "",
  seenAt: null,
  sampled: false,
  double: false,
  unfounded: false,
  picture: null,
  bestSeconds: id * 10,
  detail: {
    crops: [],
    boxes: [
      [id * 10, 0, 0, 10, 10],
      [id * 10 + 2, 100, 40, 110, 50],
    ],
    alternatives: [[], [], [{ text: "8", confidence: 0.3 }]],
  },
  passage,
  missed: null,
});
const READS = [read(1, "PBA1234", 0.97), read(2, "PBB2222", 0.6), read(3, "GXX0007", 0.8)];
const opened = (reads = READS): Review => decide(NOTHING, { do: "reads", reads, alphabet: ALPHABET })[0];

function run(state: Review, ...actions: ReviewAction[]): { state: Review; orders: Order[] } {
  const orders: Order[] = [];
  let now = state;
  for (const action of actions) {
    const [next, more] = decide(now, action);
    now = next;
    orders.push(...more);
  }
  return { state: now, orders };
}
const enter = (key = "k"): ReviewAction => ({ do: "enter", key });

describe("deciding", () => {
  it("Enter accepts and shows the next", () => {
    const { state, orders } = run(opened(), enter());
    expect(orders).toEqual([{ kind: "accept", read: 1, text: "PBA1234", revision: 0, clientKey: "k" }]);
    expect(state.current).toBe(2);
    expect(left(state)).toBe(2);
  });

  it("E begins at the doubtful character, and another text is a correction", () => {
    const editing = run(opened(), { do: "choose", read: 2 }, { do: "edit" }).state;
    expect(editing.field.caret).toBe(2);
    const { state, orders } = run(editing, { do: "field", action: { do: "type", text: "8", alphabet: ALPHABET } }, enter());
    expect(orders).toMatchObject([{ kind: "accept", text: "PB82222" }]);
    expect(state.reads[1]?.passage).toEqual({ status: "corrected", text: "PB82222", reason: "", revision: 0, unseen: false });
  });

  it("X and a number rejects with a reason; a number without X does nothing", () => {
    const reason: ReviewAction = { do: "reason", reason: "duplicate", key: "k" };
    expect(run(opened(), reason).orders).toEqual([]);
    const { state, orders } = run(opened(), { do: "reject" }, reason);
    expect(orders).toEqual([{ kind: "reject", read: 1, reason: "duplicate", revision: 0, clientKey: "k" }]);
    expect(state.reads[0]?.passage?.status).toBe("rejected");
    expect(state.mode).toBe("look");
  });

  it("Enter on what is decided already sends nothing and goes on", () => {
    const { state, orders } = run(opened([read(1, "A1", 1, { status: "accepted", text: "A1", reason: "", revision: 1, unseen: false }), read(2, "B2", 1)]), { do: "choose", read: 1 }, enter());
    expect(orders).toEqual([]);
    expect(state.current).toBe(2);
  });

  it("an empty text is not accepted", () => {
    expect(run(opened([read(1, "", 0.1)]), enter()).orders).toEqual([]);
  });

  it("after the last one the first that was left out comes", () => {
    const { state } = run(opened(), { do: "choose", read: 3 }, enter());
    expect(state.current).toBe(1);
  });

  it("undo takes the decision back and shows that read", () => {
    const { state, orders } = run(opened(), enter("a"), enter("b"), { do: "undo", sent: false, key: "u" });
    expect(orders).toHaveLength(2); // the second is withdrawn from the queue
    expect(state.current).toBe(2);
    expect(left(state)).toBe(2);
  });
});

it("undo of what the server has asks it to take that back", () => {
  const { state, orders } = run(opened(), enter("a"), { do: "undo", sent: true, key: "u" });
  expect(orders.at(-1)).toEqual({ kind: "undo", read: 1, undone: "a", clientKey: "u" });
  expect(state.current).toBe(1);
  expect(state.reads[0]?.passage).toBeNull();
  expect(run(state, { do: "undo", sent: true, key: "v" }).orders).toEqual([]);
});

it("a decision carries the revision of what was shown, also after the server's answer", () => {
  const { state } = run(opened(), enter("a"), { do: "told", read: 1, revision: 4 }, { do: "choose", read: 1 }, { do: "reject" });
  const { orders } = run(state, { do: "reason", reason: "unreadable", key: "b" });
  expect(orders).toEqual([{ kind: "reject", read: 1, reason: "unreadable", revision: 4, clientKey: "b" }]);
});

describe("a missed vehicle", () => {
  const drawn = { seconds: 15.5, box: [10, 20, 60, 40] } as const;
  const type = (text: string): ReviewAction => ({ do: "field", action: { do: "type", text, alphabet: ALPHABET } });
  const added = () => run(opened(), { do: "add" }, { do: "drawn", drawn }, type("GSK7788"), enter("new"));

  it("is a box, a text and Enter", () => {
    const { state, orders } = added();
    expect(orders).toEqual([{ kind: "add", read: -1, drawn, text: "GSK7788", clientKey: "new" }]);
    expect([state.mode, state.drawn, left(state), total(state)]).toEqual(["look", null, 3, 3]);
    expect(listed(state).map(shownText)).toEqual(["PBA1234", "GSK7788", "PBB2222", "GXX0007"]);
    expect(boxAt(state.reads[3] as Read, 15.5)).toEqual([10, 20, 60, 40]);
  });

  it("needs a text, and a box only while one is awaited", () => {
    expect(run(opened(), { do: "drawn", drawn }).state.drawn).toBeNull();
    const { state, orders } = run(opened(), { do: "add" }, { do: "drawn", drawn }, enter());
    expect([state.mode, orders]).toEqual(["add", []]);
    expect(run(state, { do: "look" }).state).toMatchObject({ mode: "look", drawn: null });
  });

  it("is corrected like a read", () => {
    const { orders } = run(added().state, { do: "choose", read: -1 }, { do: "edit" }, { do: "field", action: { do: "end" } }, { do: "field", action: { do: "backspace" } }, type("9"), enter("fix"));
    expect(orders).toEqual([{ kind: "change", read: -1, missed: "new", text: "GSK7789", revision: 0, clientKey: "fix" }]);
  });

  it("leaves the list when it was none", () => {
    const { state, orders } = run(added().state, { do: "choose", read: -1 }, { do: "reject" }, { do: "reason", reason: "not_a_plate", key: "off" });
    expect(orders).toEqual([{ kind: "remove", read: -1, missed: "new", revision: 0, clientKey: "off" }]);
    expect(state.reads.map(({ id }) => id)).toEqual([1, 2, 3]);
    expect(state.reads.some(({ id }) => id === state.current)).toBe(true);
  });

  it("undone before it was sent was never there", () => {
    const { state, orders } = run(added().state, { do: "undo", sent: false, key: "u" });
    expect([orders, state.reads.length]).toEqual([[], 3]);
  });
});

describe("the list", () => {
  it("is by time or with the least certain first, decided ones behind", () => {
    const state = run(opened(), { do: "choose", read: 2 }, enter(), { do: "order", order: "unsure" }).state;
    expect(listed(state).map(({ id }) => id)).toEqual([3, 1, 2]);
    expect(listed({ ...state, order: "time" }).map(({ id }) => id)).toEqual([1, 2, 3]);
  });

  it("by least certain goes on with the next uncertain one, not at the top", () => {
    const { state } = run(opened(), { do: "order", order: "unsure" }, { do: "choose", read: 2 }, enter());
    expect(state.current).toBe(3);
  });

  it("U goes to the least certain", () => {
    expect(run(opened(), { do: "least certain" }).state.current).toBe(2);
  });

  it("J and K stop at its ends", () => {
    expect(run(opened(), { do: "go", step: -1 }).state.current).toBe(1);
    expect(run(opened(), { do: "go", step: 1 }, { do: "go", step: 1 }, { do: "go", step: 1 }).state.current).toBe(3);
  });

  it("loaded again keeps the place", () => {
    const state = run(opened(), { do: "go", step: 1 }, { do: "edit" }).state;
    const again = decide(state, { do: "reads", reads: READS, alphabet: ALPHABET })[0];
    expect(again.current).toBe(2);
    expect(textOf(again.field)).toBe("PBB2222");
  });
});

describe("search", () => {
  it.each([
    ["", "PBA1234", true],
    ["pba-1", "PBA1234", true],
    ["BA12", "PBA1234", true],
    ["P?A*4", "PBA1234", true],
    ["P?A*5", "PBA1234", false],
    ["BA*", "PBA1234", false],
    ["*234", "PBA1234", true],
    ["?", "", false],
    ["PB*B", "PBB", true],
    ["PB*BB", "PBB", false],
  ])("%s in %s: %s", (pattern, text, found) => {
    expect(matcher(pattern)(text)).toBe(found);
  });
});

describe("the box on the video", () => {
  it("moves between its points", () => {
    expect(boxAt(READS[0] as Read, 11)).toEqual([50, 20, 60, 30]);
    expect(boxAt(READS[0] as Read, 10)).toEqual([0, 0, 10, 10]);
  });

  it("is not there before and after", () => {
    expect(boxAt(READS[0] as Read, 9)).toBeNull();
    expect(boxAt(READS[0] as Read, 12.05)).toEqual([100, 40, 110, 50]);
    expect(boxAt(READS[0] as Read, 13)).toBeNull();
    expect(boxAt({ ...(READS[0] as Read), detail: null }, 10)).toBeNull();
  });
});

describe("editing", () => {
  it("offers what else was seen in the place", () => {
    const { state } = run(opened(), { do: "choose", read: 2 }, { do: "edit" }, { do: "field", action: { do: "choice", step: 1 } });
    expect(textOf(state.field)).toBe("PB82222");
  });
});

describe("two tracks of one vehicle", () => {
  const merge = (...actions: ReviewAction[]) => run(opened(), { do: "choose", read: 2 }, { do: "merge" }, ...actions);

  it("M and the other one make them one, by the surer text; one undo parts them", () => {
    const { state, orders } = merge({ do: "merge with", other: 3, key: "m" });
    expect(orders).toEqual([{ kind: "merge", read: 2, other: 3, missed: null, text: "GXX0007", revision: 0, otherRevision: 0, clientKey: "m" }]);
    expect(state.reads.map(shownText)).toEqual(["PBA1234", "GXX0007", "GXX0007"]);
    expect(state.reads.map(({ double }) => double)).toEqual([false, true, false]);
    expect([state.mode, state.current, left(state)]).toEqual(["look", 1, 1]);
    const back = run(state, { do: "undo", sent: true, key: "u" });
    expect(back.state.reads).toEqual(READS);
    expect(back.orders).toMatchObject([{ kind: "undo", undone: "m" }]);
  });

  it("a confirmed text counts before a surer one", () => {
    const { orders } = run(opened(), { do: "choose", read: 2 }, enter(), { do: "choose", read: 3 }, { do: "merge" }, { do: "merge with", other: 2, key: "m" });
    expect(orders.at(-1)).toMatchObject({ kind: "merge", read: 3, text: "PBB2222" });
  });

  it("an added vehicle becomes one with a track, and comes back where that is taken back", () => {
    const added = run(opened(), { do: "add" }, { do: "drawn", drawn: { seconds: 9, box: [1, 1, 9, 9] } }, { do: "field", action: { do: "put", text: "XYZ1", alphabet: ALPHABET } }, enter("new"), { do: "choose", read: -1 }).state;
    const { state, orders } = run(added, { do: "merge" }, { do: "merge with", other: 1, key: "m" });
    expect(orders).toEqual([{ kind: "merge", read: 1, other: -1, missed: "new", text: "XYZ1", revision: 0, otherRevision: 0, clientKey: "m" }]);
    expect(state.reads.map(({ id, passage, double }) => [id, passage?.text, double])).toEqual([[1, "XYZ1", false], [2, undefined, false], [3, undefined, false]]);
    const back = run(state, { do: "undo", sent: false, key: "u" }).state;
    expect(back.reads.map(({ id, passage }) => [id, passage?.text])).toEqual([[1, undefined], [2, undefined], [3, undefined], [-1, "XYZ1"]]);
    const other = run(added, { do: "choose", read: 1 }, { do: "merge" }, { do: "merge with", other: -1, key: "m" });
    expect(other.orders).toEqual(orders);
  });

  it("a track is not merged with itself", () => {
    expect(merge({ do: "merge with", other: 2, key: "m" }).orders).toEqual([]);
  });
});

describe("a track of two vehicles", () => {
  it("is parted by two texts", () => {
    const halfway = run(opened(), { do: "split", seconds: 11 }, enter("x"));
    expect([halfway.state.mode, halfway.state.parting]).toEqual(["split", { seconds: 11, first: "PBA1234" }]);
    const text: ReviewAction = { do: "field", action: { do: "put", text: "GSK7788", alphabet: ALPHABET } };
    const { state, orders } = run(halfway.state, text, enter("s"));
    expect(orders).toEqual([{ kind: "split", read: 1, seconds: 11, texts: ["PBA1234", "GSK7788"], revision: 0, clientKey: "s" }]);
    expect([state.mode, state.current, state.reads[0]?.passage?.text]).toEqual(["look", 2, "PBA1234"]);
  });

  it("is parted inside only", () => {
    for (const seconds of [9, 10, 12.5]) expect(run(opened(), { do: "split", seconds }).state.mode).toBe("look");
  });
});

describe("what others decided", () => {
  const theirs: Read["passage"] = { status: "corrected", text: "PBA1235", reason: "", revision: 3, unseen: false };
  const line = { ...read(1, "PBA1234", 0.97, theirs), detail: null };
  const news = { lines: [line], missed: [], stretches: [[9, 13]] as const, busy: new Set<number>() };

  it("is taken in, and what was loaded of the read stays", () => {
    const { state } = run(opened(), { do: "news", news });
    expect(state.reads[0]).toEqual({ ...line, detail: READS[0]?.detail });
    expect(state.current).toBe(1);
  });

  it("waits where one's own decision is on its way", () => {
    const { state } = run(opened(), enter(), { do: "news", news: { ...news, busy: new Set([1]) } });
    expect(state.reads[0]?.passage?.text).toBe("PBA1234");
  });

  it("a missed vehicle comes, and goes when it is taken back", () => {
    const drawn = { seconds: 11, box: [1, 1, 9, 9] } as const;
    const mine = run(opened(), { do: "add" }, { do: "drawn", drawn }, { do: "field", action: { do: "put", text: "XYZ1", alphabet: ALPHABET } }, enter("new"), { do: "choose", read: -1 }).state;
    const arrived = { ...(mine.reads.at(-1) as Read), id: -77, missed: "p77" };
    const known = run(mine, { do: "news", news: { ...news, missed: [arrived] } }).state;
    expect([known.reads.map(({ id }) => id), known.current]).toEqual([[1, 2, 3, -77], -77]);
    const gone = run(known, { do: "news", news }).state;
    expect([gone.reads.map(({ id }) => id), gone.current]).toEqual([[1, 2, 3], 1]);
    // What was typed for it is not saved on the read that comes in its place.
    const edited = run(known, { do: "edit" }, { do: "news", news }, enter("lost"));
    expect([edited.state.reads[0]?.passage?.text, edited.orders]).toEqual(["PBA1235", []]);
    // On its way from here it got another name: it is still the one being edited.
    const renamed = run(mine, { do: "edit" }, { do: "news", news: { ...news, missed: [arrived] } }).state;
    expect([renamed.current, renamed.mode]).toEqual([-77, "edit"]);
  });

  it("reads of a reading at work come in", () => {
    const { state } = run(opened(), { do: "news", news: { ...news, lines: [read(9, "NEW1234", 0.9)], stretches: [] } });
    expect([state.reads.map(({ id }) => id), state.current]).toEqual([[1, 2, 3, 9], 1]);
  });

  it("a list loaded again keeps what is still on its way", () => {
    const decided = run(opened(), enter()).state;
    const { state } = run(decided, { do: "reads", reads: READS, alphabet: ALPHABET, busy: new Set([1]) });
    expect(state.reads.map(({ passage }) => passage?.text)).toEqual(["PBA1234", undefined, undefined]);
  });
});

it("of a stretch the tracks are counted that nobody has decided", () => {
  expect([openIn(READS, [0, 100]), openIn(READS, [15, 31]), openIn(run(opened(), enter()).state.reads, [0, 100])]).toEqual([3, 1, 2]);
});

it("U goes on from the least certain to the next, and begins anew after a decision", () => {
  const once = run(opened(), { do: "least certain" }).state;
  const twice = run(once, { do: "least certain" }).state;
  const thrice = run(twice, { do: "least certain" }).state;
  expect([once.current, twice.current, thrice.current]).toEqual([2, 3, 1]);
  expect(run(thrice, { do: "least certain" }).state.current).toBe(2);
  expect(run(twice, enter(), { do: "least certain" }).state.current).toBe(2);
});

it("a vehicle that was taken out comes back where that is taken back", () => {
  const added = run(opened(), { do: "add" }, { do: "drawn", drawn: { seconds: 11, box: [1, 1, 9, 9] } }, { do: "field", action: { do: "put", text: "XYZ1", alphabet: ALPHABET } }, enter("new")).state;
  const gone = run(added, { do: "choose", read: -1 }, { do: "reject" }, { do: "reason", reason: "not_a_plate", key: "r" }).state;
  expect(gone.reads.map(({ id }) => id)).toEqual([1, 2, 3]);
  const back = run(gone, { do: "undo", sent: false, key: "u" }).state;
  expect([back.reads.map(({ id }) => id), back.current]).toEqual([[1, 2, 3, -1], -1]);
});

it("T goes to what nobody looked at of the random tenth", () => {
  const reads = READS.map((one) => ({ ...one, sampled: one.id > 1 }));
  const unseen: Read["passage"] = { status: "accepted", text: "GXX0007", reason: "", revision: 1, unseen: true };
  const { state } = run(opened(reads), { do: "choose", read: 2 }, enter(), { do: "next sampled" });
  expect(state.current).toBe(3);
  const looked = run(opened([read(3, "GXX0007", 0.9, unseen), read(4, "A1", 0.9)]), { do: "choose", read: 3 }, enter());
  expect(looked.orders).toMatchObject([{ kind: "accept", read: 3, revision: 1 }]);
});
