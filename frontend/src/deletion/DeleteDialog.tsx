import { Modal } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useNavigate } from "react-router";
import { api, sentenceOf, unwrap } from "../api/client";
import type { Project, Video } from "../api/types";
import { formatBytes, formatNumber } from "../shared/format";
import { Notice, Shown } from "../shared/States";
import { useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { TextField } from "../shared/ui";
import { texts } from "./texts";

type Counts = Record<string, number>;

const KINDS = ["videos", "frames", "boxes", "crops", "transcriptions", "passages", "readings", "datasets"] as const;

/** Asks before a video is deleted, and says what goes with it. */
export function DeleteVideo({ video, close }: { video: Pick<Video, "id" | "name">; close: () => void }) {
  const t = useTexts(texts);
  const client = useQueryClient();
  const losses = useQuery({ queryKey: ["losses", "video", video.id], staleTime: 0, queryFn: () => unwrap(api.GET("/api/v1/videos/{id}/losses/", { params: { path: { id: video.id } } })) });
  const remove = useMutation({
    mutationFn: () => unwrap(api.DELETE("/api/v1/videos/{id}/", { params: { path: { id: video.id } } })),
    onSuccess: async () => {
      close();
      await client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" && queryKey[0] !== "losses" });
    },
  });
  return (
    <Modal opened onClose={close} title={t("delete_video", { name: video.name })} size={440} centered>
      <form className="stack" onSubmit={(event) => { event.preventDefault(); remove.mutate(); }}>
        <Shown query={losses}>{({ counts }) => <Losses counts={counts} />}</Shown>
        {remove.error && <Notice kind="bad">{sentenceOf(remove.error)}</Notice>}
        <Buttons close={close} disabled={!losses.data || remove.isPending} />
      </form>
    </Modal>
  );
}

/** The same for a project; its name has to be typed. */
function DeleteProject({ project, close }: { project: Project; close: () => void }) {
  const t = useTexts(texts);
  const go = useNavigate();
  const client = useQueryClient();
  const [typed, setTyped] = useState("");
  const losses = useQuery({ queryKey: ["losses", "project", project.id], staleTime: 0, queryFn: () => unwrap(api.GET("/api/v1/projects/{id}/losses/", { params: { path: { id: project.id } } })) });
  const remove = useMutation({
    mutationFn: () => unwrap(api.DELETE("/api/v1/projects/{id}/", { params: { path: { id: project.id }, query: { name: typed.trim() } } })),
    onSuccess: async () => {
      await go("/projects");
      client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" && queryKey[0] !== "projects" });
      await client.invalidateQueries({ queryKey: ["projects"] });
    },
  });
  const right = typed.trim() === project.name;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (right) remove.mutate();
  };
  return (
    <Modal opened onClose={close} title={t("delete_project", { name: project.name })} size={440} centered>
      <form className="stack" onSubmit={submit}>
        <Shown query={losses}>{({ counts }) => <Losses counts={counts} />}</Shown>
        <TextField label={t("type_name")} hint={project.name} value={typed} onChange={(event) => setTyped(event.target.value)} autoComplete="off" data-autofocus />
        {remove.error && <Notice kind="bad">{sentenceOf(remove.error)}</Notice>}
        <Buttons close={close} disabled={!right || remove.isPending} />
      </form>
    </Modal>
  );
}

function Losses({ counts }: { counts: Counts }) {
  const t = useTexts(texts);
  const some = KINDS.filter((kind) => counts[kind]);
  return (
    <div className="stack">
      <p>{t(some.length ? "goes" : "nothing_more")}</p>
      <dl className="facts">
        {some.map((kind) => <Fact key={kind} name={t(kind)} value={formatNumber(counts[kind] ?? 0)} />)}
        <Fact name={t("bytes")} value={formatBytes(counts.bytes ?? 0)} />
      </dl>
      {Boolean(counts.jobs) && <p className="warn">{t("stops", { count: counts.jobs ?? 0 })}</p>}
      {Boolean(counts.kept_in_datasets) && <p className="t2">{t("kept", { count: counts.kept_in_datasets ?? 0 })}</p>}
    </div>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return <><dt>{name}</dt><dd>{value}</dd></>;
}

function Buttons({ close, disabled }: { close: () => void; disabled: boolean }) {
  const t = useTexts(texts);
  const s = useTexts(shared);
  return (
    <div className="row">
      <button type="submit" className="button danger" disabled={disabled}>{t("delete")}</button>
      <button type="button" className="button" onClick={close}>{s("cancel")}</button>
    </div>
  );
}

/** The last card of a project's settings. */
export function DeleteProjectCard({ project }: { project: Project }) {
  const t = useTexts(texts);
  const [asking, setAsking] = useState(false);
  if (project.role !== 4) return null;
  return (
    <section className="card stack">
      <h2>{t("project_title")}</h2>
      <p className="t2">{t("project_body")}</p>
      <div><button type="button" className="button danger" onClick={() => setAsking(true)}>{t("project_button")}</button></div>
      {asking && <DeleteProject project={project} close={() => setAsking(false)} />}
    </section>
  );
}
