import { useMemo, useRef } from "react";
import { EVERYTHING, type FrameFilter, isEverything, look } from "./filter";
import type { FrameIndex } from "./frame-index";
import { NO_STRIP, type Strip, stripOf } from "./strip";
import { useFrameIndex, useReading } from "./useFrameIndex";

/**
 * The frames to go through from the one on screen: those looked for, else those of its video.
 * Marking one does not take it out: it stays in the strip until the page is opened again.
 */
export function useStrip(project: number, video: number | null | undefined, filter: FrameFilter): Strip {
  const all = isEverything(filter);
  const index = useFrameIndex(project, all ? (video ?? null) : filter.video, video !== undefined).data;
  const reading = useReading(project, filter.text).data;
  const latest = useRef(index);
  latest.current = index;
  const ready = index !== undefined && (filter.text === "" || reading !== undefined);
  const list = ready ? `${index.stamp} ${index.count}` : "";
  const positions = useMemo(() => {
    if (list === "" || !latest.current) return null;
    if (all) return ofVideo(latest.current, video ?? null);
    return look(latest.current, filter, filter.text === "" ? null : (reading ?? null)).positions;
  }, [list, all, video, filter, reading]);
  return useMemo(() => (index && positions ? stripOf(index, positions) : NO_STRIP), [index, positions]);
}

function ofVideo(index: FrameIndex, video: number | null): Uint32Array {
  if (video !== null) return look(index, { ...EVERYTHING, video }, null).positions;
  const its = index.stretches.filter((stretch) => stretch.video === null);
  return Uint32Array.from(its.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, at) => from + at)));
}
