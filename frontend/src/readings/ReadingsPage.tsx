import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Link, useSearchParams } from "react-router";
import { api, sentenceOf, unwrap } from "../api/client";
import { isActive, useProjectId } from "../api/queries";
import type { InferenceRun, Kind, Schemas, Video } from "../api/types";
import { cameraOf, filterOf } from "../cameras/asked";
import { CameraFilter, NoneOfCamera } from "../cameras/CameraFilter";
import { JobProgress } from "../jobs/JobProgress";
import { formatClock, formatDateTime } from "../shared/format";
import { More, useList } from "../shared/Pages";
import { readsTable } from "../shared/spreadsheet";
import { Empty, Notice, Shown } from "../shared/States";
import { useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { SelectField, TextField } from "../shared/ui";
import { Page } from "../shell/Page";
import { RunState } from "../training/RunState";
import { Cycles } from "./Cycles";
import { offeredWith } from "./offered";
import { Score } from "./Score";
import { texts } from "./texts";

/** Readings of videos by models: start one, review one. */
export default function ReadingsPage() {
  const t = useTexts(texts);
  const project = useProjectId();
  const asked = cameraOf(useSearchParams()[0]);
  const { camera, none } = filterOf(asked);
  const videos = useList(["videos", project, "all", asked], (cursor) => unwrap(api.GET("/api/v1/videos/", { params: { query: { project, camera, camera__isnull: none, limit: 500, cursor } } })));
  const runs = useList(["live", "inference-runs", project, asked], (cursor) => unwrap(api.GET("/api/v1/inference-runs/", { params: { query: { project, video__camera: camera, video__camera__isnull: none, cursor } } })));
  return (
    <Page title={t("title")} actions={<Link className="button" to={`/p/${project}/reads`}>{t("search")}</Link>}>
      <div className="columns">
        <div className="stack">
          <CameraFilter />
          <Shown query={runs}>
            {(rows) => rows.length === 0 && asked !== "" ? <NoneOfCamera asked={asked} /> : rows.length === 0 ? <Empty title={t("none_title")}>{t("none_body")}</Empty> : (
              <>
                {rows.map((run) => run.job && (isActive(run.job) || run.job.state === "failed") && (
                  <section key={run.id} className="card"><JobProgress job={run.job} name={`${t("reading")} ${run.video_name}`} /></section>
                ))}
                <Readings rows={rows} />
                <Cycles />
                <More list={runs} />
              </>
            )}
          </Shown>
        </div>
        <Start videos={videos.data ?? []} />
      </div>
    </Page>
  );
}

function Readings({ rows }: { rows: readonly InferenceRun[] }) {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const project = useProjectId();
  const client = useQueryClient();
  const learn = useMutation({
    mutationFn: (id: number) => unwrap(api.POST("/api/v1/inference-runs/{id}/learn/", { params: { path: { id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["jobs"] }),
  });
  const before = (run: InferenceRun) => rows.find((other) => other.video === run.video && other.id < run.id);
  return (
    <section className="card scroll-x">
      {learn.error && <Notice kind="bad">{sentenceOf(learn.error)}</Notice>}
      {learn.isSuccess && <Notice kind="ok">{t("learning")}</Notice>}
      <table className="table">
        <thead><tr><th>{t("video")}</th><th className="hide-narrow">{s("state")}</th><th className="num">{t("reads")}</th><th className="num">{t("reviewed")}</th><th className="num hide-narrow">{t("right")}</th><th className="num hide-narrow">{t("missed")}</th><th className="num hide-narrow">{t("false")}</th><th className="hide-narrow">{s("made")}</th><th /></tr></thead>
        <tbody>
          {rows.map((run) => (
            <tr key={run.id} style={{ height: 48 }}>
              <td style={{ paddingBlock: 8 }}>
                <Link to={`/p/${project}/videos/${run.video}`}>{run.video_name}</Link>
                <div className="t2 small hide-narrow">{run.detector_name}, {run.recognizer_name}</div>
                <Skipped run={run} />
                <div className="row small hide-narrow">
                  <a className="t2" href={readsTable(run.id)} download>CSV</a>
                  <a className="t2" href={`/api/v1/inference-runs/${run.id}/json/`} download>JSON</a>
                  {before(run) && <Link className="t2" to={`/p/${project}/review/compare/${before(run)?.id}/${run.id}`}>{t("compare")}</Link>}
                  {(run.score.right ?? 0) + (run.score.wrong ?? 0) > 0 && <button type="button" className="button small" title={t("learn_why")} disabled={learn.isPending} onClick={() => learn.mutate(run.id)}>{t("learn")}</button>}
                </div>
              </td>
              <td className="hide-narrow"><StateOf run={run} /></td>
              <Score run={run} />
              <td className="t3 hide-narrow">{formatDateTime(run.created_at)}</td>
              <td className="num">
                <Link className="button small" to={`/p/${project}/review/${run.id}`}>{t("review")}</Link>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** A reading by a command has no job once it has ended. */
function StateOf({ run }: { run: InferenceRun }) {
  const t = useTexts(texts);
  if (run.job) return <RunState job={run.job} />;
  const figures = run.throughput as object;
  if ("left" in figures) return <span className="chip bad">{t("broken_off")}</span>;
  const ended = Object.keys(figures).length > 0;
  return <span className={ended ? "chip ok" : "chip"}>{t(ended ? "ended" : run.camera_run !== null ? "waits" : "broken_off")}</span>;
}

/** How much of the recording was not looked at, because nothing moved. */
function Skipped({ run }: { run: InferenceRun }) {
  const t = useTexts(texts);
  const { skipped_seconds: skipped = 0, video_seconds: length = 0 } = run.throughput as Partial<Record<"skipped_seconds" | "video_seconds", number>>;
  if (skipped < 1 || length <= 0) return null;
  return <div className="t3 small hide-narrow">{t("skipped", { time: formatClock(skipped), share: Math.round((100 * skipped) / length) })}</div>;
}

function Start({ videos }: { videos: readonly Video[] }) {
  const t = useTexts(texts);
  const client = useQueryClient();
  const project = useProjectId();
  const asked = Number(useSearchParams()[0].get("video"));
  const one = useQuery({ queryKey: ["videos", "one", asked], queryFn: () => unwrap(api.GET("/api/v1/videos/{id}/", { params: { path: { id: asked } } })), enabled: asked > 0 }).data;
  const offered = offeredWith(videos, one);
  const models = useList(["models", project], (cursor) => unwrap(api.GET("/api/v1/models/", { params: { query: { project, cursor } } })));
  const [fps, setFps] = useState("10");
  const rate = Number(fps.replace(",", "."));
  const rateOk = rate > 0 && rate <= 60;
  const start = useMutation({
    mutationFn: (body: Schemas["StartReadingRequest"]) => unwrap(api.POST("/api/v1/inference-runs/", { body })),
    onSuccess: () => client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === "live" || queryKey[0] === "jobs" }),
  });
  const of = (kind: Kind) => models.data?.filter((model) => model.kind === kind) ?? [];
  const lacking = models.data !== undefined && (of("detector").length === 0 || of("recognizer").length === 0);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const model = (kind: Kind) => String(form.get(kind) || "current");
    start.mutate({ video: Number(form.get("video")), detector: model("detector"), recognizer: model("recognizer"), fps: rate, detect_every: Number(form.get("detect_every")), tiles: Number(form.get("tiles")) || 1, around_cars: form.get("tiles") === "cars", skip_idle: form.get("skip_idle") !== null });
  };
  const choice = (kind: Kind) => (
    <SelectField label={t(kind)} name={kind}>
      {of(kind).some((model) => model.is_current) && <option value="">{t("current_model")}</option>}
      {of(kind).map((model) => <option key={model.id} value={model.id}>{model.name}{model.is_current ? ` (${t("current")})` : ""}</option>)}
    </SelectField>
  );
  return (
    <form className="card stack" onSubmit={submit}>
      <h2>{t("start_title")}</h2>
      <SelectField key={`${offered.length} ${one?.id}`} label={t("video")} name="video" defaultValue={one?.id}>
        {offered.map((video) => <option key={video.id} value={video.id}>{video.name}</option>)}
      </SelectField>
      {choice("detector")}
      {choice("recognizer")}
      <TextField label={t("fps")} inputMode="decimal" value={fps} onChange={(event) => setFps(event.target.value)} error={rateOk ? undefined : t("bad_fps")} />
      <SelectField label={t("detect_every")} name="detect_every" defaultValue={2}>
        <option value={1}>{t("detect_all")}</option>
        {[2, 3, 4, 5].map((every) => <option key={every} value={every}>{t("detect_some", { every })}</option>)}
      </SelectField>
      <SelectField label={t("tiles")} name="tiles">
        <option value={1}>{t("tiles_none")}</option>
        <option value="cars">{t("tiles_cars")}</option>
        {[2, 3, 4, 5].map((across) => <option key={across} value={across}>{t("tiles_parts", { across, work: 1 + across * across })}</option>)}
      </SelectField>
      <label className="check"><input type="checkbox" name="skip_idle" defaultChecked />{t("skip_idle")}</label>
      {start.error && <Notice kind="bad">{sentenceOf(start.error)}</Notice>}
      <button type="submit" className="button primary wide" disabled={start.isPending || lacking || offered.length === 0 || !rateOk}>{t("start")}</button>
      {lacking && <p className="t2 small">{t("no_models")} <Link to={`/p/${project}/training/new`}>{t("train")}</Link></p>}
      {offered.length === 0 && <p className="t2 small">{t("no_videos")}</p>}
    </form>
  );
}
