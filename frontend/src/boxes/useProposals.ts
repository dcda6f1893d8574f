import { useQuery } from "@tanstack/react-query";

import type { Proposed } from "./editor";
import { type LoadedFrame, askForBoxes, loadFrame } from "./wire";

const LOOK_AGAIN = 1_000;
/** The detector may have to be loaded first; after so many looks no worker is there. */
const LOOKS = 60;

/** What a detector proposes on the frame. It is asked to look where nobody has drawn anything. */
export function useProposals(frame: LoadedFrame | undefined): readonly Proposed[] | null {
  const id = frame?.id ?? 0;
  const bare = frame !== undefined && frame.status === "open" && frame.boxes.length === 0;
  const once = { staleTime: Infinity, retry: false, refetchOnWindowFocus: false, refetchOnReconnect: false } as const;
  const asked = useQuery({ ...once, queryKey: ["ask-for-boxes", id], queryFn: () => askForBoxes(id), enabled: bare });
  const found = useQuery({
    ...once,
    queryKey: ["proposals", id],
    queryFn: async () => (await loadFrame(id, "")).suggestions,
    enabled: bare && frame.suggestions === null && asked.isSuccess,
    refetchInterval: ({ state }) => asked.data && state.data === null && state.dataUpdateCount < LOOKS ? LOOK_AGAIN : false,
  });
  return frame?.suggestions ?? found.data ?? null;
}
