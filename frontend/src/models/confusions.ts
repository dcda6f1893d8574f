import type { Confusion } from "./report";

export interface Matrix {
  readonly truths: readonly string[];
  readonly reads: readonly string[];
  /** By "truth|read". */
  readonly counts: ReadonlyMap<string, number>;
  readonly most: number;
}

/** Rows are true characters, columns what was read, "" (nothing) last on both sides. */
export function matrixOf(cells: readonly Confusion[]): Matrix {
  const ordered = (names: readonly string[]) => [...new Set(names)].sort((a, b) => Number(a === "") - Number(b === "") || (a < b ? -1 : 1));
  return {
    truths: ordered(cells.map((cell) => cell.truth)),
    reads: ordered(cells.map((cell) => cell.read)),
    counts: new Map(cells.map((cell) => [`${cell.truth}|${cell.read}`, cell.count])),
    most: Math.max(1, ...cells.map((cell) => cell.count)),
  };
}
