import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { useProject, useProjectId } from "../api/queries";
import { type Command, useCommands } from "../shared/commands";
import { formatMoment } from "../shared/format";
import { Key } from "../shared/Key";
import { Empty, Failed, Loading } from "../shared/States";
import { useTexts } from "../shared/text";
import { Action } from "../shared/ui";
import { KeyHint, WorkPage } from "../shell/Page";
import { gridCommands } from "./commands";
import { type Counts, EVERYTHING, type FrameFilter, isEverything, look, readFilter, searchOf, writeFilter } from "./filter";
import { FilterBar, useVideoNames } from "./FilterBar";
import { type FrameIndex, indexOf, labelsAt, secondsAt, statusAt, stretchAt } from "./frame-index";
import { Grid } from "./Grid";
import { carriedOver, everything, NOTHING, places, type Selection, sizeOf, stretchedTo, toggled } from "./selection";
import { texts } from "./texts";
import { type Said, useDeeds } from "./useDeeds";
import { useFrameCounts, useFrameIndex, useReading } from "./useFrameIndex";
import { useGrid } from "./useGrid";
import { type Move, moved } from "./window";
import "../transcribe/transcribe.css";
import "./frames.css";

const NO_INDEX: FrameIndex = indexOf([], false);
/** Cells are at least this wide; two stand side by side on a phone. */
const leastOf = (width: number): number => (width < 640 ? 140 : 164);

