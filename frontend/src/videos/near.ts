import type { FrameIndex } from "../frames/frame-index";

/** The place of the frame nearest in time, in the index of one video; -1 where there is none. */
export function nearest(index: Pick<FrameIndex, "count" | "milliseconds">, milliseconds: number): number {
  let [low, high] = [0, index.count - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((index.milliseconds[middle] ?? 0) < milliseconds) low = middle + 1;
    else high = middle;
  }
  const before = low > 0 ? milliseconds - (index.milliseconds[low - 1] ?? 0) : Infinity;
  return before <= Math.abs((index.milliseconds[low] ?? 0) - milliseconds) ? low - 1 : index.count === 0 ? -1 : low;
}
