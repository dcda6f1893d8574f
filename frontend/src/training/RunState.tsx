import type { Job } from "../api/types";
import { texts } from "../jobs/texts";
import { useTexts } from "../shared/text";

const looks: Partial<Record<Job["state"], string>> = { succeeded: "chip ok", failed: "chip bad", running: "chip on", cancelling: "chip warn" };

/** A run's state as word and colour. */
export function RunState({ job }: { job: Job | null }) {
  const t = useTexts(texts);
  if (!job) return <span className="chip">–</span>;
  return <span className={looks[job.state] ?? "chip"}>{job.state === "running" && <i className="dot" />}{t(job.state)}</span>;
}
