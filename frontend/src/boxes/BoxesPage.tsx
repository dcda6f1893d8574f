import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Link, useLocation, useNavigate, useParams, useSearchParams } from "react-router";

import { sentenceOf } from "../api/client";
import { useCounts, useProject, useProjectId, useSession } from "../api/queries";
import { type FrameFilter, isEverything, readFilter, searchOf } from "../frames/filter";
import type { Strip } from "../frames/strip";
import { texts as frameTexts } from "../frames/texts";
import { rememberStatus } from "../frames/useFrameIndex";
import { useStrip } from "../frames/useStrip";
import { SaveStatus, type ConflictView } from "../saving/SaveStatus";
import { type Saving, useSaving, useSnapshot } from "../saving/useSaving";
import { type Command, useCommands } from "../shared/commands";
import { formatMoment, formatNumber, parseClock } from "../shared/format";
import { Icon } from "../shared/Icon";
import { Key } from "../shared/Key";
import { PlateText } from "../shared/PlateText";
import { Empty, Failed, Loading } from "../shared/States";
import { type Translate, translator, useTexts } from "../shared/text";
import { KeyHint, WorkPage } from "../shell/Page";
import { BoxPanel } from "./BoxPanel";
import { Canvas } from "./Canvas";
import { boxCommands } from "./commands";
import { type EditorBox, selectedBoxes } from "./editor";
import { Filmstrip } from "./Filmstrip";
import { colourOf } from "./labels";
import { texts } from "./texts";
import { PlateField } from "./PlateField";
import { sameRect } from "./geometry";
import { isPlate, plateToRead } from "./links";
import { type EditorHandle, useEditor } from "./useEditor";
import { useFrame } from "./useFrame";
import { useProposals } from "./useProposals";
import { type FrameStatus, type LoadedFrame, type Said as Told, firstFrame, firstOpen, markEntry, textEntry } from "./wire";
import type { Field } from "../transcribe/field";
import { plateFormats } from "../transcribe/wire";
import "../transcribe/transcribe.css";
import "./boxes.css";

export default function BoxesPage() {
  const t = useTexts(texts);
  const project = useProjectId();
  const about = useProject();
  const person = useSession().data?.user?.id ?? null;
  const saving = useSaving(person === null ? null : String(person));
  const frame = useFrameInAddress(project);
  if (about.error) return <Shape><Failed error={about.error} retry={() => void about.refetch()} /></Shape>;
  if (frame.error) return <Shape><Failed error={frame.error} retry={() => void frame.refetch()} /></Shape>;
  if (frame.none) return <Shape><NoFrames project={project} /></Shape>;
  if (!saving || !about.data || frame.id === null) return <Shape><Loading /></Shape>;
  const labels = about.data.labels.map(({ name }) => name);
  return <Work title={t("title")} project={project} saving={saving} labels={labels.join("\n")} alphabet={about.data.alphabet ?? ""} id={frame.id} go={frame.go} filter={frame.filter} />;
}

function Shape({ children }: { children: React.ReactNode }) {
  return <WorkPage title={useTexts(texts)("title")}><div className="work-state">{children}</div></WorkPage>;
}

function NoFrames({ project }: { project: number }) {
  const t = useTexts(texts);
  const actions = (
    <>
      <Link className="button primary" to={`/p/${project}/videos`}>{t("to_videos")}</Link>
      <Link className="button" to={`/p/${project}/imports`}>{t("to_import")}</Link>
    </>
  );
  return <Empty title={t("empty_title")} actions={actions}>{t("empty_body")}</Empty>;
}

/**
 * /p/1/frames/7 names the frame; without one the first that needs somebody is opened. What is
 * looked for stands behind it, as in the grid: /p/1/frames/7?status=open&has=plate
 */
