import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Link, useLocation, useNavigate, useParams, useSearchParams } from "react-router";

import { useProject, useProjectId, useSession } from "../api/queries";
import { type FrameFilter, isEverything, readFilter, searchOf } from "../frames/filter";
import { useStrip } from "../frames/useStrip";
import { SaveStatus } from "../saving/SaveStatus";
import { type Saving, useSaving } from "../saving/useSaving";
import { type Command, useCommands } from "../shared/commands";
import { Icon } from "../shared/Icon";
import { Key } from "../shared/Key";
import { Empty, Failed, Loading } from "../shared/States";
import { useTexts } from "../shared/text";
import { KeyHint, WorkPage } from "../shell/Page";
import type { Field } from "../transcribe/field";
import { plateFormats } from "../transcribe/wire";
import { BoxPanel } from "./BoxPanel";
import { Canvas } from "./Canvas";
import { boxCommands } from "./commands";
import { useConflictView, useRereadAfterConflict } from "./conflicts";
import type { EditorBox } from "./editor";
import { Filmstrip } from "./Filmstrip";
import { BackToGrid, FrameName, FramesLeft, TimeJump } from "./FrameName";
import { sameRect } from "./geometry";
import { colourOf } from "./labels";
import { isPlate } from "./links";
import { PlateField } from "./PlateField";
import { texts } from "./texts";
import { type Said, useBoxDoing, useDoing, useSaidOfBetween } from "./useDoing";
import { type EditorHandle, useEditor } from "./useEditor";
import { useFrame } from "./useFrame";
import { useProposals } from "./useProposals";
import { type LoadedFrame, type Said as Told, firstFrame, textEntry } from "./wire";
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
