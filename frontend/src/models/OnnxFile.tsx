import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, sentenceOf, unwrap } from "../api/client";
import { isActive, useJobsOf, useProject } from "../api/queries";
import type { TrainedModel } from "../api/types";
import { JobProgress } from "../jobs/JobProgress";
import { Notice } from "../shared/States";
import { useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { texts } from "./texts";

/** The model for other programs: made once by a job, then there to download. */
export function OnnxFile({ model }: { model: TrainedModel }) {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const client = useQueryClient();
  const manages = useProject().data?.role === 4;
  const job = useJobsOf("model", model.id).find((one) => one.task === "export_model");
  const make = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/models/{id}/export/", { params: { path: { id: model.id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["jobs"] }),
  });
  if (model.onnx) return <a href={`/api/v1/media/models/${model.id}/onnx/`} download>{s("download")}</a>;
  if (job && isActive(job)) return <JobProgress job={job} />;
  return (
    <div className="stack tight">
      {model.project !== null && manages
        ? <button type="button" className="button small" disabled={make.isPending} onClick={() => make.mutate()}>{t("onnx_make")}</button>
        : <span className="t3">{t("onnx_none")}</span>}
      {make.error ? <Notice kind="bad">{sentenceOf(make.error)}</Notice> : job?.state === "failed" && <JobProgress job={job} />}
    </div>
  );
}
