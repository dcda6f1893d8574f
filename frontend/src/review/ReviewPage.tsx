import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Link, useParams, useSearchParams } from "react-router";

import { isActive, useJob, useJobsOf, useProject, useProjectId, useSession } from "../api/queries";
import type { Job } from "../api/types";
import { taskName } from "../jobs/tasks";
import { SaveStatus, type ConflictView } from "../saving/SaveStatus";
import { type Saving, useSaving, useSnapshot } from "../saving/useSaving";
import { useCommands } from "../shared/commands";
import { formatMoment } from "../shared/format";
import { Key } from "../shared/Key";
import { Empty, Failed, Loading, Notice } from "../shared/States";
import { useTexts } from "../shared/text";
import { KeyHint, WorkPage } from "../shell/Page";
import { type PlateFormat, displayed } from "../transcribe/formats";
import { plateFormats } from "../transcribe/wire";
import { Clock } from "./clock";
import { forLooking, reviewCommands, writingCommands } from "./commands";
import { VideoStage, playerOf } from "./Player";
import { ReadDesk } from "./ReadDesk";
import { ReadList } from "./ReadList";
import { type Corners, type Order, type Read, type Reason, type Review, type ReviewAction, NOTHING, currentRead, openIn, decide as step, isReason, left, listed, shownText } from "./review";
import { MoreFigures, TopFigures } from "./RunFigures";
import { type Span, withSpan } from "./spans";
import { texts } from "./texts";
import { Timeline } from "./Timeline";
import { SureDialog } from "./SureDialog";
import { useDetails } from "./useDetails";
import { busyReads, useNews } from "./useNews";
import { type Listed, type Run, type VideoFacts, decisionEntry, loadReads, loadRun, loadSpans, loadVideo, revisionIn, spanEntry, undoingIn } from "./wire";
import { type Part, zoomed } from "./zoom";
import "../transcribe/transcribe.css";
import "../boxes/boxes.css";
import "./review.css";

/** The role that decides what was read. */
const REVIEWER = 3;
const DEFAULT_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
/** Milliseconds between two reads. */
const LEAFING = 200;
const NO_FORMATS: readonly PlateFormat[] = [];

export default function ReviewPage() {
  const project = useProjectId();
  const about = useProject();
  const person = useSession().data?.user?.id ?? null;
  const saving = useSaving(person === null ? null : String(person));
  const id = Number(useParams().run);
  const run = useQuery({ queryKey: ["inference-run", id], queryFn: () => loadRun(id) });
  const facts = useQuery({ queryKey: ["video-facts", run.data?.video], queryFn: () => loadVideo(run.data?.video ?? 0), enabled: run.data !== undefined });
  const filmed = run.data?.video ?? 0;
  // Not shared: decisions have changed the page since, so that an equal list is news too.
  const reads = useQuery({ queryKey: ["reviewed-reads", id], queryFn: () => loadReads(id, filmed), enabled: filmed > 0, staleTime: Infinity, gcTime: 0, refetchOnWindowFocus: false, structuralSharing: false });
  const spans = useQuery({ queryKey: ["checked-spans", filmed], queryFn: () => loadSpans(filmed), enabled: filmed > 0 });
  const formats = useQuery({ queryKey: ["plate-formats", project], queryFn: () => plateFormats(project), staleTime: 300_000 });
  const failed = [about, run, facts, reads, spans].find((query) => query.error !== null);
  if (failed) return <Shape><Failed error={failed.error} retry={() => void failed.refetch()} /></Shape>;
  if (!saving || !run.data || !facts.data || !reads.data || !spans.data || !about.data) return <Shape title={run.data?.video_name}><Loading /></Shape>;
  if (reads.data.reads.every((read) => read.missed !== null) && (run.data.job?.state === "failed" || run.data.job?.state === "cancelled")) return <Shape title={run.data.video_name}><NoReads job={run.data.job} project={project} /></Shape>;
  return (
    <Work key={run.data.id} project={project} saving={saving} run={run.data} facts={facts.data} listed={reads.data} spans={spans.data} again={reads.refetch}
      alphabet={about.data.alphabet || DEFAULT_ALPHABET} formats={formats.data ?? NO_FORMATS} may={about.data.role >= REVIEWER} />
  );
}

