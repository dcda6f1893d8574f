import { useQuery } from "@tanstack/react-query";
import { type RefObject, useEffect, useState } from "react";
import { api, unwrap } from "../api/client";
import { useProjectId } from "../api/queries";
import { formatClock, formatNumber, parseClock } from "../shared/format";
import { Icon } from "../shared/Icon";
import { Key } from "../shared/Key";
import { useTexts } from "../shared/text";
import { type Counts, EVERYTHING, type FrameFilter, isEverything, nextHas, NO_BOXES } from "./filter";
import { STATUSES } from "./frame-index";
import { texts } from "./texts";

interface Props {
  readonly filter: FrameFilter;
  readonly counts: Counts | null;
  readonly labels: readonly string[];
  readonly input: RefObject<HTMLInputElement | null>;
  readonly change: (to: FrameFilter) => void;
}

/** The project's videos by id; a thousand are enough for a list to choose from. */
export function useVideoNames(): ReadonlyMap<number, string> {
  const project = useProjectId();
  const query = useQuery({
    queryKey: ["videos", "names", project],
    staleTime: 60_000,
    queryFn: async () => {
      const page = await unwrap(api.GET("/api/v1/videos/", { params: { query: { project, limit: 1000 } } }));
      return new Map(page.results.map((video) => [video.id, video.name]));
    },
  });
  return query.data ?? new Map<number, string>();
}

/** Every condition with the number of frames it would show. */
export function FilterBar({ filter, counts, labels, input, change }: Props) {
  const t = useTexts(texts);
  const videos = useVideoNames();
  const count = (number: number | undefined) => <span className="t3 count">{number === undefined ? "–" : formatNumber(number)}</span>;
  const any = counts && counts.status.open + counts.status.done + counts.status.nothing_here;
  return (
    <div className="frames-filter" role="search">
      {videos.size > 0 && (
        <select className="input" aria-label={t("video")} value={filter.video ?? ""} 
          onChange={(event) => { event.target.blur(); change({ ...filter, video: Number(event.target.value) || null, start: null, end: null }); }}>
          <option value="">{t("every_video")}</option>
          {[...videos].map(([id, name]) => <option key={id} value={id}>{name}</option>)}
        </select>
      )}
      <div className="row chips" role="group" aria-label={t("status")}>
        <button type="button" className="chip" aria-pressed={filter.status === null} onClick={() => change({ ...filter, status: null })}>{t("all")} {count(any ?? undefined)}</button>
        {STATUSES.map((status) => (
          <button key={status} type="button" className="chip" aria-pressed={filter.status === status} onClick={() => change({ ...filter, status: filter.status === status ? null : status })}>
            <i className="dot" data-status={status} /> {t(status)} {count(counts?.status[status])}
          </button>
        ))}
      </div>
      <div className="row chips" role="group" aria-label={t("on_it")}>
        {labels.map((label) => {
          const not = filter.has.includes(`-${label}`);
          return (
            <button key={label} type="button" className="chip" aria-pressed={not || filter.has.includes(label)} onClick={() => change({ ...filter, has: nextHas(filter.has, label) })}>
              {not ? t("without", { label }) : label} {count(counts ? (not ? counts.all - (counts.has[label] ?? 0) : counts.has[label]) : undefined)}
            </button>
          );
        })}
        <button type="button" className="chip" aria-pressed={filter.has.includes(NO_BOXES)} onClick={() => change({ ...filter, has: filter.has.includes(NO_BOXES) ? [] : [NO_BOXES] })}>
          {t("no_boxes")} {count(counts?.has[NO_BOXES])}
        </button>
      </div>
      <div className="row chips">
        <Typed label={t("plate")} hint={t("plate_hint")} title={t("plate_help")} value={filter.text} input={input} wide put={(text) => change({ ...filter, text: text.trim().toUpperCase() })} />
        <Key k="F" />
        {filter.video !== null && <TimeFields filter={filter} change={change} />}
        {!isEverything(filter) && <button type="button" className="button small plain" onClick={() => change(EVERYTHING)}><Icon name="close" size={12} /> {t("clear")}</button>}
      </div>
    </div>
  );
}

function TimeFields({ filter, change }: Pick<Props, "filter" | "change">) {
  const t = useTexts(texts);
  const shown = (seconds: number | null) => (seconds === null ? "" : formatClock(seconds));
  const put = (name: "start" | "end") => (text: string) => {
    const seconds = text.trim() ? parseClock(text) : null;
    if (!text.trim() || seconds !== null) change({ ...filter, [name]: seconds });
  };
  const wrong = (text: string) => (text.trim() && parseClock(text) === null ? t("bad_time") : undefined);
  return (
    <>
      <Typed label={t("from")} hint={t("from")} value={shown(filter.start)} put={put("start")} wrong={wrong} />
      <Typed label={t("to")} hint={t("to")} value={shown(filter.end)} put={put("end")} wrong={wrong} />
    </>
  );
}

interface TypedProps {
  readonly label: string;
  readonly hint: string;
  readonly title?: string;
  readonly value: string;
  readonly put: (text: string) => void;
  readonly wrong?: (text: string) => string | undefined;
  readonly input?: RefObject<HTMLInputElement | null>;
  readonly wide?: boolean;
}

const TYPED_MS = 300;

/** Takes effect when typing rests, at Enter and when left. */
function Typed({ label, hint, title, value, put, wrong, input, wide }: TypedProps) {
  const [text, setText] = useState(value);
  const says = wrong?.(text);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value || says) return;
    const timer = setTimeout(() => put(text), TYPED_MS);
    return () => clearTimeout(timer);
  }, [text, value, says]); // not `put`: it is new at every turn and must not set the timer again
  return (
    <input ref={input} className={wide ? "input wide" : "input"} aria-label={label} placeholder={hint} title={says ?? title} value={text} autoComplete="off" spellCheck={false}
      aria-invalid={says ? true : undefined} onChange={(event) => setText(event.target.value)}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== "Escape") return;
        if (event.key === "Enter" && !says) put(text);
        if (event.key === "Escape") setText(value);
        event.currentTarget.blur();
      }} />
  );
}
