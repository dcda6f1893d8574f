import { memo, type ReactNode, useMemo, useRef } from "react";

import { formatMoment } from "../shared/format";
import { useTexts } from "../shared/text";
import { useSize } from "../transcribe/Stage";
import type { Read } from "./review";
import type { Span } from "./spans";
import { texts } from "./texts";
import { HILLS, LANE, LANES, MARKS, laneOf, shapesOf, tickSeconds } from "./shapes";

interface Props {
  readonly reads: readonly Read[];
  /** Seconds. */
  readonly duration: number;
  readonly time: number;
  readonly current: number | null;
  readonly spans: readonly Span[];
  /** Where a stretch begins that is being checked. */
  readonly checking: number | null;
  readonly go: (seconds: number) => void;
  readonly tools: ReactNode;
}

const BOTTOM = HILLS + 2 + LANES * LANE;

/** How many reads there are over time and how sure they are, and each where it happened. */
export function Timeline({ reads, duration, time, current, spans, checking, go, tools }: Props) {
  const t = useTexts(texts);
  const box = useRef<HTMLDivElement>(null);
  const { width } = useSize(box);
  const x = (seconds: number): number => (duration > 0 ? (seconds / duration) * width : 0);
  const ordered = useMemo(() => reads.toSorted((a, b) => a.firstSeconds - b.firstSeconds), [reads]);
  const ticks = width > 0 ? tickSeconds(duration, Math.max(Math.floor(width / 110), 2)) : [];
  const at = useMemo(() => ordered.findIndex((read) => read.id === current), [ordered, current]);
  const read = ordered[at];
  return (
    <section className="timeline" aria-label={t("timeline")}>
      <div className="spread small">
        <span className="row"><span className="mono strong">{formatMoment(time)}</span>{tools}</span>
        <span className="row t3">
          {(["reviewed", "new", "doubtful", "missed", "checked"] as const).map((mark) => <span key={mark} className="row legend"><i data-mark={mark} />{t(mark)}</span>)}
        </span>
      </div>
      <div ref={box} className="timeline-bars" title={t("timeline")}
        onPointerDown={(event) => go(((event.clientX - event.currentTarget.getBoundingClientRect().left) / Math.max(width, 1)) * duration)}>
        <svg width="100%" height={BOTTOM + 19} aria-hidden="true">
          <Bars reads={ordered} duration={duration} width={width} />
          {read && <rect data-current x={x(read.firstSeconds)} y={HILLS + 2 + laneOf(at) * LANE} width={Math.max(x(read.lastSeconds) - x(read.firstSeconds), 3)} height={LANE - 2} />}
          {spans.map(([from, to]) => <rect key={from} data-mark="checked" x={x(from)} width={Math.max(x(to) - x(from), 1)} y={BOTTOM + 1} height={3} />)}
          {checking !== null && <rect data-mark="checking" x={x(Math.min(checking, time))} width={Math.max(x(Math.abs(time - checking)), 2)} y={BOTTOM + 1} height={3} />}
          {ticks.map((seconds) => <text key={seconds} x={x(seconds)} y={BOTTOM + 15} textAnchor={seconds === 0 ? "start" : "middle"}>{formatMoment(seconds).replace(/\.0$/u, "")}</text>)}
          <line x1={x(time)} x2={x(time)} y1={0} y2={BOTTOM} />
        </svg>
      </div>
    </section>
  );
}

/** The video's time passes without drawing these again. */
const Bars = memo(function Bars({ reads, duration, width }: { reads: readonly Read[]; duration: number; width: number }) {
  const { bars, hills } = useMemo(() => shapesOf(reads, duration, width), [reads, duration, width]);
  return <>{MARKS.map((mark) => <g key={mark} data-mark={mark}><path d={hills[mark]} opacity={0.55} /><path d={bars[mark]} /></g>)}</>;
});
