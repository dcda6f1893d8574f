import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Link, useSearchParams } from "react-router";

import { sentenceOf } from "../api/client";
import { useProject, useProjectId, useSession } from "../api/queries";
import { SaveStatus, type ConflictView } from "../saving/SaveStatus";
import { type Saving, useSaving } from "../saving/useSaving";
import { useCommands } from "../shared/commands";
import { fixed, formatNumber } from "../shared/format";
import { keep } from "../shared/keep";
import { Icon } from "../shared/Icon";
import { PlateText } from "../shared/PlateText";
import { Empty, Failed, Loading } from "../shared/States";
import { useTexts } from "../shared/text";
import { KeyHint, WorkPage } from "../shell/Page";
import { Desk } from "./Desk";
import { transcribeCommands } from "./commands";
import { type PlateFormat, displayed } from "./formats";
import { FramePeek } from "./FramePeek";
import { type Session, currentItem, lookedAt, pace, upcoming } from "./session";
import { Panel } from "./Panel";
import { texts } from "./texts";
import { type Sitting, useSitting } from "./useSitting";
import { useSuggestions } from "./useSuggestions";
import { type Look, PLAIN } from "./view";
import { type Wanted, wantedOf } from "./wanted";
import { Wishes } from "./Wishes";
import { plateFormats, previousTexts } from "./wire";
import "./transcribe.css";

const DEFAULT_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const NO_FORMATS: readonly PlateFormat[] = [];

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
