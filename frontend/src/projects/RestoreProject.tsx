import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { Link } from "react-router";
import { useJob } from "../api/queries";
import { Notice } from "../shared/States";
import { useTexts } from "../shared/text";
import { DropZone } from "../uploads/DropZone";
import { UploadList } from "../uploads/UploadList";
import { useUploads } from "../uploads/useUploads";
import { texts } from "./texts";

const ACCEPT = ".zip";

/** Make a project of an archive that was exported here or on another server. */
export function RestoreProject() {
  const t = useTexts(texts);
  const client = useQueryClient();
  const picker = useRef<HTMLInputElement>(null);
  const [jobs, setJobs] = useState<readonly number[]>([]);
  const uploads = useUploads(null, "archive", (upload) => {
    void client.invalidateQueries({ queryKey: ["projects"] });
    if (upload.job !== null) setJobs((before) => [...before, upload.job as number]);
  });
  return (
    <section className="card stack">
      <header className="stack tight"><h2>{t("restore")}</h2><p className="t3 small">{t("restore_hint")}</p></header>
      <DropZone onFiles={uploads.add}>
        <UploadList uploads={uploads} accept={ACCEPT} />
        {jobs.map((job) => <Restored key={job} job={job} />)}
        <div className="row">
          <input ref={picker} type="file" accept={ACCEPT} hidden aria-label={t("archive")}
            onChange={(event) => { uploads.add([...(event.target.files ?? [])]); event.target.value = ""; }} />
          <button type="button" className="button" onClick={() => picker.current?.click()}>{t("choose_archive")}</button>
        </div>
      </DropZone>
    </section>
  );
}

function Restored({ job: id }: { job: number }) {
  const t = useTexts(texts);
  const { project, name } = (useJob(id).data?.result ?? {}) as { project?: number; name?: string };
  if (project === undefined) return null;
  return <Notice kind="ok">{t("restored")} <Link to={`/p/${project}`}>{name}</Link></Notice>;
}
