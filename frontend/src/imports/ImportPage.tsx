import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { Link, useParams } from "react-router";
import { api, sentenceOf, unwrap } from "../api/client";
import { isActive, useJob, useProject, useProjectId } from "../api/queries";
import type { ImportDetail, Job } from "../api/types";
import { JobProgress } from "../jobs/JobProgress";
import { useCommands } from "../shared/commands";
import { formatNumber } from "../shared/format";
import { Failed, Loading, Notice } from "../shared/States";
import { translator, useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { Action } from "../shared/ui";
import { Page } from "../shell/Page";
import { Classes } from "./Classes";
import { decided, firstMapping, type Mapping, sumOf, underMapping } from "./counts";
import { Sums, Things } from "./Report";
import { formatName, texts } from "./texts";
import "./imports.css";

export default function ImportPage() {
  const s = useTexts(shared);
  const project = useProjectId();
  const id = Number(useParams().batch);
  const client = useQueryClient();
  const batch = useQuery({ queryKey: ["imports", "one", id], queryFn: () => unwrap(api.GET("/api/v1/imports/{id}/", { params: { path: { id } } })) });
  const job = useJob(batch.data?.job);
  const state = job.data?.state;
  useEffect(() => {
    if (state && !isActive({ state })) void client.invalidateQueries({ queryKey: ["imports"] });
  }, [client, state]);
  if (batch.data) return <OneImport key={id} batch={batch.data} job={job.data} />;
  return (
    <Page title={s("import")} parent={{ name: s("imports"), to: `/p/${project}/imports` }}>
      {batch.error ? <Failed error={batch.error} retry={() => void batch.refetch()} /> : <Loading />}
    </Page>
  );
}

/** Both long actions of a batch; the page then shows the job that answers. */
function useActions(id: number, mapping: Mapping) {
  const client = useQueryClient();
  const onSuccess = () => client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === "imports" || queryKey[0] === "jobs" });
  const path = { id };
  const start = useMutation({ mutationFn: () => unwrap(api.POST("/api/v1/imports/{id}/start/", { params: { path }, body: { mapping: decided(mapping) } })), onSuccess });
  const look = useMutation({ mutationFn: () => unwrap(api.POST("/api/v1/imports/{id}/examine/", { params: { path }, body: {} })), onSuccess });
  return { start, look };
}

function OneImport({ batch, job }: { batch: ImportDetail; job: Job | undefined }) {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const project = useProject();
  const active = job && isActive(job) ? job : undefined;
  const known = useMemo(() => project.data?.labels.map((label) => label.name) ?? [], [project.data]);
  const [changed, setChanged] = useState<Mapping>({});
  const [only, setOnly] = useState("");
  const mapping: Mapping = { ...firstMapping(Object.keys(batch.labels), known, batch.mapping), ...changed };
  const unmapped = Object.values(mapping).some((label) => label === undefined || label === "");
  const { start, look } = useActions(batch.id, mapping);
  // A run that was stopped or failed may be started again: what it brought stays, nothing doubles.
  const broke = !batch.dry_run && (job?.state === "failed" || job?.state === "cancelled");
  const open = batch.dry_run || broke;
  const ready = open && Boolean(batch.format) && !active && !unmapped && !start.isPending && batch.kept && job !== undefined;
  useCommands([{
    id: "import", name: { en: translator(texts, "en")("import_any"), es: translator(texts, "es")("import_any") }, keys: "Ctrl+Enter",
    inFields: true, when: () => ready, run: () => start.mutate(),
  }]);
  const counts = open ? underMapping(batch.counts, batch.facts.fixed, batch.classes, mapping) : batch.counts;
  const sum = sumOf(counts);
  const { damage } = batch.facts;
  const step = batch.dry_run ? (active ? 0 : 1) : 2;
  const again = <button type="button" className="button small" disabled={!batch.kept || look.isPending} onClick={() => look.mutate()}>{t("look_again")}</button>;
  return (
    <Page title={batch.name} parent={{ name: s("imports"), to: `/p/${batch.project}/imports` }}
      beside={batch.format && <span className="chip">{t("recognised", { format: formatName(batch.format) })}</span>}>
      <Steps at={step} running={active !== undefined} />
      {active && <section className="card"><JobProgress job={active} name={t(batch.dry_run ? "looking" : "importing", { name: batch.name })} /></section>}
      {job?.state === "failed" && <Notice kind="bad">{job.error} {broke && t("safe_again")} <Link to={`/p/${batch.project}/imports`}>{t("other_file")}</Link>{!batch.format && <> {again}</>}</Notice>}
      {broke && job?.state === "cancelled" && <Notice kind="warn">{t("stopped")} {t("safe_again")}</Notice>}
      {look.error && <Notice kind="bad">{sentenceOf(look.error)}</Notice>}
      {!batch.kept && <Notice kind="warn">{t("file_gone")}</Notice>}
      {damage && <Notice kind="warn">{t("damaged", { members: formatNumber(damage.members), whole: formatNumber(damage.members - damage.lost) })}</Notice>}
      {batch.format && (
        <div className="columns import">
          <div className="stack">
            {Object.keys(batch.labels).length > 0 && (
              <Classes batch={batch} mapping={mapping} known={known} open={open && !active} onChange={(label, to) => setChanged({ ...changed, [label]: to })} />
            )}
            <ReadTexts batch={batch} />
            <Things batch={batch} only={only} onAll={() => setOnly("")} />
          </div>
          <div className="stack">
            <Sums batch={batch} sum={sum} over={!open && !active} only={only} onOnly={setOnly} />
            <Known batch={batch} again={!active && again} />
            {open ? (
              <>
                {start.error && <Notice kind="bad">{sentenceOf(start.error)}</Notice>}
                {unmapped && <p className="t2">{t("map_first")}</p>}
                <Action primary k="Ctrl+Enter" disabled={!ready} onClick={() => start.mutate()}>
                  {sum.imported > 0 ? t(Object.keys(batch.labels).length ? "import_n" : "import_texts", { count: sum.imported }) : t("import_pictures", { count: batch.facts.pictures ?? 0 })}
                </Action>
              </>
            ) : !active && <Link className="button primary" to={`/p/${batch.project}/frames`}>{t("look_at")}</Link>}
          </div>
        </div>
      )}
    </Page>
  );
}