function useFrameInAddress(project: number) {
  const asked = useParams().frame;
  const navigate = useNavigate();
  const base = useLocation().pathname.split("/").slice(0, 4).join("/");
  const address = useSearchParams()[0].toString();
  const filter = useMemo(() => readFilter(new URLSearchParams(address)), [address]);
  const search = searchOf(filter);
  const first = useQuery({ queryKey: ["first-frame", project, search], queryFn: () => firstFrame(project, search), enabled: asked === undefined, gcTime: 0 });
  const go = useCallback((frame: number) => void navigate(`${base}/${frame}${search}`), [navigate, base, search]);
  const found = first.data ?? null;
  useEffect(() => {
    if (asked === undefined && found !== null) void navigate(`${base}/${found}${search}`, { replace: true });
  }, [asked, found, navigate, base, search]);
  const id = asked === undefined ? null : Number(asked);
  return { id, go, filter, none: asked === undefined && first.data === null, error: asked === undefined ? first.error : null, refetch: first.refetch };
}

interface WorkProps {
  readonly title: string;
  readonly project: number;
  readonly saving: Saving;
  /** One a line, so that the same labels are the same value. */
  readonly labels: string;
  readonly alphabet: string;
  readonly id: number;
  readonly go: (frame: number) => void;
  readonly filter: FrameFilter;
}

/** In the language of the moment. */
const say: Translate<typeof texts> = (key, facts) => translator(texts)(key, facts);

type Said = { readonly kind: "note" | "warn"; readonly text: string } | null;

function Work({ title, project, saving, labels: lines, alphabet, id, go, filter }: WorkProps) {
  const t = useTexts(texts);
  const labels = useMemo(() => (lines === "" ? [] : lines.split("\n")), [lines]);
  const query = useFrame(id, searchOf(filter));
  const frame = query.data;
  const proposals = useProposals(frame);
  const handle = useEditor({ saving, frame, proposed: proposals.boxes, labels });
  // The frames around stay in sight while the next one is on its way.
  const video = useRef(frame?.video);
  if (frame) video.current = frame.video;
  const strip = useStrip(project, video.current, filter);
  const canvas = useRef<HTMLDivElement>(null);
  const timeInput = useRef<HTMLInputElement>(null);
  const [said, setSaid] = useState<Said>(null);
  const [writing, setWriting] = useState<string | null>(null);
  const drafts = useRef(new Map<string, Field>()).current;
  const [historyShown, setHistoryShown] = useState(false);
  const onFrame = useDoing({ project, saving, id, frame, handle, go, setSaid, strip, filter: isEverything(filter) ? null : filter });
  const onBoxes = useBoxDoing({ handle, setSaid, setWriting, setHistoryShown });
  const doing = useMemo(() => ({ ...onFrame, ...onBoxes }), [onFrame, onBoxes]);
  useSaidOfBetween({ saving, frame: id, setSaid });
  const conflictView = useConflictView(t);
  useRereadAfterConflict({ saving, frame: id, refetch: query.refetch, forget: handle.forget });
  useEffect(() => {
    setWriting(null);
    canvas.current?.focus({ preventScroll: true });
  }, [id, frame === undefined]);
  const written = handle.editor.boxes.find(({ key }) => key === writing);
  useCommands(useMemo(() => boxCommands({
    edit: handle.act,
    editor: handle.now,
    newKey: () => crypto.randomUUID(),
    onCanvas: () => document.activeElement === canvas.current,
    leaveCanvas: () => canvas.current?.blur(),
    toTime: () => timeInput.current?.focus(),
    ...doing,
  }, labels) as readonly Command[], [handle.act, handle.now, doing, labels]));
  return (
    <WorkPage title={title} beside={frame && <><FrameName frame={frame} input={timeInput} strip={strip} go={go} say={setSaid} /><BackToGrid project={project} filter={filter} id={id} /></>}
      actions={<><SaveStatus saving={saving} view={conflictView} compact /><FramesLeft /></>}
      status={<><SaveStatus saving={saving} view={conflictView} />{said && <span className={said.kind === "warn" ? "warn" : "t3"} role="status">{said.text}</span>}</>}
      keys={<Keys />}>
      <div className="boxes work-screen">
        <section className="box-desk">
          <Bar handle={handle} labels={labels}>
            {frame && <TimeJump frame={frame} strip={strip} go={go} say={setSaid} className="narrow-only" />}
          </Bar>
          <div className="box-stage">
            {frame === undefined
              ? <div className="work-state">{query.error ? <Failed error={query.error} retry={() => void query.refetch()} /> : <Loading />}</div>
              : <Canvas editor={handle.editor} picture={frame.picture} act={handle.act} canvas={canvas} newKey={() => crypto.randomUUID()}
                  onPictureError={() => setSaid({ kind: "warn", text: t("picture_failed") })} />}
            {frame && written && (
              <Writing key={written.key} box={written} frame={frame} handle={handle} saving={saving} project={project} alphabet={alphabet} drafts={drafts}
                next={setWriting} leave={() => {
                  setWriting(null);
                  canvas.current?.focus({ preventScroll: true });
                }} />
            )}
            {said && <p className={`box-said narrow-only ${said.kind === "warn" ? "warn" : ""}`}>{said.text}</p>}
          </div>
          <Filmstrip strip={strip} current={id} go={go} />
        </section>
        {frame === undefined ? <aside className="panel" /> : <BoxPanel handle={handle} saving={saving} proposals={proposals} status={frame.status}
          does={doing} historyShown={historyShown} />}
      </div>
    </WorkPage>
  );
}

