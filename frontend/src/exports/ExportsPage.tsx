import { api, unwrap } from "../api/client";
import { isActive, useJobs, useProject, useProjectId } from "../api/queries";
import { JobProgress } from "../jobs/JobProgress";
import { More, useList } from "../shared/Pages";
import { Empty, Notice, Shown } from "../shared/States";
import { useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { Page } from "../shell/Page";
import { ExportForm } from "./ExportForm";
import { ExportRows } from "./ExportRows";
import { texts } from "./texts";

const REVIEWER = 3;

/** What left the house: ask for an export, download it, delete it, make it again. */
export default function ExportsPage() {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const id = useProjectId();
  const project = useProject();
  const rows = useList(["exports", id], (cursor) => unwrap(api.GET("/api/v1/exports/", { params: { query: { project: id, cursor } } })));
  const jobs = (useJobs().data?.results ?? []).filter((job) => /export_/.test(job.task) && isActive(job));
  const may = (project.data?.role ?? 0) >= REVIEWER;
  return (
    <Page title={s("exports")}>
      {project.data && (may ? <ExportForm project={project.data} /> : <Notice kind="warn">{t("not_yours")}</Notice>)}
      {jobs.map((job) => <section key={job.id} className="card"><JobProgress job={job} name={t("exporting")} /></section>)}
      <Shown query={rows}>
        {(found) => found.length === 0 ? <Empty title={t("none_title")}>{t("none_body")}</Empty> : (
          <section className="card">
            <ExportRows rows={found} exports={may} />
            <More list={rows} />
          </section>
        )}
      </Shown>
    </Page>
  );
}
