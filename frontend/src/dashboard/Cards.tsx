import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { api, unwrap } from "../api/client";
import { useProject, useProjectId } from "../api/queries";
import { RARE } from "../datasets/counts";
import { headline } from "../models/figures";
import { Bars, ChartCard } from "../shared/Bars";
import { formatClock, formatNumber, formatShare } from "../shared/format";
import { Shown } from "../shared/States";
import { useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { Segments } from "../shared/ui";
import { ACROSS, characterBars, dayBars, DOWN, heatCells, type Labelling, NARROW, sharpnessBars, shareOf, todayIn, total, widthBars } from "./figures";
import { texts } from "./texts";

/** How well each trained model does on held vehicles, the newest last: the gain per cycle. */
export function Gain() {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const project = useProjectId();
  const models = useQuery({
    queryKey: ["models", project, "newest"],
    queryFn: () => unwrap(api.GET("/api/v1/models/", { params: { query: { project, limit: 50 } } })),
  });
  const judged = (models.data?.results ?? []).filter((model) => model.project !== null && headline(model.kind, model.figures) !== undefined).slice(0, 8).reverse();
  if (judged.length === 0) return null;
  return (
    <section className="card">
      <header><h2>{t("gain")}</h2><span className="t3 small">{t("gain_hint")}</span></header>
      <table className="table gain">
        <thead><tr><th>{t("model")}</th><th>{s("held")}</th><th className="num">{t("figure")}</th></tr></thead>
        <tbody>
          {judged.map((model) => {
            const figure = headline(model.kind, model.figures) ?? 0;
            return (
              <tr key={model.id}>
                <td><Link to={`/p/${project}/models/${model.id}`}>{model.name}</Link></td>
                <td className="wide"><span className={model.is_current ? "bar" : "bar quiet"}><i style={{ width: `${figure * 100}%` }} /></span></td>
                <td className="num">{formatShare(figure)} {model.is_current && <span className="ok small">{t("current")}</span>}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

/** What the project's plates look like, asked once for all the cards that show it. */
export function Looks() {
  const project = useProjectId();
  const query = useQuery({
    queryKey: ["stats", project, "labelling"], staleTime: 60_000,
    queryFn: () => unwrap(api.GET("/api/v1/stats/labelling/", { params: { query: { project } } })),
  });
  return <Shown query={query}>{(looks) => <><Heat looks={looks} /><Characters counts={looks.characters} /><Widths counts={looks.widths} /><Sharpness counts={looks.sharpness} /></>}</Shown>;
}

/** How often each character was read; the rare ones amber. */
function Characters({ counts }: { counts: Labelling["characters"] }) {
  const t = useTexts(texts);
  const bars = characterBars(counts);
  if (bars.every((bar) => bar.values[0] === 0)) return null;
  const few = bars.filter((bar) => bar.weak);
  const hint = few.length > 0 && <span className="warn small">{t("rare", { count: few.length, least: RARE })}</span>;
  return (
    <ChartCard title={t("characters")} hint={hint} head={[t("character"), t("times")]} rows={bars.map((bar) => [bar.name, bar.values[0] ?? 0])}>
      <Bars bars={bars} title={t("characters")} />
    </ChartCard>
  );
}

function Widths({ counts }: { counts: Labelling["widths"] }) {
  const t = useTexts(texts);
  const bars = widthBars(counts);
  if (bars.length === 0) return null;
  const { weak, all } = shareOf(bars);
  const hint = weak > 0 && <span className="warn small">{t("narrow", { share: formatShare(weak / all), least: NARROW })}</span>;
  return (
    <ChartCard title={t("width")} hint={hint} head={[t("width"), t("plates_word")]} rows={bars.map((bar) => [bar.name, bar.values[0] ?? 0])}>
      <Bars bars={bars} title={t("width")} />
    </ChartCard>
  );
}

function Sharpness({ counts }: { counts: Labelling["sharpness"] }) {
  const t = useTexts(texts);
  const bars = sharpnessBars(counts);
  if (bars.length === 0) return null;
  return (
    <ChartCard title={t("sharpness")} hint={<span className="t3 small">{t("sharpness_hint")}</span>} head={[t("sharpness"), t("plates_word")]} rows={bars.map((bar) => [bar.name, bar.values[0] ?? 0])}>
      <Bars bars={bars} title={t("sharpness")} />
    </ChartCard>
  );
}

const CELLS_SHOWN = 100;

/** Where the boxes of a label have their middle, over a picture of each camera. */
function Heat({ looks }: { looks: Labelling }) {
  const t = useTexts(texts);
  const [camera, setCamera] = useState("");
  const heat = looks.heat.find((one) => String(one.camera) === camera) ?? looks.heat[0];
  const labels = Object.keys(heat?.labels ?? {}).sort((a, b) => Number(b === "plate") - Number(a === "plate") || a.localeCompare(b));
  const [chosen, setChosen] = useState("");
  const label = labels.includes(chosen) ? chosen : labels[0];
  if (heat === undefined || label === undefined) return null;
  const cells = heatCells(heat.labels[label] ?? []);
  const boxes = cells.reduce((sum, cell) => sum + cell.count, 0);
  const percent = (at: number, of: number) => formatShare((at + 0.5) / of, 0);
  const cameras = looks.heat.length > 1 && (
    <select className="input small" aria-label={t("camera")} value={String(heat.camera)} onChange={(event) => setCamera(event.target.value)}>
      {looks.heat.map((one) => <option key={one.camera} value={String(one.camera)}>{one.name || t("no_camera")}</option>)}
    </select>
  );
  const hint = labels.length > 1
    ? <Segments label={t("label")} value={label} options={labels.map((one) => [one, one] as const)} onChange={setChosen} />
    : <span className="t3 small">{label}</span>;
  return (
    <ChartCard title={t("where")} hint={<>{cameras}{hint}<span className="t3 small">{t("boxes_count", { count: boxes })}</span></>}
      head={[t("cell"), t("step_boxes")]} rows={cells.slice(0, CELLS_SHOWN).map((cell) => [t("from_corner", { x: percent(cell.x, ACROSS), y: percent(cell.y, DOWN) }), cell.count])}>
      <figure className="heat" role="img" aria-label={t("where_said", { count: boxes, x: percent(cells[0]?.x ?? 0, ACROSS), y: percent(cells[0]?.y ?? 0, DOWN) })}>
        {heat.picture !== null && <img src={`/api/v1/media/frames/${heat.picture}/`} alt="" />}
        <svg viewBox={`0 0 ${ACROSS} ${DOWN}`} preserveAspectRatio="none" aria-hidden="true">
          {cells.map((cell) => <rect key={`${cell.x} ${cell.y}`} x={cell.x} y={cell.y} width="1.02" height="1.02" opacity={0.15 + 0.85 * cell.strength} />)}
        </svg>
      </figure>
    </ChartCard>
  );
}

/** Who reads how many plates a day, how fast, and how often others read the same. */
export function People() {
  const t = useTexts(texts);
  const zone = useProject().data?.time_zone ?? "UTC";
  const people = usePeople().data ?? [];
  const [first, ...others] = people;
  if (!first) return null;
  const bars = dayBars(people, todayIn(zone));
  const legend = (
    <span className="row small"><span className="accent row"><i className="dot" />{first.person}</span>{others.length > 0 && <span className="t2 row"><i className="dot quiet" />{others.length === 1 ? others[0]?.person : t("others")}</span>}</span>
  );
  return (
    <>
      <ChartCard title={t("per_day")} hint={legend} head={[t("day"), ...people.map((one) => one.person)]}
        rows={bars.map((bar) => [bar.name, ...people.map((one) => one.days[bar.name] ?? 0)]).reverse()}>
        <Bars bars={bars} title={t("per_day")} />
      </ChartCard>
      <section className="card">
        <header><h2>{t("people")}</h2><span className="t3 small">{t("people_hint")}</span></header>
        <div className="scroll-x" tabIndex={0} role="region" aria-label={t("people")}>
          <table className="table">
            <thead><tr><th>{t("who")}</th><th className="num">{t("plates_word")}</th><th className="num">{t("median")}</th><th className="num">{t("exact")}</th><th className="num">{t("by_character")}</th><th className="num">{t("compared")}</th></tr></thead>
            <tbody>
              {people.map((one) => (
                <tr key={one.person}>
                  <td>{one.person}</td><td className="num">{formatNumber(one.readings)}</td>
                  <td className="num">{one.median_seconds === null ? "–" : `${formatNumber(one.median_seconds, undefined, 1)} s`}</td>
                  <td className="num">{formatShare(one.exact)}</td><td className="num">{formatShare(one.characters)}</td><td className="num">{formatNumber(one.compared)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
    </>
  );
}

export function usePeople() {
  const project = useProjectId();
  return useQuery({
    queryKey: ["stats", project, "people"], staleTime: 60_000,
    queryFn: () => unwrap(api.GET("/api/v1/transcriptions/people/", { params: { query: { project } } })),
  });
}

/** What is there and what is left of each video, and of all. */
export function VideoTable() {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const project = useProjectId();
  const query = useQuery({
    queryKey: ["stats", project, "videos"],
    queryFn: () => unwrap(api.GET("/api/v1/stats/videos/", { params: { query: { project } } })),
  });
  const rows = query.data;
  if (rows?.length === 0) return null;
  return (
    <section className="card">
      <header><h2>{t("per_video")}</h2></header>
      <Shown query={query}>{(all) => (
        <div className="scroll-x per-video" tabIndex={0} role="region" aria-label={t("per_video")}>
          <table className="table">
            <thead>
              <tr>
                <th>{t("video")}</th><th className="num hide-narrow">{t("length")}</th><th className="num">{t("step_frames")}</th><th className="num hide-narrow">{t("step_boxes")}</th><th className="num">{t("frames_left")}</th>
                <th className="num">{t("plates_word")}</th><th className="num">{t("plates_left")}</th><th className="num hide-narrow">{t("step_reviewed")}</th><th className="num hide-narrow">{t("right_as_read")}</th>
              </tr>
            </thead>
            <tbody>
              {all.map((row) => (
                <tr key={row.video ?? 0}>
                  <td>{row.video === null ? t("no_video") : <Link to={`/p/${project}/videos/${row.video}`}>{row.name}</Link>}</td>
                  <td className="num t2 hide-narrow">{row.duration === null ? "–" : formatClock(row.duration)}</td>
                  <VideoFigures row={row} />
                </tr>
              ))}
            </tbody>
            {all.length > 1 && <tfoot><tr><th>{s("in_total")}</th><td className="num t2 hide-narrow">{formatClock(all.reduce((sum, row) => sum + (row.duration ?? 0), 0))}</td><VideoFigures row={total(all)} /></tr></tfoot>}
          </table>
        </div>
      )}</Shown>
    </section>
  );
}

function VideoFigures({ row }: { row: ReturnType<typeof total> }) {
  const t = useTexts(texts);
  const left = (open: number, all: number) => (all === 0 ? "–" : open === 0 ? <span className="ok">{t("done_word")}</span> : <span className="accent strong">{formatNumber(open)}</span>);
  const reviewed = row.reads - row.reads_open;
  return (
    <>
      <td className="num">{formatNumber(row.frames)}</td><td className="num hide-narrow">{formatNumber(row.boxes)}</td><td className="num">{left(row.frames_open, row.frames)}</td>
      <td className="num">{formatNumber(row.crops)}</td><td className="num">{left(row.waiting, row.crops)}</td>
      <td className="num hide-narrow">{row.reads === 0 ? "–" : `${formatNumber(reviewed)} / ${formatNumber(row.reads)}`}</td>
      <td className="num hide-narrow">{reviewed === 0 ? "–" : formatShare(row.right / reviewed)}</td>
    </>
  );
}
