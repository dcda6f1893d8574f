/** How far a job is, without React. */

export interface Progress { done: number; total: number | null; started_at: string | null }

/** Share done 0..1, or null when the total is not known. */
export function shareOf({ done, total }: Progress): number | null {
  if (total === null || total <= 0) return null;
  return Math.min(1, Math.max(0, done / total));
}

/** Seconds left at the pace so far; null before 2 % or 3 s, when a guess would jump about. */
export function secondsLeft(progress: Progress, now: number): number | null {
  const share = shareOf(progress);
  if (share === null || !progress.started_at || share >= 1) return null;
  const spent = (now - Date.parse(progress.started_at)) / 1000;
  if (share < 0.02 || spent < 3) return null;
  return (spent / share) * (1 - share);
}

/** Seconds that a job may wait before the page looks for its worker. */
const PATIENCE = 8;

export function waitsTooLong(job: { state: string; created_at: string }, now: number): boolean {
  return job.state === "queued" && now - Date.parse(job.created_at) > PATIENCE * 1000;
}
