import { expect, test } from "vitest";
import { EDGE, GAP, layOut, moved, revealing, rowsShown, type Scrolled, scrolledTo, TALLEST, topOf } from "./window";

const VIEW = 800;
const wide = layOut(100_000, 1300, 164);
const huge = layOut(1_000_000, 366, 140);

test("cells fill the width and never stand alone in a row", () => {
  expect(wide.columns * wide.cell + (wide.columns - 1) * GAP).toBeLessThanOrEqual(1300);
  expect(wide.columns).toBe(7);
  expect(layOut(10, 200, 164).columns).toBe(2);
  expect(layOut(0, 1300, 164)).toMatchObject({ rows: 0, height: 2 * EDGE });
});

test("a hundred thousand frames scroll pixel by pixel", () => {
  expect(wide.track).toBe(wide.height);
  const { offset } = scrolledTo({ top: 0, offset: 0 }, 123_456, wide, VIEW);
  expect([offset, topOf(offset, wide, VIEW)]).toEqual([123_456, 123_456]);
});

test("a million on a phone fit an element that browsers can draw, first and last row within reach", () => {
  expect(huge.height).toBeGreaterThan(TALLEST);
  expect(huge.track).toBe(TALLEST);
  const end = scrolledTo({ top: 0, offset: 0 }, TALLEST - VIEW, huge, VIEW);
  expect(rowsShown(end, huge, VIEW)[1]).toBe(huge.rows);
  expect(scrolledTo(end, 0, huge, VIEW).offset).toBe(0);
});

test("in a million the wheel goes by pixels and the bar by shares", () => {
  const middle = scrolledTo({ top: 0, offset: 0 }, (TALLEST - VIEW) / 2, huge, VIEW);
  expect(middle.offset / (huge.height - VIEW)).toBeCloseTo(0.5);
  const on = scrolledTo(middle, middle.top + 100, huge, VIEW);
  expect(on.offset - middle.offset).toBe(100);
  expect(Math.abs(topOf(on.offset, huge, VIEW) - on.top)).toBeLessThan(100);
});

test("every row is drawn at some place, and no more than a screen and its margins", () => {
  for (const offset of [0, 1, 999.5, 50_000, wide.height - VIEW]) {
    const at: Scrolled = { top: offset, offset };
    const [from, to] = rowsShown(at, wide, VIEW);
    expect(EDGE + from * wide.row).toBeLessThanOrEqual(Math.max(EDGE, offset));
    expect(EDGE + to * wide.row).toBeGreaterThanOrEqual(Math.min(offset + VIEW, wide.height - EDGE) - EDGE);
    expect(to - from).toBeLessThanOrEqual(Math.ceil(VIEW / wide.row) + 5);
  }
});

test("revealing moves no more than is needed", () => {
  const row = (place: number) => Math.floor(place / wide.columns);
  expect(revealing(0, 0, wide, VIEW)).toBe(0);
  const below = revealing(99, 0, wide, VIEW);
  expect(below).toBe((row(99) + 1) * wide.row + 2 * EDGE - VIEW);
  expect(revealing(99, below, wide, VIEW)).toBe(below);
  expect(revealing(7, below, wide, VIEW)).toBe(wide.row);
});

test("keys go by one, by row, by screen and to the ends", () => {
  const go = (place: number, ...moves: Parameters<typeof moved>[1][]) => moves.reduce((at, move) => moved(at, move, 100_000, wide, VIEW), place);
  expect(go(0, "right", "right", "down", "left")).toBe(8);
  expect(go(3, "up")).toBe(3);
  expect(go(99_998, "down")).toBe(99_998);
  expect(go(5, "end")).toBe(99_999);
  expect(go(5, "end", "home", "left")).toBe(0);
  expect(go(0, "page-down", "page-up")).toBe(0);
  expect(go(0, "page-down")).toBe(7 * Math.floor(VIEW / wide.row));
});
