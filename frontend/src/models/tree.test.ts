import { expect, test } from "vitest";
import { asTree } from "./tree";

const model = (id: number, parent: number | null = null) => ({ id, parent });
const shown = (...models: { id: number; parent: number | null }[]) => asTree(models).map((one) => `${"-".repeat(one.depth)}${one.model.id}`);

test("children stand below their parent, the older first", () => {
  expect(shown(model(7), model(6, 3), model(5, 2), model(4, 2), model(3, 2), model(2))).toEqual(["7", "2", "-3", "--6", "-4", "-5"]);
});

test("who has a parent that is not here is a root", () => {
  expect(shown(model(4, 1), model(3))).toEqual(["4", "3"]);
});

test("a circle is no tree and nobody is lost", () => {
  expect(shown(model(2, 1), model(1, 2))).toEqual(["1", "-2"]);
  expect(shown(model(1, 1))).toEqual(["1"]);
});