interface WritingProps {
  readonly box: EditorBox;
  readonly frame: LoadedFrame;
  readonly handle: EditorHandle;
  readonly saving: Saving;
  readonly project: number;
  readonly alphabet: string;
  /** What was typed and neither saved nor let go, by the key of its box. */
  readonly drafts: Map<string, Field>;
  readonly next: (plate: string) => void;
  readonly leave: () => void;
}

/** The text of a plate; whoever reads one that nobody had read goes on to the next such plate. */
function Writing({ box, frame, handle, saving, project, alphabet, drafts, next, leave }: WritingProps) {
  const t = useTexts(texts);
  const formats = useQuery({ queryKey: ["plate-formats", project], queryFn: () => plateFormats(project), staleTime: Infinity });
  const loaded = frame.boxes.find(({ key }) => key === box.key);
  const suggestion = loaded && sameRect(loaded, box) ? (frame.read.get(box.key) ?? null) : null;
  const save = (said: Told): void => {
    drafts.delete(box.key);
    const title = t("write_title", { text: said.text === "" ? t("unreadable") : said.text, frame: String(frame.id) });
    void saving.queue.add(textEntry(frame.id, box, said, title));
    handle.act({ do: "text", key: box.key, text: said.text, status: said.status });
    const further = handle.now().boxes.find((one) => isPlate(one) && one.status === "" && one.key !== box.key);
    if (box.status !== "" || !further) return leave();
    handle.act({ do: "select", key: further.key });
    next(further.key);
  };
  const letGo = (): void => {
    drafts.delete(box.key);
    leave();
  };
  const keep = useCallback((draft: Field) => void drafts.set(box.key, draft), [drafts, box.key]);
  return <PlateField box={box} editor={handle.editor} picture={frame.picture} formats={formats.data ?? []} alphabet={alphabet} suggestion={suggestion}
    draft={drafts.get(box.key)} keep={keep} save={save} leave={letGo} />;
}

interface BoxDoing {
  readonly handle: EditorHandle;
  readonly setSaid: (said: Said) => void;
  readonly setWriting: (box: string) => void;
  readonly setHistoryShown: (change: (shown: boolean) => boolean) => void;
}

/** What is done with the boxes in hand, with a word where nothing can be done. */
function useBoxDoing({ handle: { act, now }, setSaid, setWriting, setHistoryShown }: BoxDoing) {
  return useMemo(() => {
    const warn = (key: keyof typeof texts): void => setSaid({ kind: "warn", text: say(key) });
    return {
      write: (): void => {
        const { boxes, selected } = now();
        const plate = plateToRead(boxes, selected);
        if (plate === null) return warn("write_none");
        act({ do: "select", key: plate });
        setWriting(plate);
      },
      link: (): void => {
        const before = now();
        act({ do: "link" });
        if (now() !== before) return;
        const [one, ...others] = selectedBoxes(before);
        warn(one && others.length === 0 && isPlate(one) ? "link_no_car" : "link_what");
      },
      interpolate: (): void => (now().boxes.length === 0 ? warn("interpolate_first") : act({ do: "interpolate", key: crypto.randomUUID() })),
      history: (): void => setHistoryShown((shown) => !shown),
    };
  }, [act, now, setSaid, setWriting, setHistoryShown]);
}

