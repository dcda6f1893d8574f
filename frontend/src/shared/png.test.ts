import { expect, test } from "vitest";
import { fileName } from "./png";

test("titles in any language become names of files", () => {
  expect(fileName("Right reads, by how many are kept")).toBe("right-reads-by-how-many-are-kept");
  expect(fileName("Lecturas según cuántas: 100 %")).toBe("lecturas-segun-cuantas-100");
  expect(fileName("京")).toBe("plot");
});
