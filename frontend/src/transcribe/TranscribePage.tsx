import { useQuery } from "@tanstack/react-query";
import { memo, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Link, useSearchParams } from "react-router";

import { sentenceOf } from "../api/client";
import { isActive, useProject, useProjectId, useSession } from "../api/queries";
import { SaveStatus, type ConflictView } from "../saving/SaveStatus";
import { type Saving, useSaving } from "../saving/useSaving";
import { useCommands } from "../shared/commands";
import { fixed, formatClock, formatNumber } from "../shared/format";
import { keep } from "../shared/keep";
import { Icon } from "../shared/Icon";
import { Key } from "../shared/Key";
import { PlateText } from "../shared/PlateText";
import { Empty, Failed, Loading } from "../shared/States";
import { useTexts } from "../shared/text";
import { KeyHint, WorkPage } from "../shell/Page";
import { Cells } from "./Cells";
import { transcribeCommands } from "./commands";
import { type Field, type FieldAction, isDoubtful, textOf } from "./field";
import { type PlateFormat, displayed, hint } from "./formats";
import { FramePeek } from "./FramePeek";
import { Keypad } from "./Keypad";
import { type Crop, type Saved, type Session, currentItem, lookedAt, pace, strokes, together, upcoming } from "./session";
import { Stage } from "./Stage";
import { Strip } from "./Strip";
import { texts } from "./texts";
import { type Sitting, useSitting } from "./useSitting";
import { type Suggestions, useSuggestions } from "./useSuggestions";
import { type Look, PLAIN } from "./view";
import { type Wanted, wantedOf } from "./wanted";
import { Wishes } from "./Wishes";
import { type Previous, plateFormats, previousTexts } from "./wire";
import "./transcribe.css";

const DEFAULT_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const NO_FORMATS: readonly PlateFormat[] = [];
const NO_TEXTS: readonly Previous[] = [];

export default function TranscribePage() {
  const t = useTexts(texts);
  const project = useProjectId();
  const person = useSession().data?.user?.id ?? null;
  const saving = useSaving(person === null ? null : String(person));
  const about = useProject();
  const formats = useQuery({ queryKey: ["plate-formats", project], queryFn: () => plateFormats(project), staleTime: 300_000 });
  const [params] = useSearchParams();
  const asked = JSON.stringify(wantedOf(params));
  const wanted = useMemo(() => JSON.parse(asked) as Wanted, [asked]);
  if (about.error) return <WorkPage title={t("title")}><div className="work-state"><Failed error={about.error} retry={() => void about.refetch()} /></div></WorkPage>;
  if (!saving || !about.data) return <WorkPage title={t("title")}><div className="work-state"><Loading /></div></WorkPage>;
  const { alphabet = DEFAULT_ALPHABET, role } = about.data;
  return <Work key={`${project} ${asked}`} project={project} wanted={wanted} reviewer={role >= REVIEWER} saving={saving} alphabet={alphabet} formats={formats.data ?? NO_FORMATS} />;
}

/** The role that decides between two readings. */
const REVIEWER = 3;

interface WorkProps {
  readonly project: number;
  readonly wanted: Wanted;
  readonly reviewer: boolean;
  readonly saving: Saving;
  readonly alphabet: string;
  readonly formats: readonly PlateFormat[];
}

