import { useQuery } from "@tanstack/react-query";

import { useJobs } from "../api/queries";
import type { Proposed } from "./editor";
import { type LoadedFrame, askForBoxes, loadFrame } from "./wire";

const LOOK_AGAIN = 1_000;
/** The detector may have to be loaded first; after so many looks no worker is there. */
const LOOKS = 60;

export interface Proposals {
  readonly boxes: readonly Proposed[] | null;
  readonly state: "none" | "looking" | "failed" | "unanswered";
  /** Why the detector failed, for people. */
  readonly error: string;
}

/** What a detector proposes on the frame. It is asked to look where nobody has drawn anything. */
export function useProposals(frame: LoadedFrame | undefined): Proposals {
  const id = frame?.id ?? 0;
  const bare = frame !== undefined && frame.status === "open" && frame.boxes.length === 0;
  const lacks = bare && frame.suggestions === null;
  const once = { staleTime: Infinity, retry: false, refetchOnWindowFocus: false, refetchOnReconnect: false } as const;
  const asked = useQuery({ ...once, queryKey: ["ask-for-boxes", id], queryFn: () => askForBoxes(id), enabled: bare });
  const job = useJobs().data?.results.find(({ task }) => task === "suggest_boxes");
  const broken = job?.state === "failed";
  const found = useQuery({
    ...once,
    queryKey: ["proposals", id],
    queryFn: async ({ client, queryKey }) => ({
      boxes: (await loadFrame(id, "")).suggestions,
      looks: (client.getQueryState(queryKey)?.dataUpdateCount ?? 0) + 1,
    }),
    enabled: lacks && asked.isSuccess,
    refetchInterval: ({ state: { data } }) => asked.data && !broken && data?.boxes === null && data.looks < LOOKS ? LOOK_AGAIN : false,
  });
  const boxes = frame?.suggestions ?? found.data?.boxes ?? null;
  if (!lacks || boxes !== null) return { boxes, state: "none", error: "" };
  if (broken) return { boxes, state: "failed", error: job.error };
  if (!asked.data) return { boxes, state: "none", error: "" };
  return { boxes, state: (found.data?.looks ?? 0) < LOOKS ? "looking" : "unanswered", error: "" };
}
