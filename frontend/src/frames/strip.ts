/** The frames before and behind the one on screen, out of the index. */
import { type FrameIndex, type FrameStatus, secondsAt, statusAt } from "./frame-index";

interface InStrip {
  readonly id: number;
  readonly seconds: number | null;
  readonly status: FrameStatus;
}

export interface Strip {
  readonly count: number;
  readonly at: (place: number) => InStrip | null;
  readonly idAt: (place: number) => number | null;
  /** -1 where the frame is not among them. */
  readonly placeOf: (id: number) => number;
  /** The next frame behind this place with the status. */
  readonly nextWith: (status: FrameStatus, place: number) => number | null;
  /** The frame of this video nearest to a time of it. */
  readonly near: (seconds: number, video: number | null) => number | null;
}

export const NO_STRIP: Strip = { count: 0, at: () => null, idAt: () => null, placeOf: () => -1, nextWith: () => null, near: () => null };

/** The frames at these places of the index, in this order. */
export function stripOf(index: FrameIndex, positions: Uint32Array): Strip {
  const idAt = (place: number): number | null => {
    const position = positions[place];
    return position === undefined ? null : (index.ids[position] ?? null);
  };
  return {
    count: positions.length,
    idAt,
    at: (place) => {
      const [id, position] = [idAt(place), positions[place]];
      return id === null || position === undefined ? null : { id, seconds: secondsAt(index, position), status: statusAt(index, position) };
    },
    placeOf: (id) => {
      const position = index.ids.indexOf(id);
      return position < 0 ? -1 : positions.indexOf(position);
    },
    nextWith: (status, place) => {
      for (let at = place + 1; at < positions.length; at += 1) if (statusAt(index, positions[at] ?? 0) === status) return idAt(at);
      return null;
    },
    near: (seconds, video) => {
      let [best, apart]: [number | null, number] = [null, Infinity];
      for (const stretch of index.stretches) {
        if (stretch.video !== video) continue;
        for (let place = 0; place < positions.length; place += 1) {
          const position = positions[place] ?? 0;
          const off = Math.abs((index.milliseconds[position] ?? 0) - seconds * 1000);
          if (position >= stretch.from && position < stretch.to && off < apart) [best, apart] = [idAt(place), off];
        }
      }
      return best;
    },
  };
}
