import { useEffect, useRef } from "react";

import type { Read, ReviewAction } from "./review";
import { loadDetails } from "./wire";

interface Props {
  readonly reads: readonly Read[];
  /** As they are listed. */
  readonly order: readonly Read[];
  readonly current: number | null;
  readonly time: number;
  readonly decide: (action: ReviewAction) => void;
}

/** Reads ahead that must be there, and how many are asked for at once when one is not. */
const SOON = 20;
const AHEAD = 50;
/** Seconds of the video around the picture whose boxes may be drawn next. */
const AROUND = 10;
const MOST = 80;

/** Boxes and crops of the reads that come next, before anybody waits for them. */
export function useDetails({ reads, order, current, time, decide }: Props): void {
  const asked = useRef(new Set<number>());
  const second = Math.floor(time / 2) * 2;
  useEffect(() => {
    const missing = (read: Read): boolean => read.detail === null && !asked.current.has(read.id);
    const at = Math.max(order.findIndex((read) => read.id === current), 0);
    const soon = order.slice(Math.max(at - 1, 0), at + SOON).some(missing);
    const next = soon ? order.slice(Math.max(at - 2, 0), at + AHEAD) : [];
    const around = reads.filter((read) => read.firstSeconds <= second + AROUND && read.lastSeconds >= second - 2);
    const wanted = [...new Set([...next, ...around].filter(missing).map((read) => read.id))].slice(0, MOST);
    if (wanted.length === 0) return;
    for (const id of wanted) asked.current.add(id);
    loadDetails(wanted).then(
      (details) => {
        decide({ do: "details", details });
        for (const { crops } of [...details.values()].slice(0, AHEAD)) for (const crop of crops) new Image().src = crop.picture;
      },
      () => wanted.forEach((id) => asked.current.delete(id)),
    );
  }, [reads, order, current, second, decide]);
}
