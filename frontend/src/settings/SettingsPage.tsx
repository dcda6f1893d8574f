import { type MantineColorScheme, useMantineColorScheme } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Link, useNavigate } from "react-router";
import { api, sentenceOf, unwrap } from "../api/client";
import { logOut, useProject, useProjectId, useSession } from "../api/queries";
import type { Project, Schemas } from "../api/types";
import { type Language, setLanguage, useLanguage } from "../shared/language";
import { useList } from "../shared/Pages";
import { PlateText } from "../shared/PlateText";
import { Notice, Shown } from "../shared/States";
import { useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { Segments, TextField } from "../shared/ui";
import { DeleteProjectCard } from "../deletion/DeleteDialog";
import { Page } from "../shell/Page";
import { texts } from "./texts";

export default function SettingsPage() {
  const s = useTexts(shared);
  const project = useProject();
  return (
    <Page title={s("settings")}>
      <Browser />
      <Shown query={project}>{(row) => <ProjectForm key={row.id} project={row} />}</Shown>
      <CamerasLink />
      <Formats manages={project.data?.role === 4} />
      {project.data && <DeleteProjectCard project={project.data} />}
      <Account />
    </Page>
  );
}

function Browser() {
  const t = useTexts(texts);
  const language = useLanguage();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <section className="card stack">
      <h2>{t("this_browser")}</h2>
      <div className="spread"><span className="t2">{t("theme")}</span>
        <Segments<MantineColorScheme> label={t("theme")} value={colorScheme} onChange={setColorScheme} options={[["auto", t("auto")], ["dark", t("dark")], ["light", t("light")]]} /></div>
      <div className="spread"><span className="t2">{t("language")}</span>
        <Segments<Language> label={t("language")} value={language} onChange={setLanguage} options={[["en", "English"], ["es", "Español"]]} /></div>
    </section>
  );
}

function ProjectForm({ project }: { project: Project }) {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const client = useQueryClient();
  const manages = project.role === 4;
  const save = useMutation({
    mutationFn: (body: Schemas["PatchedProjectRequest"]) => unwrap(api.PATCH("/api/v1/projects/{id}/", { params: { path: { id: project.id } }, body })),
    onSuccess: () => client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === "project" || queryKey[0] === "projects" }),
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    save.mutate({
      name: String(form.get("name")), time_zone: String(form.get("time_zone")), alphabet: String(form.get("alphabet")),
      second_reading_share: Number(String(form.get("share")).replace(",", ".")) / 100,
      retention_days: String(form.get("retention")).trim() === "" ? null : Number(form.get("retention")),
    });
  };
  return (
    <form className="card stack" onSubmit={submit}>
      <h2>{t("project")}</h2>
      <div className="grid-2 wide">
        <TextField label={s("name")} name="name" required defaultValue={project.name} disabled={!manages} />
        <TextField label={t("time_zone")} name="time_zone" required defaultValue={project.time_zone} disabled={!manages} />
        <TextField label={t("alphabet")} hint={t("alphabet_hint")} name="alphabet" required className="mono" defaultValue={project.alphabet} disabled={!manages} />
        <TextField label={t("share")} hint={t("share_hint")} name="share" inputMode="decimal" defaultValue={Math.round((project.second_reading_share ?? 0) * 1000) / 10} disabled={!manages} />
        <TextField label={t("retention")} hint={t("retention_hint")} name="retention" type="number" min={1} max={36500} defaultValue={project.retention_days ?? ""} disabled={!manages} />
      </div>
      {save.error && <Notice kind="bad">{sentenceOf(save.error)}</Notice>}
      {manages && <div className="row"><button type="submit" className="button primary" disabled={save.isPending}>{s("save")}</button>{save.isSuccess && <span className="ok" role="status">{t("saved")}</span>}</div>}
    </form>
  );
}

function CamerasLink() {
  const t = useTexts(texts);
  const s = useTexts(shared);
  return (
    <section className="card spread">
      <div className="stack tight"><h2>{s("cameras")}</h2><p className="t3 small">{t("cameras_hint")}</p></div>
      <Link className="button" to={`/p/${useProjectId()}/cameras`}>{t("open")}</Link>
    </section>
  );
}

function Formats({ manages }: { manages: boolean }) {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const id = useProjectId();
  const client = useQueryClient();
  const formats = useList(["plate-formats", id], (cursor) => unwrap(api.GET("/api/v1/plate-formats/", { params: { query: { project: id, cursor } } })));
  const [refused, setRefused] = useState<unknown>(null);
  const always = {
    onMutate: () => setRefused(null),
    onError: setRefused,
    onSettled: () => client.invalidateQueries({ queryKey: ["plate-formats"] }),
  };
  const make = useMutation({ mutationFn: (body: Schemas["PlateFormatRequest"]) => unwrap(api.POST("/api/v1/plate-formats/", { body })), ...always });
  const remove = useMutation({ mutationFn: (id: number) => unwrap(api.DELETE("/api/v1/plate-formats/{id}/", { params: { path: { id } } })), ...always });
  const add = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const given = new FormData(form);
    const pattern = String(given.get("pattern")).toUpperCase();
    make.mutate({ project: id, name: String(given.get("name")), pattern, display: String(given.get("display") ?? ""), examples: [] }, { onSuccess: () => form.reset() });
  };
  return (
    <section className="card stack">
      <header className="stack tight"><h2>{t("formats")}</h2><p className="t3 small">{t("formats_hint")}</p></header>
      <Shown query={formats}>
        {(rows) => (
          <div className="scroll-x">
            <table className="table">
              <thead><tr><th>{s("name")}</th><th>{t("pattern")}</th><th>{t("display")}</th><th>{t("example")}</th><th /></tr></thead>
              <tbody>
                {rows.map((one) => (
                  <tr key={one.id}>
                    <td>{one.name}</td><td className="mono small">{one.pattern}</td><td className="mono small">{one.display}</td>
                    <td>{Array.isArray(one.examples) && typeof one.examples[0] === "string" && <PlateText text={one.examples[0]} />}</td>
                    <td className="num">{manages && <button type="button" className="button small" onClick={() => remove.mutate(one.id)}>{s("remove")}</button>}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Shown>
      {refused !== null && <Notice kind="bad">{sentenceOf(refused)}</Notice>}
      {manages && (
        <form className="stack" onSubmit={add}>
          <div className="grid-3">
            <TextField label={s("name")} name="name" required />
            <TextField label={t("pattern")} name="pattern" required className="mono" placeholder="AAA9999" />
            <TextField label={t("display")} hint={s("optional")} name="display" className="mono" placeholder="AAA-9999" />
          </div>
          <div><button type="submit" className="button" disabled={make.isPending}>{t("add_format")}</button></div>
        </form>
      )}
    </section>
  );
}

function Account() {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const go = useNavigate();
  const client = useQueryClient();
  const session = useSession();
  const user = session.data?.user;
  const leave = async () => {
    await logOut();
    client.clear();
    void go("/login");
  };
  return (
    <section className="card spread">
      <span className="t2">{user && t("logged_in_as", { name: user.username })}</span>
      <span className="row">
        {user?.is_superuser && <a className="button" href="/admin/">{s("administration")}</a>}
        <button type="button" className="button" onClick={() => void leave()}>{s("log_out")}</button>
      </span>
    </section>
  );
}