function Shape({ title, children }: { title?: string; children: React.ReactNode }) {
  const t = useTexts(texts);
  return <WorkPage title={title ?? t("title")}><div className="work-state">{children}</div></WorkPage>;
}

/** A reading that ended before it had read anything. */
function NoReads({ job, project }: { job: Job; project: number }) {
  const t = useTexts(texts);
  const actions = <Link className="button primary" to={`/p/${project}/review`}>{t("to_readings")}</Link>;
  return job.state === "failed" ? <Empty title={t("failed_title")} actions={actions}>{job.error}</Empty> : <Empty title={t("cancelled_title")} actions={actions}>{t("cancelled_body")}</Empty>;
}

interface WorkProps {
  readonly project: number;
  readonly saving: Saving;
  readonly run: Run;
  readonly facts: VideoFacts;
  readonly listed: Listed;
  readonly spans: readonly Span[];
  readonly again: () => unknown;
  readonly alphabet: string;
  readonly formats: readonly PlateFormat[];
  /** Whether this person may decide, not only look. */
  readonly may: boolean;
}

function Work({ project, saving, run, facts, listed: { reads, last }, spans, again, alphabet, formats, may }: WorkProps) {
  const t = useTexts(texts);
  const { state, decide, undo, now, said, say } = useReview({ saving, reads, alphabet, run });
  useReloadAfterConflict(saving, again);
  const newest = useCallback(() => now().reads.reduce((most, read) => (read.missed === null ? Math.max(most, read.number) : most), -1), [now]);
  const lookAgain = useNews({ saving, run, last, newest, decide, again });
  const [asking, setAsking] = useState(false);
  const conflicts = useConflictView();
  const video = useRef<HTMLVideoElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const [clock] = useState(() => new Clock());
  const [part, setPart] = useState<Part | null>(null);
  const [overlay, setOverlay] = useState(true);
  const read = currentRead(state);
  const seek = useCallback((seconds: number) => {
    if (video.current) video.current.currentTime = seconds;
    clock.set(seconds);
  }, [clock]);
  const chosen = read?.id;
  const moved = useRef(0);
  useEffect(() => {
    const now_ = currentRead(now());
    if (!now_) return undefined;
    video.current?.pause();
    // Who leafs through quickly sees the reads; the video follows when they stop.
    const quick = performance.now() - moved.current < LEAFING;
    moved.current = performance.now();
    const timer = setTimeout(() => seek(now_.bestSeconds), quick ? LEAFING : 0);
    return () => clearTimeout(timer);
  }, [chosen, now, seek]);
  const duration = useMemo(() => state.reads.reduce((most, one) => Math.max(most, one.lastSeconds), Math.max(facts.duration ?? 0, 1)), [state.reads, facts.duration]);
  const show = useCallback((change: (was: Part) => Part) => setPart((was) => {
    const whole: Part = [0, duration];
    const next = change(was ?? whole);
    return next[1] - next[0] >= duration ? null : next;
  }), [duration]);
  const zoom = useCallback((factor: number) => show((was) => zoomed(was, factor, clock.now(), duration)), [show, clock, duration]);
  const onChecked = useCallback((span: Span) => {
    const count = openIn(now().reads, span);
    if (count > 0) say("check_open", { count });
  }, [now, say]);
  const check = useChecks({ saving, run, duration, checked: onChecked, now: useCallback(() => video.current?.currentTime ?? 0, []) });
  useEffect(() => {
    if (state.mode === "draw") video.current?.pause();
  }, [state.mode]);
  const player = useMemo(() => playerOf(video, facts.fps, () => currentRead(now())), [facts.fps, now]);
  const split = useCallback(() => {
    decide({ do: "split", seconds: video.current?.currentTime ?? 0 });
    if (now().mode !== "split") say("split_where");
  }, [decide, now, say]);
  const hands = useMemo(() => ({
    state: now, decide, undo, player, split, overlay: () => setOverlay((was) => !was), check: check.toggle, checkAll: check.all, sure: () => setAsking(true), zoom, newKey: () => crypto.randomUUID(),
  }), [now, decide, undo, player, split, check.toggle, check.all, zoom]);
  useCommands(useMemo(() => (may ? reviewCommands(hands) : forLooking(reviewCommands(hands))), [hands, may]));
  useCommands(useMemo(() => writingCommands(hands), [hands]));
  const { reads: all, order: by, filter } = state;
  const order = useMemo(() => listed({ reads: all, order: by, filter }), [all, by, filter]);
  useDetails({ reads: all, order, current: state.current, clock, decide });
  const choose = useCallback((id: number) => decide(now().mode === "merge" ? { do: "merge with", other: id, key: crypto.randomUUID() } : { do: "choose", read: id }), [decide, now]);
  const ended = useCallback((job: Job, key: string | null) => {
    if (key !== null && job.state !== "failed") decide({ do: "bulk", key });
    const { accepted, undone } = (job.result ?? {}) as { accepted?: number; undone?: number };
    if (accepted !== undefined) say("sure_done", { count: accepted });
    if (undone !== undefined) say("sure_undone", { count: undone });
    lookAgain();
  }, [decide, say, lookAgain]);
  const bulk = useBulk(run.id, ended);
  const { begun } = bulk;
  useEffect(() => saving.queue.onSaved((_, answer) => {
    const job = undoingIn(answer);
    if (job) begun(job, null);
  }), [saving, begun]);
  const ask = may ? () => setAsking(true) : null;
  const write = useCallback((text: string) => displayed(text, formats), [formats]);
  const onDrawn = useCallback((box: Corners) => decide({ do: "drawn", drawn: { seconds: video.current?.currentTime ?? 0, box } }), [decide]);
  return (
    <WorkPage title={run.video_name} parent={{ name: t("title"), to: `/p/${project}/review` }}
      beside={<span className="t3 ellipsis wide-only">{run.detector_name}, {run.recognizer_name}</span>}
      actions={<><SaveStatus saving={saving} view={conflicts} compact /><TopFigures state={state} run={run} ask={ask} /></>}
      status={<><SaveStatus saving={saving} view={conflicts} />{said && <span className="t3" role="status">{said}</span>}<Working job={run.job} /><Working job={bulk.job} /></>}
      keys={<Keys />}>
      <div className="review work-screen">
        <section className="review-desk">
          <div className="video-stage">
            {run.job && <Ended job={run.job} />}
            <VideoStage facts={facts} video={video} reads={state.reads} current={read} overlay={overlay} clock={clock} write={write}
              drawing={state.mode === "draw"} drawn={state.drawn?.box ?? null} onDrawn={onDrawn} />
          </div>
          <ReadDesk state={state} read={read} formats={formats} input={input} decide={decide} seek={seek} may={may} said={said} working={run.job !== null && isActive(run.job)} />
          <Timeline reads={state.reads} duration={duration} clock={clock} current={state.current} spans={spans} checking={check.from} go={seek} part={part} show={show}
            tools={<>{may && <><Checks check={check} /><Steps split={split} undo={undo} undone={state.done.length === 0} /></>}<Zoom zoom={zoom} whole={part === null} /></>} />
          <MoreFigures state={state} run={run} ask={ask} project={project} />
        </section>
        <ReadList reads={order} current={state.current} order={by} filter={filter} decide={decide} choose={choose} />
      </div>
      {asking && <SureDialog run={run.id} close={() => setAsking(false)} job={bulk.job} begun={bulk.begun} />}
    </WorkPage>
  );
}

