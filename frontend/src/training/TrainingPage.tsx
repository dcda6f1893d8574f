import { Link, useNavigate } from "react-router";
import { api, unwrap } from "../api/client";
import { isActive, useProjectId } from "../api/queries";
import { texts as jobTexts } from "../jobs/texts";
import { shareOf } from "../jobs/progress";
import { formatDateTime, formatSpan } from "../shared/format";
import { More, useList } from "../shared/Pages";
import { Empty, Shown } from "../shared/States";
import { useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { Page } from "../shell/Page";
import { Queue, Schedules } from "./Queue";
import { RunState } from "./RunState";
import { texts } from "./texts";
import "./training.css";

export default function TrainingPage() {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const j = useTexts(jobTexts);
  const go = useNavigate();
  const project = useProjectId();
  const runs = useList(["live", "training-runs", project], (cursor) => unwrap(api.GET("/api/v1/training-runs/", { params: { query: { project, cursor } } })));
  const make = <Link className="button primary" to={`/p/${project}/training/new`}>{t("new_run")}</Link>;
  return (
    <Page title={s("training")} actions={Boolean(runs.data?.length) && make}>
      <Queue />
      <Schedules />
      <Shown query={runs}>
        {(rows) => rows.length === 0 ? <Empty title={t("none_title")} actions={make}>{t("none_body")}</Empty> : (
          <section className="card scroll-x">
            <table className="table">
              <thead><tr><th>{t("run_word")}</th><th>{t("dataset")}</th><th>{s("state")}</th><th>{j("progress")}</th><th className="num">{t("took")}</th><th className="hide-narrow">{s("by")}</th><th className="hide-narrow">{s("made")}</th></tr></thead>
              <tbody>
                {rows.map((run) => {
                  const share = run.job && isActive(run.job) ? shareOf(run.job) : null;
                  const ended = run.job?.ended_at && run.job.started_at;
                  return (
                    <tr key={run.id} data-link onClick={() => void go(`/p/${project}/training/${run.id}`)}>
                      <td><Link to={`/p/${project}/training/${run.id}`}>{t("run", { id: run.id })}</Link></td>
                      <td>{run.dataset_name}</td>
                      <td><RunState job={run.job} /></td>
                      <td style={{ minWidth: 120 }}>{share !== null && <div className="bar"><i style={{ width: `${share * 100}%` }} /></div>}</td>
                      <td className="num t2">{ended ? formatSpan((Date.parse(run.job?.ended_at ?? "") - Date.parse(run.job?.started_at ?? "")) / 1000) : "–"}</td>
                      <td className="t2 hide-narrow">{run.created_by}</td>
                      <td className="t3 hide-narrow">{formatDateTime(run.created_at)}</td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
            <More list={runs} />
          </section>
        )}
      </Shown>
    </Page>
  );
}
