import { memo, type PointerEvent, type ReactNode, useEffect, useMemo, useRef } from "react";

import { formatMoment, formatShare } from "../shared/format";
import { useTexts } from "../shared/text";
import { useSize } from "../transcribe/Stage";
import { type Clock, useMoment } from "./clock";
import type { Read } from "./review";
import { type Span, checkedShare } from "./spans";
import { texts } from "./texts";
import { HILLS, LANE, LANES, MARKS, laneOf, shapesOf, tickSeconds } from "./shapes";
import { type Part, holding, moved, zoomed } from "./zoom";

interface Props {
  readonly reads: readonly Read[];
  /** Seconds. */
  readonly duration: number;
  readonly clock: Clock;
  readonly current: number | null;
  readonly spans: readonly Span[];
  /** Where a stretch begins that is being checked. */
  readonly checking: number | null;
  readonly go: (seconds: number) => void;
  /** What is shown; null is the whole video. */
  readonly part: Part | null;
  readonly show: (change: (part: Part) => Part) => void;
  readonly tools: ReactNode;
}

const BOTTOM = HILLS + 2 + LANES * LANE;
/** Pixels of a wheel that make everything twice as large. */
const TWICE = 300;

/** How many reads there are over time and how sure they are, and each where it happened. */
export function Timeline({ reads, duration, clock, current, spans, checking, go, part, show, tools }: Props) {
  const t = useTexts(texts);
  const box = useRef<HTMLDivElement>(null);
  const { width } = useSize(box);
  const [from, to] = part ?? [0, duration];
  const shown = useMemo((): Part => [from, to], [from, to]);
  const x = (seconds: number): number => (to > from ? ((seconds - from) / (to - from)) * width : 0);
  const ordered = useMemo(() => reads.toSorted((a, b) => a.firstSeconds - b.firstSeconds), [reads]);
  const ticks = width > 0 ? tickSeconds(shown, Math.max(Math.floor(width / 110), 2)) : [];
  const at = useMemo(() => ordered.findIndex((read) => read.id === current), [ordered, current]);
  const read = ordered[at];
  const share = checkedShare(spans, duration);
  useWheel(box, { width, duration, show });
  useEffect(() => clock.subscribe(() => show((was) => holding(was, clock.now(), duration))), [clock, duration, show]);
  const seek = (event: PointerEvent<HTMLDivElement>): void => {
    const share = (event.clientX - event.currentTarget.getBoundingClientRect().left) / Math.max(width, 1);
    go(from + Math.min(Math.max(share, 0), 1) * (to - from));
  };
  return (
    <section className="timeline" aria-label={t("timeline")}>
      <div className="spread small">
        <span className="row"><Now clock={clock} />{tools}</span>
        <span className="row t3">
          {(["reviewed", "new", "doubtful", "missed", "checked"] as const).map((mark) => <span key={mark} className="row legend"><i data-mark={mark} />{mark === "checked" && share > 0 ? t("checked_share", { share: formatShare(share, 0) }) : t(mark)}</span>)}
        </span>
      </div>
      <div ref={box} className="timeline-bars" title={t("timeline")}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          seek(event);
        }}
        onPointerMove={(event) => event.currentTarget.hasPointerCapture(event.pointerId) && seek(event)}>
        <svg width="100%" height={BOTTOM + 19} aria-hidden="true">
          <Bars reads={ordered} part={shown} width={width} />
          {read && <rect data-current x={x(read.firstSeconds)} y={HILLS + 2 + laneOf(at) * LANE} width={Math.max(x(read.lastSeconds) - x(read.firstSeconds), 3)} height={LANE - 2} />}
          {spans.map(([first, last]) => <rect key={first} data-mark="checked" x={x(first)} width={Math.max(x(last) - x(first), 1)} y={BOTTOM + 1} height={3} />)}
          {ticks.map((seconds) => <text key={seconds} x={x(seconds)} y={BOTTOM + 15} textAnchor={seconds === 0 ? "start" : "middle"}>{formatMoment(seconds).replace(/\.0$/u, "")}</text>)}
        </svg>
        <Cursor clock={clock} checking={checking} x={x} />
      </div>
    </section>
  );
}

function Now({ clock }: { clock: Clock }) {
  return <span className="mono strong">{formatMoment(useMoment(clock))}</span>;
}

/** Lies over the bars, so that they are not painted again while the video plays. */
function Cursor({ clock, checking, x }: { clock: Clock; checking: number | null; x: (seconds: number) => number }) {
  const time = useMoment(clock);
  return (
    <>
      {checking !== null && <i className="timeline-checking" style={{ left: x(Math.min(checking, time)), width: Math.max(Math.abs(x(time) - x(checking)), 2), top: BOTTOM + 1 }} />}
      <i className="timeline-now" style={{ transform: `translateX(${x(time).toFixed(1)}px)`, height: BOTTOM }} />
    </>
  );
}

/** The wheel makes the part under the pointer larger or smaller; sideways it moves it. */
function useWheel(box: React.RefObject<HTMLDivElement | null>, { width, duration, show }: Pick<Props, "duration" | "show"> & { width: number }): void {
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const turned = (event: WheelEvent): void => {
      event.preventDefault();
      const share = (event.clientX - element.getBoundingClientRect().left) / Math.max(width, 1);
      const across = event.shiftKey ? event.deltaY : event.deltaX;
      show((part) => {
        const [from, to] = part;
        if (across !== 0) return moved(part, (across / Math.max(width, 1)) * (to - from), duration);
        return zoomed(part, 2 ** (-event.deltaY / TWICE), from + share * (to - from), duration);
      });
    };
    // React's own handler could not keep the page from scrolling.
    element.addEventListener("wheel", turned, { passive: false });
    return () => element.removeEventListener("wheel", turned);
  }, [box, width, duration, show]);
}

/** The video's time passes without drawing these again. */
const Bars = memo(function Bars({ reads, part, width }: { reads: readonly Read[]; part: Part; width: number }) {
  const { bars, hills } = useMemo(() => shapesOf(reads, part, width), [reads, part, width]);
  return <>{MARKS.map((mark) => <g key={mark} data-mark={mark}><path d={hills[mark]} opacity={0.55} /><path d={bars[mark]} /></g>)}</>;
});
