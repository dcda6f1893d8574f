import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { api, unwrap } from "../api/client";
import { type Id, isActive, useJobs, parametersOf, useProject, useProjectId } from "../api/queries";
import type { Job, Video } from "../api/types";
import { cameraOf, filterOf } from "../cameras/asked";
import { CameraFilter, NoneOfCamera } from "../cameras/CameraFilter";
import { DeleteVideo } from "../deletion/DeleteDialog";
import { texts as deletion } from "../deletion/texts";
import { JobProgress } from "../jobs/JobProgress";
import { formatBytes, formatClock, formatNumber } from "../shared/format";
import { useCommands } from "../shared/commands";
import { More, useList } from "../shared/Pages";
import { Empty, Shown } from "../shared/States";
import { translator, useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { Action } from "../shared/ui";
import { Page } from "../shell/Page";
import { DropZone } from "../uploads/DropZone";
import { UploadList } from "../uploads/UploadList";
import { useUploads } from "../uploads/useUploads";
import { BeingBrought, FromServer } from "./AddVideos";
import { texts } from "./texts";
import "./videos.css";

const ACCEPT = "video/*,.mkv,.ts,.m2ts,.avi";

export default function VideosPage() {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const project = useProjectId();
  const client = useQueryClient();
  const picker = useRef<HTMLInputElement>(null);
  const [brought, setBrought] = useState<Id[]>([]);
  const look = () => void client.invalidateQueries({ predicate: ({ queryKey }) => ["videos", "stats", "jobs"].includes(String(queryKey[0])) });
  const uploads = useUploads(project, "video", look);
  const some = uploads.sending.length + uploads.others.length > 0;
  const asked = cameraOf(useSearchParams()[0]);
  const { camera, none } = filterOf(asked);
  const videos = useList(["videos", project, asked], (cursor) => unwrap(api.GET("/api/v1/videos/", { params: { query: { project, camera, camera__isnull: none, cursor } } })));
  const jobs = useJobs().data?.results ?? [];
  const choose = () => picker.current?.click();
  useCommands([{ id: "choose-video", name: { en: translator(texts, "en")("choose"), es: translator(texts, "es")("choose") }, keys: "V", run: choose }]);
  return (
    <Page title={s("videos")} actions={Boolean(videos.data?.length) && <Action primary k="V" onClick={choose}>{t("choose")}</Action>}>
      <input ref={picker} type="file" accept={ACCEPT} multiple hidden
        onChange={(event) => { uploads.add([...(event.target.files ?? [])]); event.target.value = ""; }} />
      <DropZone onFiles={uploads.add}>
        <UploadList uploads={uploads} accept={ACCEPT} />
        <CameraFilter />
        <Shown query={videos}>
          {(rows) => rows.length === 0 && asked !== "" ? <NoneOfCamera asked={asked} /> : rows.length === 0 && !some ? (
            <Empty title={t("first_title")} actions={<>
              <Action primary k="V" onClick={choose}>{t("choose")}</Action>
              <Link className="button" to={`/p/${project}/imports`}>{t("import_boxes")}</Link>
            </>}>{t("first_body")}</Empty>
          ) : (
            <>
              {rows.length > 0 && <VideoTable rows={rows} jobs={jobs} />}
              <More list={videos} />
            </>
          )}
        </Shown>
        <section className="card stack">
          <FromServer label={s("add")} send={(path) => unwrap(api.POST("/api/v1/videos/", { body: { project, path } }))}
            done={(job) => { setBrought((now) => [...now, job.id]); look(); }} />
          {brought.map((job) => <BeingBrought key={job} job={job} />)}
        </section>
      </DropZone>
    </Page>
  );
}

function VideoTable({ rows, jobs }: { rows: readonly Video[]; jobs: readonly Job[] }) {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const go = useNavigate();
  const d = useTexts(deletion);
  const project = useProjectId();
  const manages = useProject().data?.role === 4;
  const [asked, setAsked] = useState<Video | null>(null);
  return (
    <section className="card scroll-x">
      <table className="table videos-table">
        <thead>
          <tr>
            <th><span className="visually-hidden">{t("picture")}</span></th>
            <th>{t("video")}</th><th className="num">{t("length")}</th><th className="num">{t("picture")}</th>
            <th className="num">{t("frames")}</th><th className="num">{t("size")}</th><th>{s("state")}</th>
            {manages && <th><span className="visually-hidden">{d("delete")}</span></th>}
          </tr>
        </thead>
        <tbody>
          {rows.map((video) => (
            <tr key={video.id} data-link onClick={() => void go(`/p/${project}/videos/${video.id}`)}>
              <td>{video.thumbnail && <img className="thumb" src={video.thumbnail} width={80} height={45} alt="" loading="lazy" />}</td>
              <td className="name"><Link to={`/p/${project}/videos/${video.id}`} onClick={(event) => event.stopPropagation()}>{video.name}</Link></td>
              <td className="num">{video.duration === null ? "–" : formatClock(video.duration)}</td>
              <td className="num t2">{video.width} × {video.height}{video.fps ? `, ${t("per_second", { fps: formatNumber(video.fps, undefined, 2) })}` : ""}</td>
              <td className="num">{formatNumber(video.frames)}</td>
              <td className="num t2">{formatBytes(video.bytes)}</td>
              <td className="state-cell"><VideoState video={video} jobs={jobs} /></td>
              {manages && (
                <td className="num" onClick={(event) => event.stopPropagation()}>
                  {!video.deleting && <button type="button" className="button small" aria-label={d("delete_named", { name: video.name })} onClick={() => setAsked(video)}>{d("delete")}</button>}
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {asked && <DeleteVideo video={asked} close={() => setAsked(null)} />}
    </section>
  );
}

function VideoState({ video, jobs }: { video: Video; jobs: readonly Job[] }) {
  const t = useTexts(texts);
  const d = useTexts(deletion);
  const active = jobs.find((job) => isActive(job) && parametersOf(job).video === video.id);
  if (video.deleting) return <span className="chip warn">{d("deleting")}</span>;
  if (active) return <div onClick={(event) => event.stopPropagation()}><JobProgress job={active} name={t(/preview/.test(active.task) ? "preview" : "splitting")} /></div>;
  return video.preview ? <span className="chip ok">{t("ready")}</span> : <span className="chip warn">{t("no_preview_title")}</span>;
}