/** What came of an interpolation; the frames between are read again. */
function useSaidOfBetween({ saving, frame, setSaid }: { saving: Saving; frame: number } & Pick<BoxDoing, "setSaid">): void {
  const client = useQueryClient();
  useEffect(() => saving.queue.onSaved((entry, answer) => {
    if (!entry.kind.startsWith("between.")) return;
    void client.invalidateQueries({ queryKey: ["frame"] });
    if (entry.body.frame !== frame) return;
    const { boxes, frames } = answer as { boxes: number; frames: number };
    const drawn = boxes === 0 ? say("between_none") : say("between_drawn", { count: boxes, frames });
    setSaid({ kind: "note", text: entry.kind === "between.draw" ? drawn : say("between_undone") });
  }), [saving, client, frame, setSaid]);
}

interface Doing {
  readonly project: number;
  readonly saving: Saving;
  readonly id: number;
  /** Undefined while it is on its way. */
  readonly frame: LoadedFrame | undefined;
  readonly handle: EditorHandle;
  readonly go: (frame: number) => void;
  readonly setSaid: (said: Said) => void;
  readonly strip: Strip;
  /** What is looked for; null: everything, and the way goes on to what needs somebody. */
  readonly filter: FrameFilter | null;
}

/** What is done with a whole frame. */
function useDoing({ project, saving, id, frame, handle, go, setSaid, strip, filter }: Doing) {
  const client = useQueryClient();
  const carried = useRef<{ to: number; boxes: readonly EditorBox[] } | null>(null);
  const onScreen = useRef(id);
  onScreen.current = id;

  // Boxes copied to the next frame are put there when it is on screen.
  const { act, now } = handle;
  useEffect(() => setSaid(null), [id, setSaid]);
  useEffect(() => {
    const carry = carried.current;
    if (!frame || carry?.to !== frame.id) return;
    carried.current = null;
    const before = now().boxes.length;
    act({ do: "paste", key: crypto.randomUUID(), boxes: carry.boxes });
    setSaid({ kind: "note", text: say("copied", { count: now().boxes.length - before }) });
  }, [frame, act, now, setSaid]);

  return useMemo(() => {
    const tell = (key: keyof typeof texts, kind: "note" | "warn" = "warn"): void => setSaid({ kind, text: say(key) });
    const mark = (frame: LoadedFrame, status: FrameStatus): void => {
      void saving.queue.add(markEntry(frame.id, status, say("frame_title", { frame: String(frame.id), status: say(status) })));
      rememberStatus(client, project, [frame.id], status);
      client.setQueriesData<LoadedFrame>({ queryKey: ["frame", frame.id] }, (one) => one && { ...one, status });
      const counted = frame.status === "open";
      client.setQueryData<Record<string, number>>(["stats", project], (stats) =>
        stats && counted ? { ...stats, frames_open: Math.max((stats.frames_open ?? 1) - 1, 0) } : stats);
    };
    const onward = async (): Promise<void> => {
      if (!frame) return;
      if (filter !== null) {
        const like = strip.nextWith(filter.status ?? "open", strip.placeOf(id)) ?? (strip.count === 0 ? frame.next : null);
        return like === null ? tell("no_next", "note") : go(like);
      }
      try {
        const open = frame.nextOpen ?? (await firstOpen(project));
        // Somebody may have gone elsewhere meanwhile.
        if (onScreen.current !== id) return;
        if (open !== null && open !== id) go(open);
        else tell("all_done", "note");
      } catch (error) {
        setSaid({ kind: "warn", text: sentenceOf(error) });
      }
    };
    const beside = (step: 1 | -1): number | null => {
      const at = strip.placeOf(id);
      return (at >= 0 ? strip.idAt(at + step) : null) ?? (step === 1 ? frame?.next : frame?.previous) ?? null;
    };
    const step = (by: 1 | -1): void => {
      const to = beside(by);
      if (to !== null) go(to);
      else if (by === 1 && frame) tell("no_next", "note");
    };
    return {
      go: step,
      nextNeeds: (): void => void onward(),
      done: (): void => {
        if (!frame) return;
        if (now().boxes.length === 0 && frame.status !== "nothing_here") return tell("enter_needs");
        if (now().boxes.length > 0) mark(frame, "done");
        void onward();
      },
      nothingHere: (): void => {
        if (!frame) return;
        if (now().boxes.length > 0) return tell("nothing_refused");
        mark(frame, "nothing_here");
        void onward();
      },
      copyToNext: (): void => {
        if (!frame) return;
        const to = beside(1);
        if (to === null) return tell("no_next", "note");
        if (now().boxes.length === 0) return tell("copy_none");
        carried.current = { to, boxes: now().boxes };
        go(to);
      },
    };
  }, [project, saving, id, frame, now, go, setSaid, strip, filter, client]);
}

