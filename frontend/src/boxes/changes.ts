/** What became of a list of boxes, as the server is told. */

import type { EditorBox } from "./editor";
import { sameRect } from "./geometry";

export type Change =
  | { readonly kind: "create"; readonly box: EditorBox }
  | { readonly kind: "change"; readonly box: EditorBox }
  | { readonly kind: "delete"; readonly key: string };

/**
 * What must be told to the server when the list `before` has become `after`. Deletions first; cars
 * before the plates that name them.
 */
export function changes(before: readonly EditorBox[], after: readonly EditorBox[]): readonly Change[] {
  const was = new Map(before.map((box) => [box.key, box]));
  const is = new Set(after.map((box) => box.key));
  const deleted = before.filter((box) => !is.has(box.key)).map(({ key }): Change => ({ kind: "delete", key }));
  const created = after.filter((box) => !was.has(box.key)).map((box): Change => ({ kind: "create", box }));
  const changed = after.flatMap((box): Change[] => {
    const old = was.get(box.key);
    const same = old === undefined || (sameRect(old, box) && old.label === box.label && old.car === box.car);
    return same ? [] : [{ kind: "change", box }];
  });
  const carsFirst = created.toSorted((a, b) => Number(linked(a)) - Number(linked(b)));
  return [...deleted, ...carsFirst, ...changed];
}

const linked = (change: Change): boolean => change.kind !== "delete" && change.box.car !== null;

/** Whether two lists say the same of the same boxes. */
export const sameBoxes = (one: readonly EditorBox[], other: readonly EditorBox[]): boolean =>
  one.length === other.length && changes(one, other).length === 0;