function Work({ project, wanted, reviewer, saving, alphabet, formats }: WorkProps) {
  const t = useTexts(texts);
  const suggestions = useSuggestions(project);
  const [saveWhole, toggleWhole] = useSaveWhole();
  const sitting = useSitting({ project, wanted, alphabet, formats, saving, unreadable: t("unreadable"), suggested: suggestions.news, saveWhole });
  const { session, dispatch } = sitting;
  const failed = suggestions.ask.error ? sentenceOf(suggestions.ask.error) : suggestions.job?.state === "failed" ? t("suggest_failed", { error: suggestions.job.error }) : "";
  const [look, setLook] = useState<Look>(PLAIN);
  const [frame, setFrame] = useState(false);
  const [panel, setPanel] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const item = currentItem(session);
  const conflictView = useConflictView(formats);
  useCommands(useMemo(() => transcribeCommands({
    dispatch,
    look: setLook,
    frame: (shown) => setFrame((was) => shown ?? !was),
    frameShown: () => frame,
    saveWhole: toggleWhole,
    now: () => performance.now(),
    newKey: () => crypto.randomUUID(),
  }), [dispatch, frame, toggleWhole]));
  useStayFocused(input, item !== null);
  return (
    <WorkPage title={t("title")}
      actions={<><SaveStatus saving={saving} view={conflictView} compact /><TopFigures session={session} /><button type="button" className="button panel-button" aria-expanded={panel} aria-controls="transcribe-panel" aria-label={t("panel")} onClick={() => setPanel(!panel)}><Icon name="list" /></button></>}
      status={<><SaveStatus saving={saving} view={conflictView} /><Ready session={session} /></>}
      keys={<StatusKeys />}>
      <div className="transcribe work-screen" data-panel={panel || undefined}>
        {!panel && failed !== "" && <p className="suggest-failed notice warn small" role="alert">{failed}</p>}
        {item === null
          ? <div className="work-state"><Waiting project={project} sitting={sitting} filtered={Object.keys(wanted).some((name) => name !== "order")} /></div>
          : <Desk session={session} crop={lookedAt(session) ?? item.crop} look={look} setLook={setLook} input={input} dispatch={dispatch} formats={formats} frame={frame} setFrame={setFrame} />}
        <Panel project={project} session={session} crop={lookedAt(session)} dispatch={dispatch} formats={formats} suggestions={suggestions} saveWhole={saveWhole} toggleWhole={toggleWhole}
          wishes={<Wishes project={project} wanted={wanted} disagreements={sitting.disagreements} reviewer={reviewer} />} />
        {frame && item && <FramePeek crop={lookedAt(session) ?? item.crop} />}
      </div>
    </WorkPage>
  );
}

const WHOLE = "lpr-save-whole";

/** A choice of this browser; on, until somebody turns it off. */
function useSaveWhole(): readonly [boolean, () => void] {
  const [on, setOn] = useState(() => localStorage.getItem(WHOLE) !== "off");
  const toggle = useCallback(() => setOn((was) => !was), []);
  useEffect(() => keep(WHOLE, on ? "on" : "off"), [on]);
  return [on, toggle];
}

/** The field has the focus whenever nothing else was chosen on purpose. */
function useStayFocused(input: React.RefObject<HTMLInputElement | null>, active: boolean): void {
  useEffect(() => {
    if (!active) return;
    input.current?.focus({ preventScroll: true });
    const back = (): void => {
      const idle = document.activeElement === document.body || document.activeElement === null;
      if (idle && !document.querySelector("[role=dialog]")) input.current?.focus({ preventScroll: true });
    };
    // Behind the click or the closed dialog that took the focus away.
    const soon = (): void => void requestAnimationFrame(back);
    document.addEventListener("focusout", soon);
    document.addEventListener("pointerup", soon);
    window.addEventListener("focus", soon);
    return () => {
      document.removeEventListener("focusout", soon);
      document.removeEventListener("pointerup", soon);
      window.removeEventListener("focus", soon);
    };
  }, [input, active]);
}

function TopFigures({ session }: { session: Session }) {
  const t = useTexts(texts);
  const speed = pace(session.saved);
  return (
    <>
      {speed && <span className="t2 wide-only">{t("per_minute", { count: Math.round(speed.perMinute) })}</span>}
      {speed && <span className="t2 wide-only">{t("median", { seconds: fixed(speed.median, 1) })}</span>}
      {speed && <span className="t2 wide-only">{t("per_key", { count: fixed(session.saved.length / session.keys, 2) })}</span>}
      {session.left !== null && <span className="t2"><b className="strong left-count">{formatNumber(session.left)}</b> {t("left")}</span>}
    </>
  );
}

