import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { api, sentenceOf, unwrap } from "../api/client";
import { isActive, useJobsOf, useProject, useProjectId } from "../api/queries";
import type { Job, Schemas, Video } from "../api/types";
import { JobProgress } from "../jobs/JobProgress";
import { formatBytes, formatClock, formatNumber, formatSpan, parseClock } from "../shared/format";
import { useCameras } from "../cameras/queries";
import { Failed, Loading, Notice } from "../shared/States";
import { useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { SelectField } from "../shared/ui";
import { Page } from "../shell/Page";
import { ChooseFrames } from "./ChooseFrames";
import { damageOf, type Damage } from "./damage";
import { NearPlayhead } from "./NearPlayhead";
import { Player } from "./Player";
import { freshRule, readRule, type Typed } from "./selection";
import { texts } from "./texts";
import { Timeline, useActivity } from "./Timeline";
import type { Range } from "./timeline";
import "../frames/frames.css";
import "./videos.css";

export default function VideoPage() {
  const s = useTexts(shared);
  const project = useProjectId();
  const id = Number(useParams().video);
  const video = useQuery({ queryKey: ["videos", "one", id], queryFn: () => unwrap(api.GET("/api/v1/videos/{id}/", { params: { path: { id } } })) });
  const own = useProject();
  if (video.data && own.data) return <OneVideo key={id} video={video.data} own={own.data} />;
  return (
    <Page title={s("videos")} parent={{ name: s("videos"), to: `/p/${project}/videos` }}>
      {video.error ?? own.error ? <Failed error={video.error ?? own.error} retry={() => { void video.refetch(); void own.refetch(); }} /> : <Loading />}
    </Page>
  );
}

function OneVideo({ video, own }: { video: Video; own: Schemas["Project"] }) {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const project = useProjectId();
  const client = useQueryClient();
  const go = useNavigate();
  const player = useRef<HTMLVideoElement>(null);
  const [typed, setTyped] = useState<Typed>(() => freshRule(video, own.selection_defaults));
  const jobs = useJobsOf("video", video.id);
  const latest = (name: RegExp) => jobs.find((job) => name.test(job.task));
  const [split, preview, measuring] = [latest(/split/), latest(/preview/), latest(/measure/)];
  const splitting = split && isActive(split);
  const activity = useActivity(video.id);
  const measure = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/videos/{id}/measure/", { params: { path: { id: video.id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["jobs"] }),
  });
  const measured = activity.data?.measured ?? false;
  const busy = measuring !== undefined && isActive(measuring);
  const damage = damageOf(video);
  const [start, end] = [parseClock(typed.start || "0") ?? 0, parseClock(typed.end)];
  const whole = start <= 0 && (end === null || end >= (video.duration ?? Infinity));
  const range: Range | null = whole ? null : { start, end: end ?? video.duration ?? start };
  const choose = (to: Range | null) => setTyped({ ...typed, start: formatClock(to?.start ?? 0), end: to ? formatClock(to.end) : freshRule(video).end });
  const motion = readRule({ ...typed, way: "moves" }, video.duration).rule?.motion ?? null;
  return (
    <Page title={video.name} parent={{ name: s("videos"), to: `/p/${project}/videos` }}
      beside={<>{damage.incomplete && <span className="chip warn">{t("incomplete")}</span>}{video.preview && !damage.incomplete && <span className="chip ok">{t("ready")}</span>}</>}
      actions={<button type="button" className="button" onClick={() => void go(`/p/${project}/review?video=${video.id}`)}>{t("read_this")}</button>}>
      <div className="columns video-columns">
        <div className="stack">
          <Player player={player} src={video.preview} poster={video.thumbnail} fps={video.fps} duration={video.duration} size={video}
            instead={<NoPreview video={video.id} job={preview} />} />
          <Timeline video={video} activity={activity} job={measuring} measure={() => measure.mutate()} player={player} range={range} threshold={motion} choose={choose} />
          {measure.error && <Notice kind="bad">{sentenceOf(measure.error)}</Notice>}
          {splitting ? <section className="card"><JobProgress job={split} name={t("splitting")} /></section> : <LastSplit job={split} />}
          <NearPlayhead video={video} player={player} />
        </div>
        <div className="stack">
          <ChooseFrames kept={own.selection_defaults ?? {}} manages={own.role === 4} video={video} typed={typed} change={setTyped} measured={measured} measure={busy ? null : () => measure.mutate()} busy={splitting ?? false} />
          <Condense video={video} motion={motion} idle={activity.data?.measured ? activity.data.idle : null} job={latest(/condense/)} />
          <Facts video={video} damage={damage} />
        </div>
      </div>
    </Page>
  );
}