/** A reading that did not come to its end. */
function Ended({ job }: { job: Job }) {
  const t = useTexts(texts);
  if (job.state === "failed") return <div className="ended"><Notice kind="bad">{t("failed_after", { error: job.error })}</Notice></div>;
  return job.state === "cancelled" ? <div className="ended"><Notice kind="warn">{t("cancelled_after")}</Notice></div> : null;
}

/** A job that changes what is on the page. */
function Working({ job }: { job: Job | null }) {
  if (job === null || !isActive(job)) return null;
  return <span className="t2" role="status">{taskName(job.task)}{job.total ? ` ${Math.min(Math.round((100 * job.done) / job.total), 100)} %` : ""}</span>;
}

/** Called with the key by which it can be taken back; null where it is the taking back. */
type OfBulk = (job: Job, key: string | null) => void;

/** The acceptance of sure reads, or its undoing, that runs now, whoever began it; tells when one of one's own has ended. */
function useBulk(run: number, ended: OfBulk): { readonly job: Job | null; readonly begun: OfBulk } {
  const [mine, setMine] = useState<{ readonly id: number; readonly key: string | null } | null>(null);
  const others = useJobsOf("run", run).find((job) => /^(?:accept|undo)_sure$/u.test(job.task) && isActive(job)) ?? null;
  const own = useJob(mine?.id).data ?? null;
  useEffect(() => {
    if (mine === null || own === null || own.id !== mine.id || isActive(own)) return;
    setMine(null);
    ended(own, mine.key);
  }, [mine, own, ended]);
  return { job: mine !== null ? own : others, begun: useCallback((job: Job, key: string | null) => setMine({ id: job.id, key }), []) };
}