function Steps({ at, running }: { at: number; running: boolean }) {
  const t = useTexts(texts);
  return (
    <div className="spread steps">
      <ol className="row wrap">
        {(["uploaded", "check_classes", "done"] as const).map((step, index) => (
          <li key={step} className="row">
            {index > 0 && <span className="t3">→</span>}
            <span className={index === at ? "chip on" : "chip"} aria-current={index === at ? "step" : undefined}>{index < at ? "✓ " : ""}{t(index === 2 && index === at && running ? "importing" : step)}</span>
          </li>
        ))}
      </ol>
      {at < 2 && <span className="t3 small">{t("nothing_yet")}</span>}
    </div>
  );
}

/** Some texts with their files, so that a wrong reading of names is seen before it is imported. */
function ReadTexts({ batch }: { batch: ImportDetail }) {
  const t = useTexts(texts);
  const read = batch.facts.sample_texts ?? [];
  if (read.length === 0) return null;
  return (
    <section className="card scroll-x">
      <header><h2>{t("texts_read")}</h2><span className="t3 small">{t("texts_some", { count: read.length })}</span></header>
      <table className="table">
        <tbody>{read.map(([file, text]) => <tr key={file}><td className="mono small">{file}</td><td className="mono strong">{text}</td></tr>)}</tbody>
      </table>
    </section>
  );
}

/** What the project knows of these pictures: those it has, and which video they may be of. */
function Known({ batch, again }: { batch: ImportDetail; again: React.ReactNode }) {
  const t = useTexts(texts);
  const { elsewhere = 0, of_videos: ofVideos = {}, likely_videos: likely = [] } = batch.facts;
  const linked = Object.values(ofVideos).reduce((all, count) => all + count, 0);
  const missing = (batch.counts.picture_missing ?? 0) > 0;
  if (!elsewhere && !linked && likely.length === 0 && !missing) return null;
  return (
    <section className="card stack tight">
      {elsewhere > 0 && <p>{t("elsewhere", { count: elsewhere })}</p>}
      {linked > 0 && <p>{t("of_videos", { count: linked })}</p>}
      {likely.map((one) => <p key={one.video} className="t2">{t("likely", { alike: one.alike, looked: one.looked, name: one.name })}</p>)}
      {missing && <div className="spread"><p className="t2">{t("missing_help")}</p>{again}</div>}
    </section>
  );
}