function Ready({ session }: { session: Session }) {
  const t = useTexts(texts);
  const count = Math.min(upcoming(session).length, 30);
  return count > 0 ? <span className="t3">{t("ready", { count })}</span> : null;
}

function StatusKeys() {
  const t = useTexts(texts);
  return (
    <>
      <KeyHint k="Enter">{t("save_and_next")}</KeyHint>
      <KeyHint k=".">{t("unreadable").toLowerCase()}</KeyHint>
      <KeyHint k=",">{t("unknown").toLowerCase()}</KeyHint>
      <KeyHint k="PageDown">{t("skip").toLowerCase()}</KeyHint>
      <KeyHint k="PageUp">{t("back").toLowerCase()}</KeyHint>
      <KeyHint k="F1">{t("all_keys")}</KeyHint>
    </>
  );
}

interface DeskProps {
  readonly session: Session;
  readonly crop: Crop;
  readonly look: Look;
  readonly setLook: (change: (look: Look) => Look) => void;
  readonly input: React.RefObject<HTMLInputElement | null>;
  readonly dispatch: Sitting["dispatch"];
  readonly formats: readonly PlateFormat[];
  readonly frame: boolean;
  readonly setFrame: (change: (shown: boolean) => boolean) => void;
}

/** Picture, cells, hint, buttons. */
function Desk({ session, crop, look, setLook, input, dispatch, formats, frame, setFrame }: DeskProps) {
  const t = useTexts(texts);
  const { field } = session;
  const onField = useCallback((action: FieldAction) => dispatch({ do: "field", action }), [dispatch]);
  const enter = (): void => dispatch({ do: "enter", now: performance.now(), key: () => crypto.randomUUID() });
  const unreadable = (): void => dispatch({ do: "unreadable", now: performance.now(), key: () => crypto.randomUUID() });
  const unknown = (): void => dispatch({ do: "unknown" });
  const skip = (): void => dispatch({ do: "skip", now: performance.now() });
  const coarse = useCoarse();
  const many = together(session).length;
  const saveWord = many > 1 ? t("save_many", { count: many }) : t("save");
  return (
    <section className="desk" aria-label={t("crop")}>
      <div className="stage-frame">
        <Stage crop={crop} look={look} />
        <Looks look={look} setLook={setLook} frame={frame} setFrame={setFrame} hasFrame={crop.framePicture !== null} />
        <Strip session={session} dispatch={dispatch} />
      </div>
      <div className="writing">
        {crop.earlier.length > 0 && (
          <div className="row wrap" role="group" aria-label={t("two_readings")}>
            {crop.earlier.slice(0, 2).map((one, at) => (
              <button key={one.by + String(at)} type="button" className="button" onClick={() => dispatch({ do: "earlier", at })}>
                <span className="t2">{one.by}</span> <TextOrWord text={one.text} formats={formats} /> <Key k={`Alt+${at + 1}`} />
              </button>
            ))}
          </div>
        )}
        <Cells field={field} formats={formats} alphabet={session.alphabet} input={input} onField={onField} touch={coarse} />
        <HintLine session={session} field={field} formats={formats} />
        <div className="row wrap writing-buttons">
          <button type="button" className="button primary" onClick={enter}>{saveWord} <Key k="Enter" /></button>
          <button type="button" className="button" onClick={unreadable}>{t("unreadable")} <Key k="." /></button>
          <button type="button" className="button" onClick={unknown}>{t("unknown")} <Key k="," /></button>
          <button type="button" className="button" onClick={skip}>{t("skip")} <Key k="PageDown" /></button>
          <button type="button" className="button" onClick={() => dispatch({ do: "back", now: performance.now() })}>{t("back")} <Key k="PageUp" /></button>
        </div>
      </div>
      <Keypad field={field} saveWord={saveWord} alphabet={session.alphabet} formats={formats} onChar={(char) => onField({ do: "type", text: char, alphabet: session.alphabet })}
        onErase={() => onField({ do: "backspace" })} onUnreadable={unreadable} onUnknown={unknown} onSkip={skip} onSave={enter} />
    </section>
  );
}

