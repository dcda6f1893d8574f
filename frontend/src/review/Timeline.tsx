import { type ReactNode, useMemo, useRef } from "react";

import { formatMoment } from "../shared/format";
import { DOUBTFUL_READ } from "../shared/plate";
import { useTexts } from "../shared/text";
import { useSize } from "../transcribe/Stage";
import { type Read, isDecided } from "./review";
import type { Span } from "./spans";
import { texts } from "./texts";

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

const LANES = 3;
const LANE = 11;

export type Mark = "reviewed" | "new" | "doubtful" | "missed";

export const markOf = (read: Read): Mark => (read.missed !== null ? "missed" : isDecided(read) ? "reviewed" : read.confidence < DOUBTFUL_READ ? "doubtful" : "new");

/** Every read as a bar where it happened, drawn at real width. */
export function Timeline({ reads, duration, time, current, spans, checking, go, tools }: Props) {
  const t = useTexts(texts);
  const box = useRef<HTMLDivElement>(null);
  const { width } = useSize(box);
  const x = (seconds: number): number => (duration > 0 ? (seconds / duration) * width : 0);
  const ordered = useMemo(() => reads.toSorted((a, b) => a.firstSeconds - b.firstSeconds), [reads]);
  const ticks = width > 0 ? tickSeconds(duration, Math.max(Math.floor(width / 110), 2)) : [];
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
        <svg width="100%" height={LANES * LANE + 16} aria-hidden="true">
          {ordered.map((read, index) => (
            <rect key={read.id} data-mark={markOf(read)} data-current={read.id === current || undefined} x={x(read.firstSeconds)} y={(index % LANES) * LANE + 1}
              width={Math.max(x(read.lastSeconds) - x(read.firstSeconds), 3)} height={LANE - 3} rx={1} />
          ))}
          {spans.map(([from, to]) => <rect key={from} data-mark="checked" x={x(from)} width={Math.max(x(to) - x(from), 1)} y={LANES * LANE - 1} height={3} />)}
          {checking !== null && <rect data-mark="checking" x={x(Math.min(checking, time))} width={Math.max(x(Math.abs(time - checking)), 2)} y={LANES * LANE - 1} height={3} />}
          {ticks.map((seconds) => <text key={seconds} x={x(seconds)} y={LANES * LANE + 13} textAnchor={seconds === 0 ? "start" : "middle"}>{formatMoment(seconds).replace(/\.0$/u, "")}</text>)}
          <line x1={x(time)} x2={x(time)} y1={0} y2={LANES * LANE} />
        </svg>
      </div>
    </section>
  );
}

/** Round steps, no more than so many. */
export function tickSeconds(duration: number, most: number): readonly number[] {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];
  const step = steps.find((seconds) => duration / seconds <= most) ?? Math.ceil(duration / most);
  return Array.from({ length: Math.floor(duration / step) + 1 }, (_, at) => at * step).filter((at) => at < duration * 0.97 || at === 0);
}
