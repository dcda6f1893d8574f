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
import { firstMapping, sumOf } from "./counts";
import { texts } from "./texts";
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

type Mapping = Record<string, string | null | undefined>;

/** What is sent: every class has its decision, left out where there is none. */
function decided(mapping: Mapping): Record<string, string | null> {
  return Object.fromEntries(Object.entries(mapping).map(([label, becomes]) => [label, becomes ?? null]));
}

function OneImport({ batch, job }: { batch: ImportDetail; job: Job | undefined }) {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const project = useProject();
  const client = useQueryClient();
  const active = job && isActive(job) ? job : undefined;
  const known = useMemo(() => project.data?.labels.map((label) => label.name) ?? [], [project.data]);
  const [changed, setChanged] = useState<Mapping>({});
  const mapping: Mapping = { ...firstMapping(Object.keys(batch.labels), known, batch.mapping), ...changed };
  const unmapped = Object.values(mapping).some((label) => label === undefined);
  const start = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/imports/{id}/start/", { params: { path: { id: batch.id } }, body: { mapping: decided(mapping) } })),
    onSuccess: () => client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === "imports" || queryKey[0] === "jobs" }),
  });
  const ready = batch.dry_run && !active && job?.state === "succeeded" && !unmapped && !start.isPending;
  useCommands([{
    id: "import", name: { en: translator(texts, "en")("import_any"), es: translator(texts, "es")("import_any") }, keys: "Ctrl+Enter",
    inFields: true, when: () => ready, run: () => start.mutate(),
  }]);
  const sum = sumOf(batch.counts);
  const step = batch.dry_run ? (active ? 0 : 1) : 2;
  return (
    <Page title={batch.name} parent={{ name: s("imports"), to: `/p/${batch.project}/imports` }}
      beside={batch.format && <span className="chip">{t("recognised", { format: batch.format })}</span>}>
      <Steps at={step} running={active !== undefined} />
      {active && <section className="card"><JobProgress job={active} name={t(batch.dry_run ? "looking" : "importing", { name: batch.name })} /></section>}
      {job?.state === "failed" && <Notice kind="bad">{job.error} <Link to={`/p/${batch.project}/imports`}>{t("other_file")}</Link></Notice>}
      {(sum.seen > 0 || job?.state === "succeeded") && (
        <div className="columns">
          <div className="stack">
            {Object.keys(batch.labels).length > 0 && (
              <Classes batch={batch} mapping={mapping} known={known} onChange={(label, to) => setChanged({ ...changed, [label]: to })} />
            )}
            <Things batch={batch} />
          </div>
          <div className="stack">
            <Sums batch={batch} over={!batch.dry_run && !active} />
            {batch.dry_run ? (
              <>
                {start.error && <Notice kind="bad">{sentenceOf(start.error)}</Notice>}
                {unmapped && <p className="t2">{t("map_first")}</p>}
                <Action primary k="Ctrl+Enter" disabled={!ready} onClick={() => start.mutate()}>{t("import_n", { count: sum.imported })}</Action>
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
    <div className="spread">
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

function Classes({ batch, mapping, known, onChange }: {
  batch: ImportDetail; mapping: Mapping; known: readonly string[]; onChange: (label: string, to: string | null | undefined) => void;
}) {
  const t = useTexts(texts);
  const labels = Object.entries(batch.labels);
  const used = Object.values(mapping).filter(Boolean).length;
  const options = (label: string) => [...new Set([...known, ...(/^\d+$/.test(label) ? [] : [label])])];
  return (
    <section className="card scroll-x">
      <header><h2>{t("classes")}</h2><span className="t3 small">{t("classes_used", { count: labels.length, used })}</span></header>
      <table className="table classes">
        <thead><tr><th>{t("class_name")}</th><th className="num">{t("boxes")}</th><th>{t("becomes")}</th></tr></thead>
        <tbody>
          {labels.map(([label, count]) => (
            <tr key={label}>
              <td>{label} {batch.needs_map && <span className="t3">{t("no_name")}</span>}</td>
              <td className="num">{formatNumber(count)}</td>
              <td>
                <select className="input" aria-label={`${label}: ${t("becomes")}`} disabled={!batch.dry_run}
                  value={mapping[label] === undefined ? "?" : (mapping[label] ?? "")}
                  onChange={(event) => onChange(label, event.target.value === "?" ? undefined : event.target.value || null)}>
                  {mapping[label] === undefined && <option value="?">{t("choose_class")}</option>}
                  {options(label).map((one) => <option key={one} value={one}>{known.includes(one) ? one : t("new_label", { name: one })}</option>)}
                  <option value="">{t("leave_out")}</option>
                </select>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function reasonName(t: (key: keyof typeof texts) => string, reason: string): string {
  return reason in texts ? t(reason as keyof typeof texts) : reason.replaceAll("_", " ");
}

function Sums({ batch, over }: { batch: ImportDetail; over: boolean }) {
  const t = useTexts(texts);
  const project = useProject();
  const sum = sumOf(batch.counts);
  const pictures = batch.counts.pictures ?? batch.counts.frames;
  return (
    <section className="card stack">
      <h2>{t("accounted")}</h2>
      <table className="table">
        <tbody>
          <tr><td>{t("seen")}</td><td className="num strong">{formatNumber(sum.seen)}</td></tr>
          <tr><td>{t(over ? "did_import" : "will_import")}</td><td className="num ok strong">{formatNumber(sum.imported)}</td></tr>
          {sum.clamped > 0 && <tr><td className="t3">{t("clamped")}</td><td className="num t3">{formatNumber(sum.clamped)}</td></tr>}
          {sum.reasons.map(([reason, count]) => (
            <tr key={reason}><td>{reasonName(t, reason)}</td><td className="num warn strong">{formatNumber(count)}</td></tr>
          ))}
        </tbody>
      </table>
      {sum.adds
        ? <p className="spread small"><span className="t3">{[sum.imported, ...sum.reasons.map(([, count]) => count)].map((n) => formatNumber(n)).join(" + ")}</span><span className="ok">= {formatNumber(sum.seen)} ✓</span></p>
        : <Notice kind="bad">{t("sum_wrong")}</Notice>}
      <dl className="facts">
        {pictures !== undefined && <><dt>{t("pictures")}</dt><dd>{formatNumber(pictures)}</dd></>}
        <dt>{t("into")}</dt><dd>{project.data?.name}</dd>
      </dl>
    </section>
  );
}

function Things({ batch }: { batch: ImportDetail }) {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const [most, setMost] = useState(50);
  return (
    <section className="card">
      <header><h2>{batch.report.length ? t("things", { count: batch.report.length }) : t("things_none")}</h2></header>
      <table className="table things">
        <tbody>
          {batch.report.slice(0, most).map((line, index) => (
            <tr key={index}>
              <td className="mono small wrap">{line.file} {line.line > 0 && <span className="t3">{t("line", { line: line.line })}</span>}</td>
              <td className="wrap t2">{line.sentence}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {batch.report.length > most && <button type="button" className="button small" onClick={() => setMost(most + 200)}>{s("more")}</button>}
    </section>
  );
}