interface CheckHandle {
  readonly from: number | null;
  readonly toggle: () => void;
  readonly all: () => void;
}

/** Checked stretches: shown at once, and saved like everything else. */
function useChecks({ saving, run, duration, checked, now }: { saving: Saving; run: Run; duration: number; checked: (span: Span) => void; now: () => number }): CheckHandle {
  const t = useTexts(texts);
  const client = useQueryClient();
  const [from, setFrom] = useState<number | null>(null);
  const told = useRef({ t, from });
  told.current = { t, from };
  const add = useCallback((span: Span) => {
    setFrom(null);
    if (span[1] <= span[0]) return;
    client.setQueryData<readonly Span[]>(["checked-spans", run.video], (spans) => withSpan(spans ?? [], span));
    const title = told.current.t("check_title", { from: formatMoment(span[0]), to: formatMoment(span[1]) });
    void saving.queue.add(spanEntry(run.video, span, title));
    checked(span);
  }, [client, saving, run.video, checked]);
  const toggle = useCallback(() => {
    const begun = told.current.from;
    if (begun === null) setFrom(now());
    else add([Math.min(begun, now()), Math.max(begun, now())]);
  }, [add, now]);
  return { from, toggle, all: useCallback(() => add([0, duration]), [add, duration]) };
}

function Checks({ check }: { check: CheckHandle }) {
  const t = useTexts(texts);
  return (
    <button type="button" className="button small" title={t("check_why")} aria-pressed={check.from !== null} onClick={check.toggle}>
      {check.from === null ? t("check_from") : t("check_to", { time: formatMoment(check.from) })} <Key k="C" />
    </button>
  );
}

/** For hands without a keyboard too. */
function Steps({ split, undo, undone }: { split: () => void; undo: () => void; undone: boolean }) {
  const t = useTexts(texts);
  return (
    <>
      <button type="button" className="button small" title={t("split")} onClick={split}>{t("split_word")} <Key k="S" /></button>
      <button type="button" className="button small" disabled={undone} onClick={undo}>{t("undo")} <Key k="Ctrl+Z" /></button>
    </>
  );
}

/** The wheel over the timeline does the same. */
function Zoom({ zoom, whole }: { zoom: (factor: number) => void; whole: boolean }) {
  const t = useTexts(texts);
  return (
    <span className="row zoom-buttons">
      <button type="button" className="button small" title={t("zoom_out")} aria-label={t("zoom_out")} disabled={whole} onClick={() => zoom(0.5)}>−</button>
      <button type="button" className="button small" title={t("zoom_in")} aria-label={t("zoom_in")} onClick={() => zoom(2)}>+</button>
    </span>
  );
}

function useConflictView(): ConflictView {
  const t = useTexts(texts);
  return useMemo(() => ({
    mine: (entry) => entry.title,
    theirs: (current) => {
      const now = current as { text?: string; reject_reason?: string; reviewer?: string } | null;
      if (now === null) return t("take_back");
      const said = now.text || (isReason(now.reject_reason ?? "") ? t(now.reject_reason as Reason) : "");
      return now.reviewer ? `${said} (${now.reviewer})` : said;
    },
    revision: (current) => (current as { revision?: number } | null)?.revision ?? 0,
  }), [t]);
}

