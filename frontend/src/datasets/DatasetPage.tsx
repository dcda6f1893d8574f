import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Fragment, useState } from "react";
import { Link, useParams } from "react-router";
import { api, sentenceOf, unwrap } from "../api/client";
import { isActive, useJob, useProject, useProjectId } from "../api/queries";
import type { DatasetVersion, Export } from "../api/types";
import { type Format, formatName, formats } from "../exports/order";
import { JobProgress } from "../jobs/JobProgress";
import { formatDateTime, formatNumber } from "../shared/format";
import { useList } from "../shared/Pages";
import { Failed, Loading, Notice } from "../shared/States";
import { useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { Figure, SelectField } from "../shared/ui";
import { Page } from "../shell/Page";
import { Characters, LeakCheck, SplitParts } from "./CountParts";
import { countsOf, takenOf } from "./counts";
import { texts } from "./texts";

const REVIEWER = 3;
const SHOWN = 5;

export default function DatasetPage() {
  const s = useTexts(shared);
  const project = useProjectId();
  const id = Number(useParams().version);
  const version = useQuery({ queryKey: ["datasets", "one", id], queryFn: () => unwrap(api.GET("/api/v1/datasets/{id}/", { params: { path: { id } } })) });
  if (version.data) return <OneVersion version={version.data} />;
  return (
    <Page title={s("datasets")} parent={{ name: s("datasets"), to: `/p/${project}/datasets` }}>
      {version.error ? <Failed error={version.error} retry={() => void version.refetch()} /> : <Loading />}
    </Page>
  );
}

function OneVersion({ version }: { version: DatasetVersion }) {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const project = useProjectId();
  const counts = countsOf(version.counts);
  return (
    <Page title={t("version", { kind: s(version.kind), number: version.number })} parent={{ name: s("datasets"), to: `/p/${project}/datasets` }}
      beside={<span className="chip">{version.note || formatDateTime(version.created_at)}</span>}
      actions={<>{version.number > 1 && <Link className="button hide-narrow" to={`/p/${project}/datasets/compare?newer=${version.id}`}>{t("compare")}</Link>}<Link className="button primary" to={`/p/${project}/training/new?dataset=${version.id}`}>{t("train_on")}</Link></>}>
      {version.incomplete && <Notice kind="warn">{t("incomplete")}</Notice>}
      <div className="columns">
        <div className="stack">
          <section className="card figures">
            <Figure name={t("items")}>{formatNumber(counts.items)}</Figure>
            <Figure name={t("groups")}>{formatNumber(counts.groups)}</Figure>
            <Figure name={t("seed")}>{version.seed}</Figure>
          </section>
          <SplitParts counts={counts} />
          <Characters counts={counts} />
        </div>
        <div className="stack">
          <LeakCheck counts={counts} kind={version.kind} />
          <Exports version={version} />
          <section className="card">
            <dl className="facts">
              <dt>{s("made")}</dt><dd>{formatDateTime(version.created_at)}</dd>
              <dt>{s("by")}</dt><dd>{version.created_by || "–"}</dd>
              {takenOf(version.filter).map(([name, value]) => <Fragment key={name}><dt>{t(`took_${name}`)}</dt><dd>{value}</dd></Fragment>)}
              <dt>{t("fingerprint")}</dt><dd className="mono tiny">{version.manifest_hash.slice(0, 16)}</dd>
            </dl>
            {version.number > 1 && <Link to={`/p/${project}/datasets/compare?newer=${version.id}`}>{t("compare")}</Link>}
          </section>
        </div>
      </div>
    </Page>
  );
}

function Exports({ version }: { version: DatasetVersion }) {
  const t = useTexts(texts);
  const client = useQueryClient();
  const may = (useProject().data?.role ?? 0) >= REVIEWER;
  const [format, setFormat] = useState<Format>(formats[version.kind][0]?.[0] ?? "csv");
  const [hidden, setHidden] = useState(false);
  const exports = useList(["exports", version.id], (cursor) => unwrap(api.GET("/api/v1/exports/", { params: { query: { project: version.project, dataset: version.id, cursor } } })));
  const make = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/exports/", { body: { dataset: version.id, format, hidden: hidden && version.kind === "detector", with_videos: false } })),
    onSuccess: () => client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === "exports" || queryKey[0] === "jobs" }),
  });
  return (
    <section className="card stack">
      <div className="row end">
        <div className="grow">
          <SelectField label={t("format")} value={format} disabled={!may} onChange={(event) => setFormat(event.target.value as Format)}>
            {formats[version.kind].map(([value, name]) => <option key={value} value={value}>{name}</option>)}
          </SelectField>
        </div>
        <button type="button" className="button" disabled={!may || make.isPending} onClick={() => make.mutate()}>{t("export")}</button>
      </div>
      {version.kind === "detector" && <label className="check"><input type="checkbox" checked={hidden} disabled={!may} onChange={(event) => setHidden(event.target.checked)} />{t("blur")}</label>}
      {make.error && <Notice kind="bad">{sentenceOf(make.error)}</Notice>}
      {exports.data?.slice(0, SHOWN).map((one) => <OneExport key={one.id} row={one} />)}
      <Link to={`/p/${version.project}/exports`}>{t("all_exports")}</Link>
    </section>
  );
}

function OneExport({ row }: { row: Export }) {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const job = useJob(row.file ? null : row.job).data;
  if (job && (isActive(job) || job.state === "failed")) return <JobProgress job={job} name={t("exporting")} />;
  return (
    <p className="spread">
      <span className="ellipsis">{formatName(row.format)} <span className="t3">{formatDateTime(row.created_at)}</span></span>
      {row.file && <a href={row.file} download>{s("download")}</a>}
    </p>
  );
}