interface Reread {
  readonly saving: Saving;
  readonly frame: number;
  readonly refetch: () => unknown;
  readonly forget: () => void;
}

/** Whoever let the other's box stand wants to see it. */
function useRereadAfterConflict({ saving, frame, refetch, forget }: Reread): void {
  const count = useSnapshot(saving).conflicts.filter(({ body }) => body.frame === frame).length;
  const before = useRef({ frame, count });
  useEffect(() => {
    if (before.current.frame === frame && count < before.current.count) {
      forget();
      void refetch();
    }
    before.current = { frame, count };
  }, [frame, count, refetch, forget]);
}

function useConflictView(t: Translate<typeof texts>): ConflictView {
  return {
    mine: (entry) => (
      <span>
        {entry.kind === "box.delete" ? `${entry.title}: ${t("deleted_short")}` : entry.title}{" "}
        <Numbers values={[entry.body.x1, entry.body.y1, entry.body.x2, entry.body.y2]} />
      </span>
    ),
    theirs: (current) => {
      const now = (current ?? {}) as { xyxy?: readonly unknown[]; label?: string; deleted?: boolean; text?: string };
      if (now.text !== undefined) return now.text === "" ? <span>{t("unreadable")}</span> : <PlateText text={now.text} />;
      return now.deleted ? <span>{t("deleted_short")}</span> : <span>{now.label} <Numbers values={now.xyxy ?? []} /></span>;
    },
    revision: (current) => (current as { revision?: number } | null)?.revision ?? 0,
  };
}

function Numbers({ values }: { values: readonly unknown[] }) {
  const known = values.filter((value): value is number => typeof value === "number");
  return <span className="t3">{known.map((value) => Math.round(value)).join(", ")}</span>;
}

interface JumpProps {
  readonly frame: LoadedFrame;
  readonly strip: Strip;
  readonly go: (frame: number) => void;
  readonly say: (said: Said) => void;
}

function FrameName({ input, ...jump }: JumpProps & { readonly input: React.RefObject<HTMLInputElement | null> }) {
  const t = useTexts(texts);
  const { frame, strip } = jump;
  const at = strip.placeOf(frame.id);
  return (
    <>
      <span className="chip">{at >= 0 ? t("frame", { number: `${formatNumber(at + 1)} / ${formatNumber(strip.count)}` }) : t("frame", { number: `#${frame.id}` })}</span>
      {frame.seconds === null ? <span className="t3 ellipsis wide-only">{frame.name}</span> : <TimeJump {...jump} input={input} className="wide-only" />}
    </>
  );
}

