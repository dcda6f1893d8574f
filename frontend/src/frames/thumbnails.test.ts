import { expect, test } from "vitest";
import { PACK, packsOf, readPack } from "./thumbnails";

test("a pack is a table and the pictures behind it", () => {
  const table = JSON.stringify([{ id: 5, name: "Ñandú\n.png", bytes: 3 }, { id: 7, name: "", bytes: 0 }, { id: 6, name: "b", bytes: 2 }]);
  const head = new TextEncoder().encode(`${table}\n`);
  const data = Uint8Array.from([...head, 1, 2, 3, 10, 11]);
  const parts = readPack(data);
  expect(parts.map(({ id, name, from, bytes }) => [id, name, ...data.slice(from, from + bytes)])).toEqual([[5, "Ñandú\n.png", 1, 2, 3], [7, ""], [6, "b", 10, 11]]);
  expect(readPack(new Uint8Array())).toEqual([]);
});

test("packs are cut at the same places, so that their addresses repeat", () => {
  const idAt = (place: number) => (place < 200 ? 1000 + place : null);
  const all = () => true;
  expect(packsOf(10, 20, idAt, all)).toEqual(packsOf(0, PACK, idAt, all));
  expect(packsOf(60, 70, idAt, all).map((pack) => pack.length)).toEqual([PACK, PACK]);
  const last = packsOf(190, 300, idAt, all).flat();
  expect([last[0], last.at(-1), last.length]).toEqual([1128, 1199, 72]);
});

test("only what is missing is asked for", () => {
  expect(packsOf(0, 4, (place) => place, (id) => id === 2)).toEqual([[2]]);
  expect(packsOf(0, 4, (place) => place, () => false)).toEqual([]);
});
