import { useQuery } from "@tanstack/react-query";
import { type PointerEvent, type RefObject, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { api, unwrap } from "../api/client";
import type { Job, Schemas, Video } from "../api/types";
import { isActive } from "../api/queries";
import { JobProgress } from "../jobs/JobProgress";
import { formatClock, formatMoment, formatNumber } from "../shared/format";
import { Failed, Notice } from "../shared/States";
import { useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { barsOf, draggedRange, movingBetween, type Range, sumsOf, ticksOf, timeAt } from "./timeline";
import { texts } from "./texts";

type Activity = Schemas["Activity"];
const PARTS = 600;
const HIGH = 56;
const TAKEN = 6;

export const useActivity = (video: number) => useQuery({
  queryKey: ["videos", "activity", video],
  queryFn: () => unwrap(api.GET("/api/v1/videos/{id}/activity/", { params: { path: { id: video }, query: { bins: PARTS } } })),
});

/** When vehicles were read, by the newest reading that is done; a few hundred say enough. */
function useReads(video: Video) {
  return useQuery({
    queryKey: ["reads", "times", video.id],
    staleTime: 60_000,
    queryFn: async () => {
      const runs = await unwrap(api.GET("/api/v1/inference-runs/", { params: { query: { video: video.id, limit: 1 } } }));
      const run = runs.results[0];
      if (!run) return [];
      const reads = await unwrap(api.GET("/api/v1/reads/", { params: { query: { run: run.id, limit: 300 } } }));
      return reads.results.map((read) => read.first_seconds);
    },
  });
}

interface Props {
  readonly video: Video;
  readonly activity: ReturnType<typeof useActivity>;
  readonly job: Job | undefined;
  readonly measure: () => void;
  readonly player: RefObject<HTMLVideoElement | null>;
  readonly range: Range | null;
  /** From here on something moves, as the form says. */
  readonly threshold: number | null;
  readonly choose: (range: Range | null) => void;
}

/** What moves in the video, which frames are taken, and where it is damaged. */
export function Timeline({ video, activity, job, measure, player, range, threshold, choose }: Props) {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const [table, setTable] = useState(false);
  const told = activity.data;
  const duration = told ? told.bin_seconds * told.motion.length : (video.duration ?? 0);
  const damaged = (told?.damaged ?? []).reduce((sum, [from = 0, to = 0]) => sum + to - from, 0);
  const measuring = job !== undefined && isActive(job);
  return (
    <section className="card stack activity">
      <header>
        <h2>{t("activity")}</h2>
        <span className="t3 small">{t("activity_is")}</span>
        <span className="grow" />
        <span className="row small legend"><i className="mark kept" /> {t("moves")}</span>
        <span className="row small legend"><i className="mark taken" /> {t("taken")}</span>
        {damaged > 0 && <span className="row small legend bad"><i className="mark broken" /> {t("damaged_for", { time: formatNumber(Math.max(1, Math.round(damaged))) })}</span>}
        {told?.measured && <button type="button" className="button small" aria-pressed={table} onClick={() => setTable(!table)}>{s(table ? "chart" : "table")}</button>}
      </header>
      {activity.error && !told && <Failed error={activity.error} retry={() => void activity.refetch()} />}
      {told && !table && duration > 0 && <Line video={video} activity={told} duration={duration} player={player} range={range} threshold={threshold ?? told.threshold} choose={choose} />}
      {!told && !activity.error && <div style={{ height: HIGH + TAKEN + 24 }} />}
      {told && table && <Moving activity={told} duration={duration} player={player} />}
      {told && !told.measured && (measuring
        ? <JobProgress job={job} name={t("measuring")} />
        : <div className="spread wrap"><span className="t2">{t("not_measured")}</span><button type="button" className="button" onClick={measure}>{t("measure")}</button></div>)}
      {!measuring && job?.state === "failed" && <Notice kind="bad">{job.error}</Notice>}
    </section>
  );
}

interface LineProps {
  readonly video: Video;
  readonly activity: Activity;
  readonly duration: number;
  readonly player: Props["player"];
  readonly range: Range | null;
  readonly threshold: number;
  readonly choose: (range: Range | null) => void;
}

function Line({ video, activity, duration, player, range, threshold, choose }: LineProps) {
  const t = useTexts(texts);
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const at = usePlayhead(player, video.preview);
  const reads = useReads(video).data ?? [];
  const [hover, setHover] = useState<number | null>(null);
  const drag = useRef<number | null>(null);
  const [drawn, setDrawn] = useState<Range | null>(null);
  const bars = useMemo(() => barsOf(activity.motion, width / 3), [activity.motion, width]);
  const taken = useMemo(() => sumsOf(activity.frames, bars.length), [activity.frames, bars.length]);
  const most = Math.max(threshold * 2, 0.12, ...bars.map((bar) => bar ?? 0));
  const x = (seconds: number) => (seconds / duration) * width;
  const placeOf = (event: PointerEvent) => event.clientX - event.currentTarget.getBoundingClientRect().left;
  const shown = drawn ?? range;

  const down = (event: PointerEvent) => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    drag.current = placeOf(event);
  };
  const move = (event: PointerEvent) => {
    setHover(timeAt(placeOf(event), width, duration));
    if (drag.current !== null) setDrawn(draggedRange(drag.current, placeOf(event), width, duration));
  };
  const up = (event: PointerEvent) => {
    if (drag.current === null) return;
    const dragged = draggedRange(drag.current, placeOf(event), width, duration);
    drag.current = null;
    setDrawn(null);
    if (dragged) choose(dragged);
    else if (player.current) player.current.currentTime = timeAt(placeOf(event), width, duration);
  };
  const ticks = ticksOf(duration, Math.max(2, width / 110));
  return (
    <div ref={box} className="timeline" role="img" aria-label={t("timeline_says", { count: bars.filter((bar) => (bar ?? 0) >= threshold).length, all: bars.length })}>
      {width > 0 && (
        <svg width={width} height={HIGH + TAKEN + 20} onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerLeave={() => setHover(null)}
          onPointerCancel={() => { drag.current = null; setDrawn(null); }} onDoubleClick={() => choose(null)}>
          {(activity.damaged ?? []).map(([from = 0, to = 0], place) => <rect key={place} className="broken" x={x(from)} width={Math.max(2, x(to) - x(from))} height={HIGH} />)}
          {bars.map((bar, place) => bar !== null && bar > 0 && (
            <rect key={place} className={bar >= threshold && within(place, bars.length, duration, shown) ? "bar-kept" : "bar-idle"}
              x={(place * width) / bars.length} width={Math.max(1, width / bars.length - 1)} y={HIGH - (bar / most) * HIGH} height={Math.max(1, (bar / most) * HIGH)} />
          ))}
          {activity.measured && <line className="threshold" x1={0} x2={width} y1={HIGH - (threshold / most) * HIGH} y2={HIGH - (threshold / most) * HIGH} />}
          {taken.map((count, place) => count > 0 && <rect key={place} className="taken" x={(place * width) / bars.length} width={Math.max(1, width / bars.length - 1)} y={HIGH + 2} height={TAKEN - 2} />)}
          {reads.map((seconds, place) => <path key={place} className="read" d={`M${x(seconds)} 0l3 5h-6z`} />)}
          {shown && <><rect className="outside" x={0} width={Math.max(0, x(shown.start))} height={HIGH + TAKEN} /><rect className="outside" x={x(shown.end)} width={Math.max(0, width - x(shown.end))} height={HIGH + TAKEN} /></>}
          {shown && [shown.start, shown.end].map((seconds, place) => <line key={place} className="edge" x1={x(seconds)} x2={x(seconds)} y1={0} y2={HIGH + TAKEN} />)}
          {at !== null && <line className="playhead" x1={x(at)} x2={x(at)} y1={0} y2={HIGH + TAKEN} />}
          {hover !== null && <line className="hover" x1={x(hover)} x2={x(hover)} y1={0} y2={HIGH + TAKEN} />}
          {ticks.map((tick) => (
            <text key={tick} x={x(tick)} y={HIGH + TAKEN + 14} textAnchor={tick === 0 ? "start" : x(tick) > width - 24 ? "end" : "middle"}>{short(tick, duration)}</text>
          ))}
        </svg>
      )}
      <span className="hover-time tiny mono" style={{ left: Math.max(0, Math.min(width - 64, x(hover ?? 0) + 6)), visibility: hover === null ? "hidden" : "visible" }}>{formatMoment(hover ?? 0)}</span>
    </div>
  );
}

const within = (bar: number, bars: number, duration: number, range: Range | null): boolean => {
  if (!range) return true;
  const middle = ((bar + 0.5) / bars) * duration;
  return middle >= range.start && middle <= range.end;
};

const short = (seconds: number, duration: number): string => (duration >= 3600 ? formatClock(seconds) : formatClock(seconds).slice(3));

/** The stretches in which something moves, to be read and jumped to. */
function Moving({ activity, duration, player }: { activity: Activity; duration: number; player: Props["player"] }) {
  const t = useTexts(texts);
  const rows = movingBetween(activity.idle, duration);
  const seek = (seconds: number) => { if (player.current) player.current.currentTime = seconds; };
  if (rows.length === 0) return <p className="t2">{t("nothing_moves")}</p>;
  return (
    <div className="moving-table">
      <table className="table">
        <thead><tr><th>{t("from")}</th><th>{t("to")}</th><th className="num">{t("length")}</th><th className="num">{t("taken")}</th></tr></thead>
        <tbody>
          {rows.map(({ start, end }) => (
            <tr key={start}>
              <td><button type="button" className="link" onClick={() => seek(start)}>{formatMoment(start)}</button></td>
              <td>{formatMoment(end)}</td><td className="num">{formatMoment(end - start)}</td>
              <td className="num">{formatNumber(countIn(activity, start, end))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function countIn({ frames, bin_seconds }: Activity, start: number, end: number): number {
  return frames.reduce((sum, count, bin) => sum + ((bin + 0.5) * bin_seconds >= start && (bin + 0.5) * bin_seconds < end ? count : 0), 0);
}

function useWidth(box: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const watch = new ResizeObserver(() => setWidth(element.clientWidth));
    setWidth(element.clientWidth);
    watch.observe(element);
    return () => watch.disconnect();
  }, [box]);
  return width;
}

/** Where the player stands, in seconds; null while there is none. */
export function usePlayhead(player: RefObject<HTMLVideoElement | null>, src: string): number | null {
  const [at, setAt] = useState<number | null>(null);
  useEffect(() => {
    const video = player.current;
    if (!video) return;
    const tell = () => setAt(video.currentTime);
    const names = ["timeupdate", "seeking", "loadedmetadata"] as const;
    for (const name of names) video.addEventListener(name, tell);
    return () => { for (const name of names) video.removeEventListener(name, tell); };
  }, [player, src]);
  return at;
}