function useCoarse(): boolean {
  return useMemo(() => matchMedia("(max-width: 639px), (pointer: coarse)").matches, []);
}

function Looks({ look, setLook, frame, setFrame, hasFrame }: Pick<DeskProps, "look" | "setLook" | "frame" | "setFrame"> & { hasFrame: boolean }) {
  const t = useTexts(texts);
  const toggle = (name: "smooth" | "inverted" | "mirrored", word: string, key: string) => (
    <button type="button" aria-pressed={look[name]} onClick={() => setLook((was) => ({ ...was, [name]: !was[name] }))}>{word} <Key k={key} /></button>
  );
  return (
    <div className="looks" role="toolbar">
      {toggle("smooth", t("smooth"), "Alt+Z")}
      {toggle("inverted", t("invert"), "Alt+I")}
      <button type="button" aria-pressed={look.turns > 0} onClick={() => setLook((was) => ({ ...was, turns: (was.turns + 1) % 4 }))}>{t("rotate")} <Key k="Alt+R" /></button>
      {toggle("mirrored", t("mirror"), "Alt+M")}
      <button type="button" aria-pressed={look.light !== 0 || look.contrast !== 0} onClick={() => setLook((was) => ({ ...was, light: was.light >= 4 ? 0 : was.light + 2 }))}>
        {t("light")} <Key k="Alt+ArrowUp" />
      </button>
      {hasFrame && <button type="button" aria-pressed={frame} onClick={() => setFrame((was) => !was)}>{t("frame")} <Key k="Alt+C" /></button>}
    </div>
  );
}

/** One line of fixed height: somebody else, format, doubt, warning. */
function HintLine({ session, field, formats }: { session: Session; field: Field; formats: readonly PlateFormat[] }) {
  const t = useTexts(texts);
  const lost = currentItem(session)?.lost ?? false;
  return (
    <p className="hint-line" role="status">
      {lost && <span className="warn row"><Icon name="people" /> {t("lost")}</span>}
      {session.warning === "empty" && <span className="warn row"><Icon name="warning" /> {t("type_first")}</span>}
      {session.warning !== "empty" && !lost && <FormatHint session={session} field={field} formats={formats} />}
      {session.warning === "strange" && <span className="chip warn"><Key k="Enter" /> {t("save_anyway")}</span>}
    </p>
  );
}

function FormatHint({ session, field, formats }: { session: Session; field: Field; formats: readonly PlateFormat[] }) {
  const t = useTexts(texts);
  const said = hint(textOf(field), formats);
  const doubtful = field.cells.filter(isDoubtful).length;
  return (
    <>
      {said.kind === "fits" && <span className="ok row"><Icon name="check" /> {said.format.name} <span className="mono">{said.format.display}</span></span>}
      {said.kind === "begins" && <span className="t3">{said.format.name} <span className="mono">{said.format.display}</span></span>}
      {said.kind === "misfit" && (
        <span className="warn row"><Icon name="warning" /> {t("misfit", { format: said.format.name, expected: t(said.expected), at: textOf(field)[said.at] ?? "" })}</span>
      )}
      {said.kind === "strange" && <span className="warn row"><Icon name="warning" /> {t("strange")}</span>}
      {doubtful > 0 && session.warning === "" && <span className="t3">{t("doubtful", { count: doubtful })}</span>}
    </>
  );
}

interface PanelProps {
  readonly project: number;
  readonly session: Session;
  readonly crop: Crop | null;
  readonly dispatch: Sitting["dispatch"];
  readonly formats: readonly PlateFormat[];
  readonly suggestions: Suggestions;
  readonly saveWhole: boolean;
  readonly toggleWhole: () => void;
  readonly wishes: React.ReactNode;
}

