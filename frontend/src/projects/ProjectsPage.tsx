import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect } from "react";
import { Link, useNavigate } from "react-router";
import { api, sentenceOf, unwrap } from "../api/client";
import { logOut, useSession } from "../api/queries";
import type { Schemas } from "../api/types";
import { formatDateTime } from "../shared/format";
import { More, useList } from "../shared/Pages";
import { Empty, Notice, Shown } from "../shared/States";
import { useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { SelectField, TextField } from "../shared/ui";
import { countries } from "./countries";
import { RestoreProject } from "./RestoreProject";
import { texts } from "./texts";
import "./projects.css";

export default function ProjectsPage() {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const go = useNavigate();
  const client = useQueryClient();
  const session = useSession();
  const projects = useList(["projects"], (cursor) => unwrap(api.GET("/api/v1/projects/", { params: { query: { cursor } } })));
  useEffect(() => {
    document.title = `${s("projects")} · LPR Studio`;
  }, [s]);
  const leave = async () => {
    await logOut();
    client.clear();
    void go("/login");
  };
  return (
    <main className="projects page-body stack">
      <header className="spread">
        <h1 className="row"><span className="badge mono">LPR</span> {s("projects")}</h1>
        <span className="row">
          <span className="t3">{session.data?.user?.username}</span>
          <button type="button" className="button small" onClick={() => void leave()}>{s("log_out")}</button>
        </span>
      </header>
      <Shown query={projects}>
        {(rows) => (
          <>
            {rows.length === 0 && <Empty title={t("none_title")}>{t("none_body")}</Empty>}
            <ul className="stack">
              {rows.map((project) => (
                <li key={project.id}>
                  <Link className="card project" to={`/p/${project.id}`}>
                    <span className="strong">{project.name}</span>
                    <span className="t3 small">{project.time_zone}</span>
                    <span className="grow" />
                    <span className="t3 small">{t("since", { date: formatDateTime(project.created_at) })}</span>
                  </Link>
                </li>
              ))}
            </ul>
            <More list={projects} />
          </>
        )}
      </Shown>
      <NewProject />
      <RestoreProject />
    </main>
  );
}

function NewProject() {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const go = useNavigate();
  const client = useQueryClient();
  const make = useMutation({
    mutationFn: (body: Schemas["ProjectRequest"]) => unwrap(api.POST("/api/v1/projects/", { body })),
    onSuccess: async (project) => {
      await client.invalidateQueries({ queryKey: ["projects"] });
      void go(`/p/${project.id}`);
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name));
    make.mutate({ name: text("name"), time_zone: text("time_zone"), countries: [text("country")] });
  };
  return (
    <form className="card stack" onSubmit={submit}>
      <h2>{t("new_project")}</h2>
      <div className="grid-3 wide">
        <TextField label={s("name")} name="name" required maxLength={120} placeholder={t("name_hint")} />
        <TextField label={t("time_zone")} name="time_zone" required defaultValue={Intl.DateTimeFormat().resolvedOptions().timeZone || "America/Guayaquil"} />
        <SelectField label={t("plates_of")} name="country" defaultValue="EC">
          {countries.map(([code, name]) => <option key={code} value={code}>{name}</option>)}
        </SelectField>
      </div>
      {make.error && <Notice kind="bad">{sentenceOf(make.error)}</Notice>}
      <div><button type="submit" className="button primary" disabled={make.isPending}>{t("make")}</button></div>
    </form>
  );
}
