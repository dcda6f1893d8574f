/** The one next thing, from what is there and what is left. */
import type { Counts } from "../api/queries";

type Next = "video" | "frames" | "boxes" | "transcribe" | "review" | "freeze" | "train" | "read";

export interface NextStep { next: Next; count: number; to: string }

const places: Record<Next, string> = {
  video: "videos", frames: "videos", boxes: "frames", transcribe: "transcribe", review: "review",
  freeze: "datasets/new", train: "training/new", read: "review",
};

/** What a person should do now: the earliest step of the line that waits, work begun before work ahead. */
export function nextStep(counts: Counts): NextStep {
  const of = (name: string) => counts[name] ?? 0;
  const step = (next: Next, count = 0): NextStep => ({ next, count, to: places[next] });
  if (!of("videos") && !of("frames") && !of("crops")) return step("video");
  if (of("reads_open")) return step("review", of("reads_open"));
  if (of("waiting")) return step("transcribe", of("waiting"));
  if (of("frames_open")) return step("boxes", of("frames_open"));
  if (!of("frames") && !of("crops")) return step("frames");
  if (!of("datasets")) return step("freeze");
  if (counts.models !== undefined && of("models") < 1) return step("train");
  if (counts.models !== undefined && of("videos") > 0) return step("read");
  return step("train");
}