/** The frame's time; another one written there goes to the frame nearest to it. */
function TimeJump({ frame, strip, go, say, input, className }: JumpProps & { readonly input?: React.RefObject<HTMLInputElement | null>; readonly className: string }) {
  const t = useTexts(texts);
  const own = useRef<HTMLInputElement>(null);
  const field = input ?? own;
  if (frame.seconds === null) return null;
  const jump = (text: string): void => {
    const seconds = parseClock(text);
    const near = seconds === null ? null : strip.near(seconds, frame.video);
    if (near !== null) go(near);
    else say({ kind: "warn", text: t("no_such_time") });
  };
  return (
    <form className={`to-time ${className}`} onSubmit={(event) => {
      event.preventDefault();
      jump(field.current?.value ?? "");
      field.current?.blur();
    }}>
      <input key={frame.id} ref={field} className="chip" aria-label={t("to_time")} title={t("to_time")} defaultValue={formatMoment(frame.seconds)}
        onFocus={(event) => event.currentTarget.select()} onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()} />
      <Key k="G" />
    </form>
  );
}

/** What is looked for, and the way back to all frames like that. */
function BackToGrid({ project, filter, id }: { project: number; filter: FrameFilter; id: number }) {
  const t = useTexts(frameTexts);
  if (isEverything(filter)) return null;
  const labels = filter.has.map((word) => (word === "-" ? t("no_boxes") : word.startsWith("-") ? t("without", { label: word.slice(1) }) : word));
  const what = [filter.status && t(filter.status), ...labels, filter.text].filter(Boolean).join(", ");
  const search = searchOf(filter);
  return (
    <Link className="chip on in-filter ellipsis wide-only" title={t("back_to_grid")} to={`/p/${project}/grid${search}&at=${id}`}>
      {what === "" ? t("back_to_grid") : t("in_filter", { what })}
    </Link>
  );
}

function FramesLeft() {
  const t = useTexts(texts);
  const left = useCounts().data?.frames_open;
  if (left === undefined) return null;
  return <span className="t2"><b className="strong left-count">{formatNumber(left)}</b> {t("frames_left", { count: left })}</span>;
}

function Bar({ handle: { editor, act }, labels, children }: { handle: EditorHandle; labels: readonly string[]; children: React.ReactNode }) {
  const t = useTexts(texts);
  return (
    <div className="box-bar">
      <div className="box-tools box-labels">
        {labels.slice(0, 9).map((label, at) => (
          <button key={label} type="button" aria-pressed={editor.label === label} onClick={() => act({ do: "label", label })}>
            <i className="swatch" style={{ background: colourOf(label, labels) }} /><span className="ellipsis">{label}</span> <Key k={String(at + 1)} />
          </button>
        ))}
        <button type="button" aria-pressed={editor.armed} onClick={() => act({ do: "arm" })}><Icon name="plus" size={14} />{t("draw")} <Key k="N" /></button>
      </div>
      {editor.armed && <span className="t2 small wide-only">{t("draw_hint")}</span>}
      <div className="box-tools">
        <span className="t3 scale">{Math.round(editor.view.scale * 100)} %</span>
        <button type="button" onClick={() => act({ do: "fit" })}>{t("fit")} <Key k="0" /></button>
        <button type="button" onClick={() => act({ do: "to box" })}>{t("to_box")} <Key k="Z" /></button>
        <button type="button" aria-pressed={editor.hidden} onClick={() => act({ do: "hide" })}>{t("hide")} <Key k="H" /></button>
      </div>
      {children}
    </div>
  );
}

function Keys() {
  const t = useTexts(texts);
  return (
    <>
      <span>{t("drag_to_draw")}</span>
      <span className="row hint"><Key k="1" /><Key k="2" /> {t("label_word")}</span>
      <span className="row hint"><Key k="ArrowLeft" /><Key k="ArrowRight" /> {t("nudge")}</span>
      <KeyHint k="C">{t("copy_next").toLowerCase()}</KeyHint>
      <span className="row hint"><Key k="J" /><Key k="K" /> {t("next_previous")}</span>
      <KeyHint k="F1">{t("all_keys")}</KeyHint>
    </>
  );
}