/** Whoever let the other's decision stand, or was refused, wants to see how it is, once nothing of one's own waits. */
function useReloadAfterConflict(saving: Saving, again: () => unknown): void {
  const { conflicts, refused, waiting } = useSnapshot(saving);
  const aside = conflicts.length + refused.length;
  const before = useRef(0);
  const due = useRef(false);
  useEffect(() => {
    due.current ||= aside < before.current;
    before.current = aside;
    if (!due.current || waiting.length > 0) return;
    due.current = false;
    void again();
  }, [aside, waiting.length, again]);
}

function useReview({ saving, reads, alphabet, run }: { saving: Saving; reads: readonly Read[]; alphabet: string; run: Run }) {
  const t = useTexts(texts);
  const told = useRef(t);
  told.current = t;
  const asked = Number(useSearchParams()[0].get("read"));
  const [state, setState] = useState<Review>(() => {
    const [opened] = step(NOTHING, { do: "reads", reads, alphabet });
    return reads.some((read) => read.id === asked) ? step(opened, { do: "choose", read: asked })[0] : opened;
  });
  const [said, setSaid] = useState("");
  const current = useRef(state);
  const decide = useCallback((action: ReviewAction) => {
    const [next, orders] = step(current.current, action);
    if (next === current.current) return;
    const byHand = !["told", "reads", "news", "details"].includes(action.do);
    if (byHand) setSaid(orders.length > 0 && left(next) === 0 ? told.current("all_done") : "");
    const before = current.current;
    current.current = next;
    setState(next);
    for (const order of orders) carryOut(order, saving, before.reads, run, told.current);
  }, [saving, run]);
  const shown = useRef(reads);
  useEffect(() => {
    if (shown.current !== reads) decide({ do: "reads", reads, alphabet, busy: busyReads(saving) });
    shown.current = reads;
  }, [reads, alphabet, saving, decide]);
  const say = useCallback((id: "split_where" | "sure_done" | "sure_undone" | "check_open", { count = 0 }: { count?: number } = {}) => setSaid(id === "split_where" ? told.current(id) : told.current(id, { count })), []);
  const undo = useCallback(() => {
    const last = current.current.done.at(-1);
    if (!last) return setSaid(told.current("nothing_to_undo"));
    decide({ do: "undo", sent: !saving.queue.withdraw(last.clientKey), key: crypto.randomUUID() });
    // Of many a job says so when it has ended.
    setSaid(last.reads.length + (last.gone ?? []).length > 0 ? told.current("undone") : "");
  }, [saving, decide]);
  useEffect(() => saving.queue.onSaved((entry, answer) => {
    const revision = /^(?:read|passage)\./u.test(entry.kind) ? revisionIn(answer) : 0;
    if (revision > 0) decide({ do: "told", read: Number(entry.body.read), revision });
  }), [saving, decide]);
  return { state, decide, undo, now: useCallback(() => current.current, []), said, say };
}

function carryOut(order: Order, saving: Saving, reads: readonly Read[], run: Run, t: ReturnType<typeof useTexts<typeof texts>>): void {
  const read = reads.find((one) => one.id === order.read);
  const text = "text" in order ? order.text : read ? shownText(read) : "";
  const time = formatMoment(order.kind === "add" ? order.drawn.seconds : (read?.firstSeconds ?? 0));
  const title = t(TITLES[order.kind] ?? "read_title", { text, time });
  void saving.queue.add(decisionEntry(order, { run: run.id, video: run.video, title }));
}

const TITLES: Partial<Record<Order["kind"], "missed_title" | "merge_title" | "split_title" | "undo_title">> = { add: "missed_title", merge: "merge_title", split: "split_title", undo: "undo_title" };

function Keys() {
  const t = useTexts(texts);
  return (
    <>
      <span className="row hint"><Key k="J" /><Key k="K" /> {t("next_previous")}</span>
      <KeyHint k="U">{t("least_certain").toLowerCase()}</KeyHint>
      <KeyHint k="Space">{t("play_word")}</KeyHint>
      <KeyHint k="P">{t("play_this").toLowerCase()}</KeyHint>
      <span className="row hint"><Key k="ArrowLeft" /><Key k="ArrowRight" /> {t("frame_word")}</span>
      <KeyHint k="N">{t("missed_word").toLowerCase()}</KeyHint>
      <KeyHint k="Ctrl+Z">{t("undo").toLowerCase()}</KeyHint>
      <KeyHint k="F1">{t("all_keys")}</KeyHint>
    </>
  );
}
