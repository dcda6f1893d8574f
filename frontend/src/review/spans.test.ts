import { expect, it } from "vitest";

import { checkedShare, withSpan } from "./spans";

it("spans that touch become one, others stay apart and in order", () => {
  expect(withSpan([[20, 30]], [0, 10])).toEqual([[0, 10], [20, 30]]);
  expect(withSpan([[0, 10], [20, 30]], [10, 15])).toEqual([[0, 15], [20, 30]]);
  expect(withSpan([[0, 10], [20, 30]], [9, 25])).toEqual([[0, 30]]);
  expect(withSpan([[0, 30]], [5, 6])).toEqual([[0, 30]]);
});

it("the checked share ends with the video", () => {
  expect(checkedShare([[0, 10], [50, 120]], 100)).toBe(0.6);
  expect(checkedShare([], 0)).toBe(0);
});
