import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type RefObject, useRef, useState } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { api, sentenceOf, unwrap } from "../api/client";
import { isActive, useJobsOf, useProjectId } from "../api/queries";
import type { Frame, Job, Video } from "../api/types";
import { JobProgress } from "../jobs/JobProgress";
import { formatBytes, formatMoment, formatNumber } from "../shared/format";
import { useCameras } from "../settings/Cameras";
import { More, useList } from "../shared/Pages";
import { Empty, Failed, Loading, Notice, Shown } from "../shared/States";
import { useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { SelectField } from "../shared/ui";
import { Page } from "../shell/Page";
import { ChooseFrames } from "./ChooseFrames";
import { Player } from "./Player";
import { texts } from "./texts";
import "./videos.css";

export default function VideoPage() {
  const s = useTexts(shared);
  const project = useProjectId();
  const id = Number(useParams().video);
  const video = useQuery({ queryKey: ["videos", "one", id], queryFn: () => unwrap(api.GET("/api/v1/videos/{id}/", { params: { path: { id } } })) });
  if (video.data) return <OneVideo key={id} video={video.data} />;
  return (
    <Page title={s("videos")} parent={{ name: s("videos"), to: `/p/${project}/videos` }}>
      {video.error ? <Failed error={video.error} retry={() => void video.refetch()} /> : <Loading />}
    </Page>
  );
}

function OneVideo({ video }: { video: Video }) {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const project = useProjectId();
  const go = useNavigate();
  const player = useRef<HTMLVideoElement>(null);
  const jobs = useJobsOf("video", video.id);
  const splits = jobs.filter((job) => /split/.test(job.task));
  const preview = jobs.find((job) => /preview/.test(job.task));
  const splitting = splits.find(isActive);
  return (
    <Page title={video.name} parent={{ name: s("videos"), to: `/p/${project}/videos` }}
      beside={video.preview && <span className="chip ok">{t("ready")}</span>}
      actions={<button type="button" className="button" onClick={() => void go(`/p/${project}/review?video=${video.id}`)}>{t("read_this")}</button>}>
      <div className="columns video-columns">
        <div className="stack">
          <Player player={player} src={video.preview} poster={video.thumbnail} fps={video.fps} duration={video.duration} size={video}
            instead={<NoPreview job={preview} />} />
          {splitting ? <section className="card"><JobProgress job={splitting} name={t("splitting")} /></section> : <LastSplit job={splits[0]} />}
          <Frames video={video} player={player} />
        </div>
        <div className="stack">
          <ChooseFrames video={video} busy={splitting !== undefined} />
          <Facts video={video} />
        </div>
      </div>
    </Page>
  );
}

function NoPreview({ job }: { job: Job | undefined }) {
  const t = useTexts(texts);
  if (job && isActive(job)) return <JobProgress job={job} name={t("preview")} />;
  if (job?.state === "failed") return <Notice kind="bad">{job.error} {t("no_preview_failed")}</Notice>;
  return <><strong>{t("no_preview_title")}</strong><p className="t2">{t("no_preview_body")}</p></>;
}

function LastSplit({ job }: { job: Job | undefined }) {
  const t = useTexts(texts);
  if (job?.state === "failed") return <Notice kind="bad">{job.error}</Notice>;
  const result = job?.result as { made?: number; known?: number; selected?: number } | undefined;
  if (job?.state !== "succeeded" || result?.made === undefined) return null;
  return <Notice kind="ok">{t("made", { made: result.made, known: result.known ?? 0, selected: result.selected ?? 0 })}</Notice>;
}

function Facts({ video }: { video: Video }) {
  const t = useTexts(texts);
  const damage = video.damage as { corrupt?: number; errors?: number; decoded?: number };
  const damaged = Boolean(damage.corrupt || damage.errors);
  return (
    <section className="card stack">
      <h2>{t("facts")}</h2>
      <CameraOf video={video} />
      <dl className="facts">
        <dt>{t("picture")}</dt><dd>{video.width} × {video.height}</dd>
        <dt>{t("frames_a_second")}</dt><dd>{video.fps ? formatNumber(video.fps, undefined, 2) : "–"}</dd>
        <dt>{t("codec")}</dt><dd>{video.codec}, {video.container.split(",")[0]}</dd>
        <dt>{t("size")}</dt><dd>{formatBytes(video.bytes)}</dd>
        <dt>{t("damage")}</dt><dd className={damaged ? "warn" : ""}>{damage.decoded === undefined ? "–" : damaged ? "" : t("damage_none")}</dd>
      </dl>
      {damaged && <Notice kind="warn">{t("damage_some", { corrupt: damage.corrupt ?? 0, errors: damage.errors ?? 0, decoded: damage.decoded ?? 0 })}</Notice>}
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

const filters = [["", "all"], ["open", "without_boxes"], ["done", "with_boxes"]] as const;

function Frames({ video, player }: { video: Video; player: RefObject<HTMLVideoElement | null> }) {
  const t = useTexts(texts);
  const [status, setStatus] = useState<(typeof filters)[number][0]>("");
  const frames = useList(["frames", video.id, status], (cursor) => unwrap(api.GET("/api/v1/frames/", { params: { query: { video: video.id, ...(status ? { status } : {}), limit: 96, cursor } } })));
  return (
    <section className="stack">
      <div className="row wrap">
        <h2>{t("frames")}</h2>
        <span className="t3 small">{t("shown", { shown: frames.data?.length ?? 0, count: video.frames })}</span>
        <span className="grow" />
        {filters.map(([value, name]) => (
          <button key={value} type="button" className="chip" aria-pressed={status === value} onClick={() => setStatus(value)}>{t(name)}</button>
        ))}
      </div>
      <Shown query={frames}>
        {(rows) => rows.length === 0
          ? <Empty title={t("no_frames")}>{status === "" ? t("no_frames_body") : null}</Empty>
          : <><ul className="frame-grid">{rows.map((frame) => <Thumb key={frame.id} frame={frame} player={player} />)}</ul><More list={frames} /></>}
      </Shown>
    </section>
  );
}

function Thumb({ frame, player }: { frame: Frame; player: RefObject<HTMLVideoElement | null> }) {
  const t = useTexts(texts);
  const project = useProjectId();
  const seek = () => {
    if (player.current && frame.seconds !== null) player.current.currentTime = frame.seconds;
  };
  const done = frame.status !== "open";
  return (
    <li>
      <Link to={`/p/${project}/frames/${frame.id}`} aria-label={frame.name}>
        <img className="thumb" src={frame.thumbnail} alt="" loading="lazy" style={{ aspectRatio: `${frame.width} / ${frame.height}` }} />
      </Link>
      <div className="spread tiny">
        <button type="button" className="link" onClick={seek} title={t("show")}>
          <i className={done ? "dot ok" : "dot t3"} /> {frame.seconds === null ? frame.name : formatMoment(frame.seconds)}
        </button>
        <span className="t3">{frame.box_count ? t("boxes", { count: frame.box_count }) : t(frame.status ?? "open")}</span>
      </div>
    </li>
  );
}