function Panel({ project, session, crop, dispatch, formats, suggestions, saveWhole, toggleWhole, wishes }: PanelProps) {
  const t = useTexts(texts);
  const previous = useQuery({ queryKey: ["previous-texts", project], queryFn: () => previousTexts(project), staleTime: Infinity, gcTime: 0 });
  return (
    <aside className="panel" id="transcribe-panel">
      <section className="panel-part">{wishes}</section>
      {crop && (
        <section className="panel-part">
          <h2 className="panel-title">{t("crop")}</h2>
          <dl className="facts">
            {crop.video !== "" && <><dt>{t("video")}</dt><dd>{crop.video}</dd></>}
            {crop.seconds !== null && <><dt>{t("time")}</dt><dd>{formatClock(crop.seconds, true)}</dd></>}
            <dt>{t("size")}</dt><dd>{t("pixels", { width: crop.width, height: crop.height })}</dd>
            <dt>{t("read_by")}</dt><dd>{crop.suggestion?.model ?? t("nobody")}</dd>
          </dl>
          <Suggest suggestions={suggestions} />
        </section>
      )}
      <section className="panel-part">
        <h2 className="panel-title">{t("change_one")}</h2>
        <dl className="facts">
          <dt>{t("other_choice")}</dt><dd><Key k="ArrowDown" /></dd>
          <dt>{t("next_doubtful")}</dt><dd><Key k="Space" /></dd>
          <dt>{t("move")}</dt><dd><Key k="ArrowLeft" /> <Key k="ArrowRight" /></dd>
          <dt>{t("insert")}</dt><dd><Key k="Insert" /></dd>
          <dt>{t("start_again")}</dt><dd><Key k="Ctrl+Backspace" /></dd>
          <dt>{t("last_text")}</dt><dd><Key k="Alt+L" /></dd>
        </dl>
        <label className="row small save-whole"><input type="checkbox" checked={saveWhole} onChange={toggleWhole} /> {t("save_whole")} <Key k="Alt+A" /></label>
      </section>
      <section className="panel-part grow saved-list" tabIndex={0} aria-label={t("saved_now")}>
        <h2 className="panel-title spread"><span>{t("saved_now")}</span><span>{t("undo").toLowerCase()} <Key k="Ctrl+Z" /></span></h2>
        <SavedList saved={session.saved} previous={previous.data ?? NO_TEXTS} formats={formats} dispatch={dispatch} />
      </section>
    </aside>
  );
}

/** Asks the present recognizer for new suggestions, and says how far it is. */
function Suggest({ suggestions: { job, ask } }: { suggestions: Suggestions }) {
  const t = useTexts(texts);
  const active = job !== undefined && isActive(job);
  return (
    <div className="row wrap suggest">
      <button type="button" className="button small" disabled={active || ask.isPending} onClick={() => ask.mutate()}>{t("suggest_again")}</button>
      {active && <span className="t3 small" role="status">{t("suggesting", { done: job.done, total: job.total ?? job.done })}</span>}
      {ask.error && <span className="warn small" role="alert">{sentenceOf(ask.error)}</span>}
      {!active && job?.state === "failed" && <span className="warn small" role="alert">{t("suggest_failed", { error: job.error })}</span>}
    </div>
  );
}

interface SavedListProps {
  readonly saved: readonly Saved[];
  readonly previous: readonly Previous[];
  readonly formats: readonly PlateFormat[];
  readonly dispatch: Sitting["dispatch"];
}

/** Drawn again only when something was saved: after hours there are thousands. */
const SavedList = memo(function SavedList({ saved, previous, formats, dispatch }: SavedListProps) {
  const t = useTexts(texts);
  const shown = strokes(saved, 60);
  if (saved.length === 0 && previous.length === 0) return <p className="t3">{t("saved_none")}</p>;
  return (
    <ul>
      {shown.map(({ first, others }) => (
        <li key={first.clientKey}>
          <button type="button" className="saved-row" onClick={() => dispatch({ do: "show", crop: first.crop, now: performance.now() })}>
            <TextOrWord text={first.text} formats={formats} />
            {others > 0 && <span className="t2">{t("and_more", { count: others })}</span>}
            <span className="t3 grow num">{outcomeWord(first, t)}</span>
            <span className="t2 saved-seconds">{fixed(first.seconds, 1)} s</span>
          </button>
        </li>
      ))}
      {previous.map((one) => (
        <li key={`earlier-${one.id}`} className="saved-row earlier"><TextOrWord text={one.text} formats={formats} /></li>
      ))}
    </ul>
  );
});

