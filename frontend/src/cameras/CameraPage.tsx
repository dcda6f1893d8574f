import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams } from "react-router";
import { api, sentenceOf, unwrap } from "../api/client";
import { useProject, useProjectId, useWorkersAlive } from "../api/queries";
import type { Camera, CameraRun } from "../api/types";
import { NoWorker, useNow } from "../jobs/JobProgress";
import { formatDateTime, formatNumber, formatSpan, formatTime } from "../shared/format";
import { Failed, Loading, Notice } from "../shared/States";
import { useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { Figure } from "../shared/ui";
import { Page } from "../shell/Page";
import { StateChip } from "./CamerasPage";
import { CameraReads } from "./CameraReads";
import { Connection } from "./Connection";
import { useCameraRuns } from "./queries";
import { StartRecording } from "./StartRecording";
import { secondsSince, stateOf } from "./state";
import { texts } from "./texts";
import "./cameras.css";

/** One camera: how its recording goes, what is read of it, and for managers where it is. */
export default function CameraPage() {
  const s = useTexts(shared);
  const project = useProjectId();
  const id = Number(useParams().camera);
  const camera = useQuery({ queryKey: ["cameras", "one", id], queryFn: () => unwrap(api.GET("/api/v1/cameras/{id}/", { params: { path: { id } } })) });
  const parent = { name: s("cameras"), to: `/p/${project}/cameras` };
  if (camera.data) return <OneCamera key={id} camera={camera.data} parent={parent} />;
  return <Page title={s("cameras")} parent={parent}>{camera.error ? <Failed error={camera.error} retry={() => void camera.refetch()} /> : <Loading />}</Page>;
}

function OneCamera({ camera, parent }: { camera: Camera; parent: { name: string; to: string } }) {
  const s = useTexts(shared);
  const client = useQueryClient();
  const manages = useProject().data?.role === 4;
  const runs = useCameraRuns();
  const run = runs.data?.get(camera.id);
  const state = stateOf(run);
  const stop = useMutation({
    mutationFn: (id: number) => unwrap(api.POST("/api/v1/camera-runs/{id}/stop/", { params: { path: { id } } })),
    onSettled: () => client.invalidateQueries({ queryKey: ["live", "camera-runs"] }),
  });
  const on = state !== "off" && state !== "stopping";
  return (
    <Page title={camera.name} parent={parent} beside={runs.data && <StateChip run={run} />}
      actions={manages && on && run && <button type="button" className="button" disabled={stop.isPending} onClick={() => stop.mutate(run.id)}>{s("stop")}</button>}>
      <div className={manages ? "columns" : "stack"}>
        <div className="stack">
          {runs.error && !runs.data && <Failed error={runs.error} retry={() => void runs.refetch()} />}
          {stop.error && <Notice kind="bad">{sentenceOf(stop.error)}</Notice>}
          {run && <Progress run={run} />}
          <CameraReads camera={camera.id} recorded={on} />
        </div>
        {manages && (
          <div className="stack">
            <Connection camera={camera} />
            {runs.data && state === "off" && <StartRecording camera={camera} before={run} />}
          </div>
        )}
      </div>
    </Page>
  );
}

function Progress({ run }: { run: CameraRun }) {
  const t = useTexts(texts);
  const state = stateOf(run);
  const now = useNow(run.piece_began !== null);
  const alive = useWorkersAlive(run.job?.state === "queued");
  const why = state === "again" ? run.job?.error : run.trouble_text;
  return (
    <>
      {why && <Notice kind={state === "dropping" ? "warn" : "bad"}>{why}{run.trouble_since && ` (${t("since", { time: formatDateTime(run.trouble_since, { seconds: true }) })})`}</Notice>}
      {!alive && <NoWorker />}
      <section className="card figures camera-figures">
        <Figure name={t("reads_today")}>{formatNumber(run.reads_today)}</Figure>
        <Figure name={t("pieces")} unit={t(run.stopped_at ? "until" : "since", { time: formatDateTime(run.stopped_at ?? run.created_at) })}>{formatNumber(run.pieces)}</Figure>
        <Figure name={t("present")}>{run.piece_began ? formatSpan(secondsSince(run.piece_began, now)) : "–"}</Figure>
        <Figure name={t("last_piece")}>{run.last_piece_at ? formatTime(run.last_piece_at) : "–"}</Figure>
        <Figure name={t("unread")}>{formatNumber(run.unread)}</Figure>
        <Figure name={t("dropped")}>{run.dropped > 0 ? <span className="warn">{formatNumber(run.dropped)}</span> : 0}</Figure>
      </section>
    </>
  );
}
