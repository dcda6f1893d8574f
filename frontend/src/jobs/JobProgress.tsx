import { useEffect, useState } from "react";
import { isActive, type Job, useCancelJob, useWorkersAlive } from "../api/queries";
import { formatSpan } from "../shared/format";
import { Notice } from "../shared/States";
import { useTexts } from "../shared/text";
import { texts as shared } from "../shared/texts";
import { secondsLeft, shareOf, waitsTooLong } from "./progress";
import { texts } from "./texts";

/** A running job: what, how far, how long still, and the way to stop it. Ended: why, if it failed. */
export function JobProgress({ job, name }: { job: Job; name?: string }) {
  const t = useTexts(texts);
  const s = useTexts(shared);
  const now = useNow(isActive(job));
  const cancel = useCancelJob();
  const alive = useWorkersAlive(job.state === "queued");
  const share = shareOf(job);
  const left = job.state === "running" ? secondsLeft(job, now) : null;
  const count = job.total === null ? "" : t("of", { done: job.done, total: job.total, unit: job.unit });
  if (job.state === "failed") return <Notice kind="bad"><strong>{name}</strong> {job.error}</Notice>;
  if (!isActive(job)) return <p className="t2">{name} {t(job.state)}</p>;
  return (
    <div className="stack tight" role="status">
      <div className="spread">
        <span className="t2 ellipsis">
          {[name, job.state === "running" ? job.message : t(job.state), count].filter(Boolean).join(", ")}
        </span>
        <span className="row">
          {left !== null && <span>{t("time_left", { span: formatSpan(left) })}</span>}
          <button type="button" className="button small" disabled={job.state === "cancelling" || cancel.isPending}
            onClick={() => cancel.mutate(job.id)}>{s("stop")}</button>
        </span>
      </div>
      <div className={share === null ? "bar unknown" : "bar"} role="progressbar" aria-label={name ?? t("progress")}
        aria-valuenow={share === null ? undefined : Math.round(share * 100)}>
        <i style={{ width: `${(share ?? 0) * 100}%` }} />
      </div>
      {!alive && waitsTooLong(job, now) && <NoWorker />}
    </div>
  );
}

export function NoWorker() {
  const t = useTexts(texts);
  return (
    <Notice kind="warn">
      <strong>{t("no_worker")}</strong> {t("no_worker_do")} <code className="mono">python bootstrap.py up</code>.
    </Notice>
  );
}

/** The time, once a second while `running`. */
export function useNow(running: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [running]);
  return now;
}
