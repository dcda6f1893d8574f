/** How a camera's recording goes, without React. */
import { isActive } from "../api/queries";
import type { CameraRun } from "../api/types";

/** What a run is doing, as one word. */
export type State = "off" | "stopping" | "waits" | "again" | "away" | "connecting" | "recording" | "dropping";

type Told = Pick<CameraRun, "stopped_at" | "trouble" | "piece_began"> & { job: Pick<NonNullable<CameraRun["job"]>, "state"> | null };

/** Troubles with which recording goes on: what comes is thrown away, or waits unread. */
const DROPPING: readonly string[] = ["ReadingBehind", "ProjectFull", "ModelNotHere", "StarterMissing"];

export function stateOf(run: Told | undefined): State {
  if (!run) return "off";
  const active = run.job !== null && isActive(run.job);
  if (run.stopped_at !== null) return active ? "stopping" : "off";
  if (run.job?.state === "failed") return "again";
  if (run.job?.state !== "running") return "waits";
  if (DROPPING.includes(run.trouble)) return "dropping";
  if (run.trouble) return "away";
  return run.piece_began ? "recording" : "connecting";
}

export const LOOKS: Readonly<Record<State, string>> = {
  off: "chip", stopping: "chip warn", waits: "chip", again: "chip bad", away: "chip bad", connecting: "chip", recording: "chip on", dropping: "chip warn",
};

/** Of each camera its newest run, which is first in the server's order. */
export function newestRuns(runs: readonly CameraRun[]): ReadonlyMap<number, CameraRun> {
  const found = new Map<number, CameraRun>();
  for (const run of runs) if (!found.has(run.camera)) found.set(run.camera, run);
  return found;
}

/** Whole seconds since a moment; never below 0, as two clocks may differ. */
export const secondsSince = (iso: string, now: number): number => Math.max(0, Math.round((now - Date.parse(iso)) / 1000));
