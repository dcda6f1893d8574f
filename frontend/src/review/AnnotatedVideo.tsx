import { Modal } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, sentenceOf, unwrap } from "../api/client";
import { isActive, useJob, useProject } from "../api/queries";
import { JobProgress } from "../jobs/JobProgress";
import { formatBytes, formatDateTime } from "../shared/format";
import { Failed, Loading, Notice } from "../shared/States";
import { useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { texts } from "./texts";

const REVIEWER = 3;

/** The recording with boxes and texts drawn on it: ask for it, see how far it is, take it away. */
export function AnnotatedVideo({ run }: { run: number }) {
  const t = useTexts(texts);
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" className="button small" title={t("annotated_title")} onClick={() => setOpen(true)}>{t("annotated")}</button>
      {open && <Modal opened onClose={() => setOpen(false)} title={t("annotated_title")} size={560} centered><Made run={run} /></Modal>}
    </>
  );
}

function Made({ run }: { run: number }) {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const client = useQueryClient();
  const path = { path: { id: run } };
  const may = (useProject().data?.role ?? 0) >= REVIEWER;
  const found = useQuery({ queryKey: ["live", "annotated", run], queryFn: () => unwrap(api.GET("/api/v1/inference-runs/{id}/annotated/", { params: path })) });
  const make = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/inference-runs/{id}/annotated/", { params: path })),
    onSettled: () => client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[1] === "annotated" || queryKey[0] === "jobs" }),
  });
  const [last] = found.data ?? [];
  const job = useJob(last?.job).data;
  const busy = make.isPending || (job !== undefined && isActive(job));
  if (found.error) return <Failed error={found.error} retry={() => void found.refetch()} />;
  if (found.isPending) return <Loading />;
  return (
    <div className="stack" data-own-keys>
      <p className="t2">{t("annotated_why")}</p>
      {last?.file && <p className="t2">{t("annotated_made", { at: formatDateTime(last.created_at), bytes: formatBytes(last.bytes ?? 0), until: formatDateTime(last.expires_at) })}</p>}
      {job && isActive(job) && <JobProgress job={job} name={t("annotated_making")} />}
      {last?.state === "failed" && <Notice kind="bad">{last.error}</Notice>}
      {last?.state === "cancelled" && <p className="t2">{t("annotated_cancelled")}</p>}
      {make.error && <Notice kind="bad">{sentenceOf(make.error)}</Notice>}
      {may ? (
        <div className="row">
          {last?.file && <a className="button primary" href={last.file} download>{s("download")}</a>}
          {!busy && <button type="button" className={last?.file ? "button" : "button primary"} onClick={() => make.mutate()}>{t(last ? "annotated_again" : "annotated_make")}</button>}
        </div>
      ) : <p className="t3">{t("annotated_not_yours")}</p>}
    </div>
  );
}
