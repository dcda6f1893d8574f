import { useEffect, useRef } from "react";

import type { Clock } from "./clock";
import type { Detail, Read, ReviewAction } from "./review";
import { loadDetails } from "./wire";

interface Props {
  readonly reads: readonly Read[];
  /** As they are listed. */
  readonly order: readonly Read[];
  readonly current: number | null;
  readonly clock: Clock;
  readonly decide: (action: ReviewAction) => void;
}

/** Reads ahead that must be there, and up to where more are asked for when one is not. */
const SOON = 20;
const AHEAD = 32;
/** Seconds of the video around the picture whose boxes may be drawn next. */
const AROUND = 10;
const MOST = 80;
/** Reads whose crops are held: what a page lets go of comes from the disk again, which takes a while. */
const HELD = 200;

/** Boxes and crops of the reads that come next, before anybody waits for them. */
export function useDetails({ reads, order, current, clock, decide }: Props): void {
  const asked = useRef(new Set<number>());
  const held = useRef(new Map<number, readonly HTMLImageElement[]>());
  useEffect(() => {
    const missing = (read: Read): boolean => read.detail === null && !asked.current.has(read.id);
    const at = Math.max(order.findIndex((read) => read.id === current), 0);
    const look = (second: number): void => {
      const soon = order.slice(Math.max(at - 1, 0), at + SOON).some(missing);
      const next = soon ? order.slice(Math.max(at - 2, 0), at + AHEAD) : [];
      const around = reads.filter((read) => read.firstSeconds <= second + AROUND && read.lastSeconds >= second - 2);
      const wanted = [...new Set([...next, ...around].filter(missing).map((read) => read.id))].slice(0, MOST);
      if (wanted.length === 0) return;
      for (const id of wanted) asked.current.add(id);
      loadDetails(wanted).then(
        (details) => {
          decide({ do: "details", details });
          hold(held.current, details);
        },
        () => wanted.forEach((id) => asked.current.delete(id)),
      );
    };
    let looked = step(clock.now());
    look(looked);
    return clock.subscribe(() => {
      if (step(clock.now()) === looked) return;
      looked = step(clock.now());
      look(looked);
    });
  }, [reads, order, current, clock, decide]);
}

const step = (seconds: number): number => Math.floor(seconds / 2) * 2;

function hold(held: Map<number, readonly HTMLImageElement[]>, details: ReadonlyMap<number, Detail>): void {
  for (const [id, { crops }] of details) held.set(id, crops.map(({ picture }) => Object.assign(new Image(), { src: picture })));
  for (const id of [...held.keys()].slice(0, Math.max(held.size - HELD, 0))) held.delete(id);
}
