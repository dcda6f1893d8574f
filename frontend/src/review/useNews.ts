import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef } from "react";

import { throttled } from "../api/look-again";
import type { Saving } from "../saving/useSaving";
import type { ReviewAction } from "./review";
import { type Run, loadNews } from "./wire";

interface Props {
  readonly saving: Saving;
  readonly run: Run;
  /** The change up to which the list was complete when it was loaded. */
  readonly last: number;
  /** The number of the newest read on the page. */
  readonly newest: () => number;
  readonly decide: (action: ReviewAction) => void;
  /** Loads the whole list again. */
  readonly again: () => unknown;
}

/** Takes in what others decide, when the socket says so, and what one's own decisions changed. */
export function useNews({ saving, run, last, newest, decide, again }: Props): () => void {
  const client = useQueryClient();
  const seen = useRef(last);
  useEffect(() => {
    seen.current = last;
  }, [last]);
  const look = useCallback(async () => {
    const { last: now, news } = await loadNews(run.id, seen.current, newest());
    seen.current = now;
    if (news === null) void again();
    else if (news.stretches.length + news.lines.length > 0) decide({ do: "news", news: { ...news, busy: busyReads(saving) } });
    void client.invalidateQueries({ queryKey: ["inference-run", run.id] });
    if (saving.queue.snapshot().waiting.length === 0) void client.invalidateQueries({ queryKey: ["checked-spans", run.video] });
    return now;
  }, [client, saving, run.id, run.video, newest, decide, again]);
  const key = useMemo(() => ["live", "review", run.id], [run.id]);
  // Keys that begin with "live" are asked again when the socket speaks.
  useQuery({ queryKey: key, queryFn: look, staleTime: Infinity, gcTime: 0, retry: false });
  const soon = useMemo(() => throttled(() => void client.invalidateQueries({ queryKey: key }), 1000), [client, key]);
  useEffect(() => soon.stop, [soon]);
  useEffect(() => saving.queue.onSaved((entry) => {
    if (/^(?:read|passage|span)\./u.test(entry.kind)) soon();
  }), [saving, soon]);
  return soon;
}

/** Reads about which something waits here, or is in conflict. */
export function busyReads(saving: Saving): ReadonlySet<number> {
  const { waiting, conflicts } = saving.queue.snapshot();
  return new Set([...waiting, ...conflicts].flatMap(({ body }) => [body.read, body.other]).filter((id) => typeof id === "number"));
}
