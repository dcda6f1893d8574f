import { useQuery } from "@tanstack/react-query";
import { Fragment, useState } from "react";
import { api, unwrap } from "../api/client";
import { isActive, useJobs } from "../api/queries";
import type { Job } from "../api/types";
import { formatDateTime, formatSpan } from "../shared/format";
import { Empty, Shown } from "../shared/States";
import { useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { Page } from "../shell/Page";
import { JobProgress } from "./JobProgress";
import { taskName } from "./tasks";
import { texts } from "./texts";

const chip: Partial<Record<Job["state"], string>> = { succeeded: "chip ok", failed: "chip bad", running: "chip on", cancelling: "chip warn" };

export default function JobsPage() {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const jobs = useJobs();
  return (
    <Page title={s("jobs")}>
      <Shown query={jobs}>
        {({ results }) => results.length === 0 ? <Empty title={t("none_title")}>{t("none_body")}</Empty> : (
          <>
            {results.filter(isActive).map((job) => <section key={job.id} className="card"><JobProgress job={job} name={taskName(job.task)} /></section>)}
            <section className="card scroll-x">
              <table className="table">
                <thead><tr><th>{t("work")}</th><th>{s("state")}</th><th className="hide-narrow">{s("by")}</th><th className="hide-narrow">{s("made")}</th><th className="num hide-narrow">{t("took")}</th><th>{t("log")}</th></tr></thead>
                <tbody>{results.filter((job) => !isActive(job)).map((job) => <Row key={job.id} job={job} />)}</tbody>
              </table>
            </section>
          </>
        )}
      </Shown>
    </Page>
  );
}

function Row({ job }: { job: Job }) {
  const t = useTexts(texts);
  const [open, setOpen] = useState(false);
  const log = useQuery({ queryKey: ["jobs", "log", job.id], enabled: open, queryFn: () => unwrap(api.GET("/api/v1/jobs/{id}/log/", { params: { path: { id: job.id } } })) });
  const took = job.started_at && job.ended_at ? formatSpan((Date.parse(job.ended_at) - Date.parse(job.started_at)) / 1000) : "–";
  return (
    <Fragment>
      <tr>
        <td>{taskName(job.task)} <span className="t3">{job.id}</span></td>
        <td><span className={chip[job.state] ?? "chip"}>{t(job.state)}</span> {job.attempt > 1 && <span className="t3 small">{t("attempt", { attempt: job.attempt, max: job.max_attempts })}</span>}</td>
        <td className="t2 hide-narrow">{job.created_by}</td>
        <td className="t2 hide-narrow">{formatDateTime(job.created_at)}</td>
        <td className="num t2 hide-narrow">{took}</td>
        <td><button type="button" className="button small" aria-expanded={open} onClick={() => setOpen(!open)}>{t("log")}</button></td>
      </tr>
      {job.error && <tr><td colSpan={6} className="wrap bad">{job.error}</td></tr>}
      {open && <tr><td colSpan={6} className="wrap"><pre className="mono tiny log">{log.data ? log.data.log || t("log_empty") : ""}</pre></td></tr>}
    </Fragment>
  );
}
