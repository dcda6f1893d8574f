import { useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { Link, useNavigate } from "react-router";
import { api, unwrap } from "../api/client";
import { isActive, useJobs, parametersOf, useProjectId } from "../api/queries";
import type { Job, Video } from "../api/types";
import { JobProgress } from "../jobs/JobProgress";
import { formatBytes, formatClock, formatNumber } from "../shared/format";
import { useCommands } from "../shared/commands";
import { More, useList } from "../shared/Pages";
import { Empty, Shown } from "../shared/States";
import { translator, useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { Action } from "../shared/ui";
import { Page } from "../shell/Page";
import { DropZone, FromServer, Uploads, useUploads } from "./AddVideos";
import { texts } from "./texts";
import "./videos.css";

export default function VideosPage() {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const project = useProjectId();
  const client = useQueryClient();
  const picker = useRef<HTMLInputElement>(null);
  const { sendings, add } = useUploads(project);
  const videos = useList(["videos", project], (cursor) => unwrap(api.GET("/api/v1/videos/", { params: { query: { project, cursor } } })));
  const jobs = useJobs().data?.results ?? [];
  const choose = () => picker.current?.click();
  useCommands([{ id: "choose-video", name: { en: translator(texts, "en")("choose"), es: translator(texts, "es")("choose") }, keys: "V", run: choose }]);
  return (
    <Page title={s("videos")} actions={Boolean(videos.data?.length) && <Action primary k="V" onClick={choose}>{t("choose")}</Action>}>
      <input ref={picker} type="file" accept="video/*,.mkv,.ts,.m2ts,.avi" multiple hidden
        onChange={(event) => { add(event.target.files ?? []); event.target.value = ""; }} />
      <DropZone onFiles={add}>
        <Uploads sendings={sendings} />
        <Shown query={videos}>
          {(rows) => rows.length === 0 && sendings.length === 0 ? (
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
        <section className="card">
          <FromServer label={s("add")} send={(path) => unwrap(api.POST("/api/v1/videos/", { body: { project, path } }))}
            done={() => void client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" })} />
        </section>
      </DropZone>
    </Page>
  );
}

function VideoTable({ rows, jobs }: { rows: readonly Video[]; jobs: readonly Job[] }) {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const go = useNavigate();
  const project = useProjectId();
  return (
    <section className="card scroll-x">
      <table className="table videos-table">
        <thead>
          <tr>
            <th><span className="visually-hidden">{t("picture")}</span></th>
            <th>{t("video")}</th><th className="num">{t("length")}</th><th className="num">{t("picture")}</th>
            <th className="num">{t("frames")}</th><th className="num">{t("size")}</th><th>{s("state")}</th>
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
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function VideoState({ video, jobs }: { video: Video; jobs: readonly Job[] }) {
  const t = useTexts(texts);
  const active = jobs.find((job) => isActive(job) && parametersOf(job).video === video.id);
  if (active) return <div onClick={(event) => event.stopPropagation()}><JobProgress job={active} name={t(/preview/.test(active.task) ? "preview" : "splitting")} /></div>;
  return video.preview ? <span className="chip ok">{t("ready")}</span> : <span className="chip warn">{t("no_preview_title")}</span>;
}