/** A new video without the stretches in which nothing moves. */
function Condense({ video, motion, idle, job }: { video: Video; motion: number | null; idle: readonly (readonly number[])[] | null; job: Job | undefined }) {
  const t = useTexts(texts);
  const project = useProjectId();
  const client = useQueryClient();
  const start = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/videos/{id}/condense/", { params: { path: { id: video.id } }, body: motion === null ? {} : { motion } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["jobs"] }),
  });
  if (video.original) return <section className="card"><p className="t2">{t("condensed_from")} <Link to={`/p/${project}/videos/${video.original}`}>{t("the_original")}</Link></p></section>;
  const busy = job !== undefined && isActive(job);
  const made = job?.state === "succeeded" ? (job.result as { video?: number } | null)?.video : undefined;
  const seconds = idle?.reduce((sum, [from = 0, to = 0]) => sum + to - from, 0);
  return (
    <section className="card stack">
      <h2>{t("condense_title")}</h2>
      <p className="t2">{!seconds ? t("condense_body") : t("condense_idle", { time: formatSpan(seconds), all: formatSpan(video.duration ?? 0) })}</p>
      {busy ? <JobProgress job={job} name={t("condensing")} /> : <button type="button" className="button wide" disabled={start.isPending || seconds === 0} onClick={() => start.mutate()}>{t("condense")}</button>}
      {seconds === 0 && <p className="t2 small">{t("never_idle")}</p>}
      {made !== undefined && <Notice kind="ok"><Link to={`/p/${project}/videos/${made}`}>{t("condensed")}</Link></Notice>}
      {job?.state === "failed" && <Notice kind="bad">{job.error}</Notice>}
      {start.error && <Notice kind="bad">{sentenceOf(start.error)}</Notice>}
    </section>
  );
}

function NoPreview({ video, job }: { video: number; job: Job | undefined }) {
  const t = useTexts(texts);
  const client = useQueryClient();
  const make = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/videos/{id}/preview/", { params: { path: { id: video } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["jobs"] }),
  });
  if (job && isActive(job)) return <JobProgress job={job} name={t("preview")} />;
  return (
    <>
      {job?.state === "failed" ? <Notice kind="bad">{job.error} {t("no_preview_failed")}</Notice> : <><strong>{t("no_preview_title")}</strong><p className="t2">{t("no_preview_body")}</p></>}
      {make.error && <Notice kind="bad">{sentenceOf(make.error)}</Notice>}
      <button type="button" className="button" disabled={make.isPending} onClick={() => make.mutate()}>{t("make_preview")}</button>
    </>
  );
}

function LastSplit({ job }: { job: Job | undefined }) {
  const t = useTexts(texts);
  if (job?.state === "failed") return <Notice kind="bad">{job.error}</Notice>;
  const result = job?.result as { made?: number; known?: number; selected?: number } | undefined;
  if (job?.state !== "succeeded" || result?.made === undefined) return null;
  return <Notice kind="ok">{t("made", { made: result.made, known: result.known ?? 0, selected: result.selected ?? 0 })}</Notice>;
}

function Facts({ video, damage }: { video: Video; damage: Damage }) {
  const t = useTexts(texts);
  return (
    <section className="card stack">
      <h2>{t("facts")}</h2>
      <CameraOf video={video} />
      <dl className="facts">
        <dt>{t("picture")}</dt><dd>{video.width} × {video.height}</dd>
        <dt>{t("frames_a_second")}</dt><dd>{video.fps ? formatNumber(video.fps, undefined, 2) : "–"}</dd>
        <dt>{t("codec")}</dt><dd>{video.codec}, {video.container.split(",")[0]}</dd>
        <dt>{t("size")}</dt><dd>{formatBytes(video.bytes)}</dd>
        <dt>{t("damage")}</dt><dd className={damage.incomplete ? "warn" : ""}>{damage.known ? t(damage.incomplete ? "incomplete" : "damage_none") : "–"}</dd>
        {damage.missing > 0 && <><dt>{t("missing")}</dt><dd>{t("missing_of", { count: damage.missing, all: damage.expected ?? 0 })}</dd></>}
        {damage.corrupt > 0 && <><dt>{t("corrupt")}</dt><dd>{formatNumber(damage.corrupt)}</dd></>}
        {damage.errors > 0 && <><dt>{t("broken")}</dt><dd>{formatNumber(damage.errors)}</dd></>}
        {damage.holes > 0 && <><dt>{t("holes")}</dt><dd>{t("holes_for", { count: damage.holes, time: formatSpan(damage.holeSeconds) })}</dd></>}
      </dl>
      {damage.incomplete && (
        <Notice kind="warn">
          {damage.stopsAt !== null ? t("stops_at", { name: video.name, at: formatClock(damage.stopsAt), all: formatClock(video.duration ?? 0) }) : t("is_damaged", { name: video.name })} {t("damage_safe")}
        </Notice>
      )}
    </section>
  );
}

function CameraOf({ video }: { video: Video }) {
  const t = useTexts(texts);
  const client = useQueryClient();
  const cameras = useCameras().data ?? [];
  const change = useMutation({
    mutationFn: (camera: number | null) => unwrap(api.PATCH("/api/v1/videos/{id}/", { params: { path: { id: video.id } }, body: { camera } })),
    onSettled: () => client.invalidateQueries({ queryKey: ["videos"] }),
  });
  if (cameras.length === 0) return null;
  return (
    <>
      <SelectField label={t("camera")} value={video.camera ?? ""} disabled={change.isPending} onChange={(event) => change.mutate(event.target.value ? Number(event.target.value) : null)}>
        <option value="">{t("camera_none")}</option>
        {cameras.map((camera) => <option key={camera.id} value={camera.id}>{camera.name}</option>)}
      </SelectField>
      {change.error && <Notice kind="bad">{sentenceOf(change.error)}</Notice>}
    </>
  );
}