function TextOrWord({ text, formats }: { text: string; formats: readonly PlateFormat[] }) {
  const t = useTexts(texts);
  return text === "" ? <span className="t3">{t("unreadable").toLowerCase()}</span> : <PlateText text={displayed(text, formats)} />;
}

function outcomeWord(saved: Saved, t: ReturnType<typeof useTexts<typeof texts>>): string {
  if (saved.outcome === "accepted") return t("accepted");
  if (saved.outcome === "changed") return t("changed", { count: saved.changed });
  return saved.status === "partial" ? t("partial") : saved.status === "readable" ? t("typed") : "";
}

/** No crop on screen: the shape of one, the reason, or what to do next. */
function Waiting({ project, sitting, filtered }: { project: number; sitting: Sitting; filtered: boolean }) {
  const t = useTexts(texts);
  const { session, ready, dry, error, again } = sitting;
  if (error !== null) return <Failed error={error} title={t("failed_lease")} retry={again} />;
  if (!ready || !dry) return <Loading lines={2} />;
  if (filtered) {
    return (
      <Empty title={t("none_like_that")} actions={
        <>
          <button type="button" className="button primary" onClick={again}>{t("ask_again")}</button>
          <Link className="button" to={`/p/${project}/transcribe`}>{t("all_waiting")}</Link>
        </>
      }>{t("none_like_that_body")}</Empty>
    );
  }
  const left = session.left ?? 0;
  if (left > 0) {
    return (
      <Empty title={t("rest_title", { count: left })} actions={<button type="button" className="button primary" onClick={again}>{t("ask_again")}</button>}>
        {t("rest_body")}
      </Empty>
    );
  }
  if (session.saved.length === 0) return <NothingWaits project={project} />;
  return (
    <Empty title={t("done_title")} actions={<Link className="button primary" to={`/p/${project}/datasets`}>{t("done_action")}</Link>}>
      {t("done_body")}
    </Empty>
  );
}

function NothingWaits({ project }: { project: number }) {
  const t = useTexts(texts);
  const previous = useQuery({ queryKey: ["previous-texts", project], queryFn: () => previousTexts(project), staleTime: Infinity, gcTime: 0 });
  if (previous.data && previous.data.length > 0) {
    return (
      <Empty title={t("done_title")} actions={<Link className="button primary" to={`/p/${project}/datasets`}>{t("done_action")}</Link>}>{t("done_body")}</Empty>
    );
  }
  return (
    <Empty title={t("none_title")} actions={
      <>
        <Link className="button primary" to={`/p/${project}/frames`}>{t("none_action")}</Link>
        <Link className="button" to={`/p/${project}/imports`}>{t("none_import")}</Link>
      </>
    }>{t("none_body")}</Empty>
  );
}

function useConflictView(formats: readonly PlateFormat[]): ConflictView {
  const t = useTexts(texts);
  return useMemo(() => {
    const plate = (text: unknown) => (typeof text === "string" && text !== "" ? <PlateText size={20} text={displayed(text, formats)} /> : <span>{t("unreadable").toLowerCase()}</span>);
    const of = (current: unknown) => (current ?? {}) as { text?: string | null; revision?: number };
    return {
      mine: (entry) => plate(entry.body.text),
      theirs: (current) => (of(current).text === null ? null : plate(of(current).text)),
      revision: (current) => of(current).revision ?? 0,
      picture: (entry) => (typeof entry.body.picture === "string" ? <img className="conflict-picture" src={entry.body.picture} alt={t("crop_picture")} /> : null),
    };
  }, [formats, t]);
}
