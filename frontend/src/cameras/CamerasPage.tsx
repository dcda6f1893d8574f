import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Link } from "react-router";
import { api, sentenceOf, unwrap } from "../api/client";
import { useProject, useProjectId } from "../api/queries";
import type { Camera, CameraRun, Schemas } from "../api/types";
import { formatNumber, formatTime } from "../shared/format";
import { More } from "../shared/Pages";
import { Empty, Notice, Shown } from "../shared/States";
import { useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { TextField } from "../shared/ui";
import { Page } from "../shell/Page";
import { useCameraRuns, useCameras } from "./queries";
import { LOOKS, stateOf } from "./state";
import { texts } from "./texts";

/** The cameras of a project: where they are, whether they are recorded, how far each clock is off. */
export default function CamerasPage() {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const manages = useProject().data?.role === 4;
  const cameras = useCameras();
  const runs = useCameraRuns();
  return (
    <Page title={s("cameras")}>
      <Shown query={cameras}>
        {(rows) => rows.length === 0 ? <Empty title={t("none_title")}>{t("none_body")}</Empty> : (
          <>
            <Rows rows={rows} runs={runs.data} manages={manages} />
            <More list={cameras} />
          </>
        )}
      </Shown>
      {manages && <AddCamera />}
    </Page>
  );
}

function Rows({ rows, runs, manages }: { rows: readonly Camera[]; runs: ReadonlyMap<number, CameraRun> | undefined; manages: boolean }) {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const project = useProjectId();
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: (id: number) => unwrap(api.DELETE("/api/v1/cameras/{id}/", { params: { path: { id } } })),
    onSettled: () => client.invalidateQueries({ queryKey: ["cameras"] }),
  });
  return (
    <section className="card stack">
      <p className="t2 small">{t("hint")}</p>
      {remove.error && <Notice kind="bad">{sentenceOf(remove.error)}</Notice>}
      <table className="table">
        <thead><tr><th>{s("name")}</th><th className="hide-narrow">{t("source")}</th><th>{s("state")}</th><th className="num hide-narrow">{t("reads_today")}</th><th className="num hide-narrow">{t("clock_offset")}</th>{manages && <th />}</tr></thead>
        <tbody>
          {rows.map((camera) => (
            <tr key={camera.id}>
              <td className="wrap"><Link to={`/p/${project}/cameras/${camera.id}`}>{camera.name}</Link></td>
              <td className="hide-narrow"><SourceOf camera={camera} /></td>
              <td>{runs && <StateChip run={runs.get(camera.id)} />}</td>
              <td className="num hide-narrow">{formatNumber(runs?.get(camera.id)?.reads_today ?? 0)}</td>
              <td className="num hide-narrow">{formatNumber(camera.clock_offset ?? 0)} s</td>
              {manages && <td className="num"><button type="button" className="button small" disabled={remove.isPending} onClick={() => window.confirm(t("remove_sure")) && remove.mutate(camera.id)}>{s("remove")}</button></td>}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

export function SourceOf({ camera }: { camera: Camera }) {
  const t = useTexts(texts);
  if (!camera.source_host) return <span className="t3">{t("no_address")}</span>;
  return <span>{camera.source_kind.toUpperCase()} <span className="mono small">{camera.source_host}</span></span>;
}

/** What a camera's recording does; for how long, where something is wrong. */
export function StateChip({ run }: { run: CameraRun | undefined }) {
  const t = useTexts(texts);
  const state = stateOf(run);
  const since = (state === "away" || state === "dropping") && run?.trouble_since;
  return (
    <span className={LOOKS[state]}>
      {state === "recording" && <i className="dot" />}
      {t(state)}{since && <span className="hide-narrow">{t("since", { time: formatTime(since) })}</span>}
    </span>
  );
}

function AddCamera() {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const project = useProjectId();
  const client = useQueryClient();
  const [round, setRound] = useState(0);
  const make = useMutation({
    mutationFn: (body: Schemas["CameraRequest"]) => unwrap(api.POST("/api/v1/cameras/", { body })),
    onSuccess: () => setRound(round + 1),
    onSettled: () => client.invalidateQueries({ queryKey: ["cameras"] }),
  });
  const add = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const offset = Number(String(given.get("offset") || "0").replace(",", "."));
    make.mutate({ project, name: String(given.get("name")), clock_offset: offset });
  };
  return (
    <form key={round} className="card stack" onSubmit={add}>
      <h2>{t("add_camera")}</h2>
      <div className="grid-2 wide">
        <TextField label={s("name")} name="name" required maxLength={120} />
        <TextField label={t("clock_offset")} hint={t("clock_hint")} name="offset" inputMode="decimal" pattern="-?[0-9]+([.,][0-9]+)?" placeholder="0" />
      </div>
      {make.error && <Notice kind="bad">{sentenceOf(make.error)}</Notice>}
      <div><button type="submit" className="button" disabled={make.isPending}>{s("add")}</button></div>
    </form>
  );
}
