import { expect, test } from "vitest";
import { EVERYTHING, type FrameFilter, isEverything, look, nextHas, readFilter, searchOf } from "./filter";
import { indexOf, labelsAt, marked, secondsAt, statusAt, stretchAt } from "./frame-index";

const OPEN = 0, DONE = 1, NOTHING = 2, CAR = 4, PLATE = 8;
/** Two videos of three frames, then two pictures, in two pages. */
const index = indexOf([
  { ids: [10, 1, 1, 90], milliseconds: [0, 1000, 1000, -2000], marks: [OPEN | CAR, DONE | CAR | PLATE, NOTHING, OPEN], boxes: [1, 2, 0, 0], videos: [{ video: 3, count: 3 }, { video: 9, count: 1 }], labels: ["car", "plate"], next: "9.0" },
  { ids: [103, 1, -90, 1], milliseconds: [500, 500, -1000, 0], marks: [OPEN | PLATE, DONE, OPEN, OPEN | CAR], boxes: [1, 0, 0, 4], videos: [{ video: 9, count: 2 }, { video: null, count: 2 }], labels: ["car", "plate"], next: null },
]);
const ids = (filter: Partial<FrameFilter>, reading: ReadonlySet<number> | null = null) =>
  [...look(index, { ...EVERYTHING, ...filter }, reading).positions].map((at) => index.ids[at]);

test("pages grow into one index", () => {
  expect([...index.ids]).toEqual([10, 11, 12, 102, 103, 104, 14, 15]);
  expect(index.stretches).toEqual([{ video: 3, from: 0, to: 3 }, { video: 9, from: 3, to: 6 }, { video: null, from: 6, to: 8 }]);
  expect([0, 2, 3, 5, 6].map((at) => stretchAt(index, at)?.video)).toEqual([3, 3, 9, 9, null]);
  expect([secondsAt(index, 2), secondsAt(index, 5), secondsAt(index, 7)]).toEqual([2, 1, null]);
  expect([statusAt(index, 2), labelsAt(index, 1)]).toEqual(["nothing_here", ["car", "plate"]]);
});

test("each condition keeps what it says", () => {
  expect(ids({})).toHaveLength(8);
  expect(ids({ video: 9 })).toEqual([102, 103, 104]);
  expect(ids({ status: "open" })).toEqual([10, 102, 103, 14, 15]);
  expect(ids({ has: ["plate"] })).toEqual([11, 103]);
  expect(ids({ has: ["car", "-plate"] })).toEqual([10, 15]);
  expect(ids({ has: ["-"] })).toEqual([12, 102, 104, 14]);
  expect(ids({ has: ["tram"] })).toEqual([]);
  expect(ids({ text: "X" }, new Set([15, 103]))).toEqual([103, 15]);
  expect(ids({ video: 9, start: 0.5, end: 0.5 })).toEqual([103]);
  expect(ids({ video: 3, status: "done", has: ["plate"] })).toEqual([11]);
});

test("each count is what its choice would show, the others as they are", () => {
  const counts = (filter: Partial<FrameFilter>) => look(index, { ...EVERYTHING, ...filter }, null).counts;
  expect(counts({})).toEqual({ status: { open: 5, done: 2, nothing_here: 1 }, all: 8, has: { car: 3, plate: 2, "-": 4 } });
  const filtered = counts({ status: "open", has: ["car"] });
  expect(filtered.status).toEqual({ open: ids({ status: "open", has: ["car"] }).length, done: ids({ status: "done", has: ["car"] }).length, nothing_here: 0 });
  expect(filtered.has.plate).toBe(ids({ status: "open", has: ["plate"] }).length);
  expect(filtered.all).toBe(ids({ status: "open" }).length);
});

test("a mark changes the status and nothing else", () => {
  const after = marked(index, [10, 103], "nothing_here");
  expect([statusAt(after, 0), labelsAt(after, 0), statusAt(after, 4), statusAt(after, 1)]).toEqual(["nothing_here", ["car"], "nothing_here", "done"]);
  expect(statusAt(index, 0)).toBe("open");
});

test("the address holds the whole filter", () => {
  const filter: FrameFilter = { video: 3, status: "open", has: ["car", "-plate"], text: "PB?1*", start: 0, end: 61.5 };
  expect(readFilter(new URLSearchParams(searchOf(filter)))).toEqual(filter);
  expect([searchOf(EVERYTHING), isEverything(EVERYTHING), isEverything(filter)]).toEqual(["", true, false]);
});

test("an address that makes no sense is read as far as it does", () => {
  expect(readFilter(new URLSearchParams("status=lost&video=x&start=5&has=,plate,"))).toEqual({ ...EVERYTHING, has: ["plate"] });
});

test("a label goes from not mattering over there to not there", () => {
  const steps = [["-"], ...[1, 2, 3].map(() => [])] as string[][];
  for (let at = 1; at < 4; at += 1) steps[at] = [...nextHas(steps[at - 1] ?? [], "car")];
  expect(steps).toEqual([["-"], ["car"], ["-car"], []]);
});