export default function FramesPage() {
  const t = useTexts(texts);
  const project = useProjectId();
  const [address, setAddress] = useSearchParams();
  const filter = useMemo(() => readFilter(address), [address]);
  const change = useCallback((to: FrameFilter) => setAddress(writeFilter(to), { replace: true }), [setAddress]);
  const query = useFrameIndex(project, filter.video);
  const about = useProject();
  if (about.error) return <Shape><Failed error={about.error} retry={() => void about.refetch()} /></Shape>;
  if (query.error && !query.data?.whole) return <Shape><Failed error={query.error} retry={() => void query.refetch()} /></Shape>;
  if (query.data?.whole && query.data.count === 0 && isEverything(filter)) return <Shape><NoFrames project={project} /></Shape>;
  return <Frames title={t("title")} project={project} index={query.data ?? NO_INDEX} filter={filter} change={change} at={Number(address.get("at")) || null} />;
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

/** -1 where the frame is not among those shown. */
function placeOf(index: FrameIndex, positions: Uint32Array, id: number | null): number {
  const position = id === null ? -1 : index.ids.indexOf(id);
  return position < 0 ? -1 : positions.indexOf(position);
}

interface FramesProps {
  readonly title: string;
  readonly project: number;
  readonly index: FrameIndex;
  readonly filter: FrameFilter;
  readonly change: (to: FrameFilter) => void;
  /** The frame to begin at: where somebody comes back from. */
  readonly at: number | null;
}

function Frames({ title, project, index, filter, change, at }: FramesProps) {
  const t = useTexts(texts);
  const [box, setBox] = useState<HTMLDivElement | null>(null);
  const plate = useRef<HTMLInputElement>(null);
  const { positions, counts, total, searching, error, searchAgain } = useLook(project, index, filter);
  const count = Math.max(positions.length, total);
  const grid = useGrid(box, count, leastOf);
  const [cursor, setCursor] = useState(0);
  const [selection, setSelection] = useState<Selection>(NOTHING);
  const [asking, setAsking] = useState(false);
  const { said, setSaid, act, undo } = useDeeds(project);
  const navigate = useNavigate();
  const idAt = (place: number): number | null => index.ids[positions[place] ?? index.count] ?? null;

  // Another filter begins anew. Where the list changed around them, the frame under the cursor
  // and those chosen stay the same frames, at whatever places they are now.
  const search = searchOf(filter);
  const cameBack = useRef(at);
  const was = useRef({ index, positions, search });
  useEffect(() => {
    const before = was.current;
    was.current = { index, positions, search };
    if (before.search !== search) {
      setSelection(NOTHING);
      setAsking(false);
      setCursor(0);
      grid.scrollTo(0);
    } else if (before.positions !== positions) {
      const idBefore = (place: number) => before.index.ids[before.positions[place] ?? before.index.count] ?? null;
      setSelection((now) => ({ ranges: carriedOver(now.ranges, idBefore, idAt, positions.length), anchor: null, stretched: null }));
      const place = placeOf(index, positions, idBefore(cursor));
      setCursor((now) => Math.max(0, place >= 0 ? place : Math.min(now, positions.length - 1)));
    }
  }, [positions, search]);
  useEffect(() => {
    const place = placeOf(index, positions, cameBack.current);
    if (place < 0 || grid.view === 0) return;
    cameBack.current = null;
    setCursor(place);
    grid.scrollTo(Math.max(0, Math.floor(place / grid.layout.columns) * grid.layout.row - grid.view / 2));
  }, [positions, grid.view]);
  useEffect(() => box?.focus({ preventScroll: true }), [box]);

  const addressOf = useCallback((id: number) => `/p/${project}/frames/${id}${searchOf(filter)}`, [project, filter]);
  const open = (place: number) => {
    const id = idAt(place);
    if (id === null) return;
    const back = writeFilter(filter);
    back.set("at", String(id));
    void Promise.resolve(navigate(`?${back}`, { replace: true })).then(() => navigate(addressOf(id)));
  };
  const goTo = (place: number, stretch: boolean) => {
    if (stretch) setSelection((now) => stretchedTo(now, cursor, place));
    setCursor(place);
    grid.reveal(place);
    setSaid(null);
  };
  const toggle = (place: number) => {
    setSelection((now) => toggled(now, place));
    setCursor(place);
  };
  const onPoint = (place: number, how: "open" | "choose" | "stretch") => {
    if (how === "open") open(place);
    else if (how === "choose") toggle(place);
    else goTo(place, true);
    box?.focus({ preventScroll: true });
  };
  const point = useRef(onPoint);
  point.current = onPoint;
  const pointTo = useCallback((place: number, how: "open" | "choose" | "stretch") => point.current(place, how), []);

  const chosen = sizeOf(selection.ranges);
  /** The chosen frames, or the one under the cursor. */
  const meant = (): number[] => (chosen > 0 ? places(selection.ranges) : [cursor]).map(idAt).filter((id) => id !== null);
  const doIt = (deed: "open" | "done" | "nothing_here" | "delete") => {
    const ids = meant();
    const one = chosen === 0;
    setAsking(false);
    void act(ids, deed, (id) => statusAt(index, index.ids.indexOf(id))).then(() => {
      setSelection(NOTHING);
      if (one && deed !== "delete" && filter.status === null && cursor + 1 < positions.length) goTo(cursor + 1, false);
    });
  };
  const commands = gridCommands({
    move: (move: Move, stretch: boolean) => goTo(moved(cursor, move, positions.length, grid.layout, grid.view), stretch),
    open: () => open(cursor),
    toggle: () => toggle(cursor),
    chooseAll: () => setSelection(everything(positions.length)),
    chooseNone: () => { setSelection(NOTHING); setAsking(false); },
    nothingHere: () => doIt("nothing_here"),
    done: () => doIt("done"),
    openAgain: () => doIt("open"),
    remove: () => setAsking(true),
    undo: () => void undo(),
    findPlate: () => plate.current?.focus(),
    someChosen: () => chosen > 0 || asking,
  });
  useCommands(commands as readonly Command[]);

  const nothing = index.whole && !searching && positions.length === 0;
  return (
    <WorkPage title={title} beside={<WhatIsShown index={index} positions={positions} count={count} grid={grid} />}
      status={<><Cursor index={index} position={positions[cursor]} /><Saying said={said} /></>} keys={<Keys />}>
      <div className="frames-page">
        <FilterBar filter={filter} counts={counts} labels={index.labels} input={plate} change={change} />
        {error ? (
          <div className="work-state"><Failed error={error} retry={searchAgain} /></div>
        ) : nothing ? (
          <div className="work-state"><Empty title={t("none_title")} actions={<button type="button" className="button" onClick={() => change(EVERYTHING)}>{t("clear")}</button>}>{t("none_body")}</Empty></div>
        ) : (
          <Grid box={setBox} grid={grid} index={index} positions={positions} count={count} cursor={cursor} chosen={selection.ranges} addressOf={addressOf}
            onPoint={pointTo} />
        )}
        {index === NO_INDEX && <div className="frames-loading"><Loading /></div>}
        {(chosen > 0 || asking) && (
          <ChosenBar chosen={Math.max(1, chosen)} asking={asking} doIt={doIt} ask={setAsking} none={() => { setSelection(NOTHING); setAsking(false); }} />
        )}
        {said && <div className="frames-said small" role="status"><Saying said={said} /></div>}
      </div>
    </WorkPage>
  );
}

/** What the filter shows, with the server's counts until the browser can count by itself. */
function useLook(project: number, index: FrameIndex, filter: FrameFilter) {
  const reading = useReading(project, filter.text);
  const told = useFrameCounts(project, filter.video).data;
  const texts_ = filter.text === "" ? null : (reading.data ?? NONE);
  const looked = useMemo(() => look(index, filter, texts_), [index, filter, texts_]);
  const bare = isEverything({ ...filter, video: null });
  const all = told ? Object.values(told.status).reduce((sum, n) => sum + n, 0) : 0;
  const early = !index.whole && bare && told;
  const counts: Counts | null = index.whole ? looked.counts : early
    ? { all, status: { open: 0, done: 0, nothing_here: 0, ...told.status }, has: told.has }
    : index.count > 0 ? looked.counts : null;
  return { positions: looked.positions, counts, total: early ? all : 0, searching: filter.text !== "" && reading.isPending, error: filter.text === "" ? null : reading.error, searchAgain: () => void reading.refetch() };
}

const NONE: ReadonlySet<number> = new Set();

function WhatIsShown({ index, positions, count, grid }: { index: FrameIndex; positions: Uint32Array; count: number; grid: ReturnType<typeof useGrid> }) {
  const t = useTexts(texts);
  const videos = useVideoNames();
  if (count === 0) return null;
  const first = Math.min(count - 1, Math.ceil(grid.offset / grid.layout.row - 0.5) * grid.layout.columns);
  const last = Math.min(count, first + Math.max(1, Math.round(grid.view / grid.layout.row)) * grid.layout.columns);
  const position = positions[Math.max(0, first)];
  const video = position === undefined ? undefined : stretchAt(index, position)?.video;
  const seconds = position === undefined ? null : secondsAt(index, position);
  return (
    <>
      <span className="t2 small nowrap">{t("shown", { from: Math.max(0, first) + 1, to: last, count })}</span>
      <span className="t3 small ellipsis frames-where">
        {video === null ? t("pictures") : video === undefined ? "" : (videos.get(video) ?? "")}{seconds === null ? "" : ` ${formatMoment(seconds)}`}
      </span>
      {!index.whole && index.count > 0 && <span className="t3 small frames-where">{t("loading_part", { count: index.count })}</span>}
    </>
  );
}

function Cursor({ index, position }: { index: FrameIndex; position: number | undefined }) {
  const t = useTexts(texts);
  const videos = useVideoNames();
  if (position === undefined) return null;
  const video = stretchAt(index, position)?.video ?? null;
  const seconds = secondsAt(index, position);
  const parts = [
    video === null ? t("pictures") : videos.get(video), seconds === null ? `#${index.ids[position]}` : formatMoment(seconds),
    t(statusAt(index, position)), ...labelsAt(index, position),
  ];
  return <span className="ellipsis">{parts.filter(Boolean).join(" · ")}</span>;
}

function Saying({ said }: { said: Said }) {
  const t = useTexts(texts);
  if (!said) return null;
  if (said.kind === "busy") return <span className="t2">{t("marking", { done: said.done, count: said.count })}</span>;
  return <span className={said.kind === "bad" ? "bad" : "t2"}>{said.text}</span>;
}

interface ChosenProps {
  readonly chosen: number;
  readonly asking: boolean;
  readonly doIt: (deed: "open" | "done" | "nothing_here" | "delete") => void;
  readonly ask: (asking: boolean) => void;
  readonly none: () => void;
}

function ChosenBar({ chosen, asking, doIt, ask, none }: ChosenProps) {
  const t = useTexts(texts);
  return (
    <div className="frames-chosen" role="toolbar" aria-label={t("chosen", { count: chosen })}>
      <strong className="nowrap">{t("chosen", { count: chosen })}</strong>
      {asking ? (
        <>
          <button type="button" className="button danger" autoFocus onClick={() => doIt("delete")}>{t("delete_sure", { count: chosen })}</button>
          <button type="button" className="button" onClick={() => ask(false)}>{t("keep")} <Key k="Escape" /></button>
        </>
      ) : (
        <>
          <Action k="E" onClick={() => doIt("nothing_here")}>{t("mark_nothing")}</Action>
          <Action k="D" onClick={() => doIt("done")}>{t("mark_done")}</Action>
          <Action k="O" onClick={() => doIt("open")}>{t("mark_open")}</Action>
          <Action k="Delete" onClick={() => ask(true)}>{t("delete")}</Action>
          <Action k="Escape" onClick={none}>{t("choose_none")}</Action>
        </>
      )}
    </div>
  );
}

function Keys() {
  const t = useTexts(texts);
  return (
    <>
      <span className="row hint"><Key k="ArrowLeft" /><Key k="ArrowRight" /><Key k="PageDown" /><Key k="End" /> {t("go")}</span>
      <KeyHint k="Enter">{t("open_short")}</KeyHint>
      <KeyHint k="X">{t("choose_short")}</KeyHint>
      <KeyHint k="E">{t("nothing_here").toLowerCase()}</KeyHint>
      <KeyHint k="D">{t("mark_done").toLowerCase()}</KeyHint>
      <KeyHint k="F1">{t("keys")}</KeyHint>
    </>
  );
}
