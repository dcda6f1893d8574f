import { Link, useNavigate } from "react-router";
import { api, unwrap } from "../api/client";
import { isActive, useJobs, useProjectId } from "../api/queries";
import { JobProgress } from "../jobs/JobProgress";
import { formatDateTime, formatNumber } from "../shared/format";
import { More, useList } from "../shared/Pages";
import { Empty, Notice, Shown } from "../shared/States";
import { useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { Page } from "../shell/Page";
import { countsOf } from "./counts";
import { texts } from "./texts";

export default function DatasetsPage() {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const go = useNavigate();
  const project = useProjectId();
  const versions = useList(["datasets", project], (cursor) => unwrap(api.GET("/api/v1/datasets/", { params: { query: { project, cursor } } })));
  const jobs = (useJobs().data?.results ?? []).filter((job) => /freeze/.test(job.task));
  const failed = jobs[0]?.state === "failed" ? jobs[0] : undefined;
  const make = <Link className="button primary" to={`/p/${project}/datasets/new`}>{t("new_version")}</Link>;
  return (
    <Page title={s("datasets")} actions={Boolean(versions.data?.length) && <>{(versions.data?.length ?? 0) > 1 && <Link className="button hide-narrow" to={`/p/${project}/datasets/compare`}>{t("compare")}</Link>}{make}</>}>
      {jobs.filter(isActive).map((job) => <section key={job.id} className="card"><JobProgress job={job} name={t("freezing")} /></section>)}
      {failed && <Notice kind="bad">{failed.error}</Notice>}
      <Shown query={versions}>
        {(rows) => rows.length === 0 ? <Empty title={t("none_title")} actions={make}>{t("none_body")}</Empty> : (
          <section className="card scroll-x">
            <table className="table">
              <thead>
                <tr>
                  <th>{t("version_word")}</th><th className="num">{t("items")}</th><th className="num hide-narrow">{t("groups")}</th>
                  <th className="num">{t("train")} / {s("held")}</th><th>{t("leak_check")}</th><th>{t("note")}</th><th className="hide-narrow">{s("by")}</th><th className="hide-narrow">{s("made")}</th>
                </tr>
              </thead>
              <tbody>
                {rows.map((version) => {
                  const counts = countsOf(version.counts);
                  const { train, val, test } = counts.splits;
                  return (
                    <tr key={version.id} data-link onClick={() => void go(`/p/${project}/datasets/${version.id}`)}>
                      <td><Link to={`/p/${project}/datasets/${version.id}`}>{t("version", { kind: s(version.kind), number: version.number })}</Link></td>
                      <td className="num">{formatNumber(counts.items)}</td>
                      <td className="num hide-narrow">{formatNumber(counts.groups)}</td>
                      <td className="num">{formatNumber(train.items)} / {formatNumber(val.items + test.items)}</td>
                      <td>{counts.leaks ? <span className="chip bad">{t("leaks_some", { count: counts.leaks })}</span> : <span className="chip ok">{t("leaks_none")}</span>}</td>
                      <td className="t2">{version.note}</td>
                      <td className="t2 hide-narrow">{version.created_by}</td>
                      <td className="t3 hide-narrow">{formatDateTime(version.created_at)}</td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
            <More list={versions} />
          </section>
        )}
      </Shown>
    </Page>
  );
}
