import { expect, test } from "vitest";
import { csvOf } from "./csv";

test("a gap is an empty cell and names are quoted where they must", () => {
  expect(csvOf("epoch", [1, 2], [{ name: "loss", values: [0.5, null] }, { name: 'a "b", c', values: [1, 2] }]))
    .toBe('epoch,loss,"a ""b"", c"\r\n1,0.5,1\r\n2,,2\r\n');
});
