import { useMutation, useQueryClient, type UseMutationResult } from "@tanstack/react-query";

import { api, unwrap } from "../api/client";
import { isSuggesting, type Job, useJobs } from "../api/queries";

export interface Suggestions {
  /** The newest that made suggestions in this project. */
  readonly job: Job | undefined;
  /** Changes whenever suggestions have been made. */
  readonly news: string;
  /** Has the present recognizer read the crops that it has not read. */
  readonly ask: UseMutationResult<Job, Error, void>;
}

export function useSuggestions(project: number): Suggestions {
  const client = useQueryClient();
  const job = useJobs().data?.results.find(isSuggesting);
  const ask = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/suggestions/", { body: { project } })),
    onSettled: () => client.invalidateQueries({ queryKey: ["jobs"] }),
  });
  return { job, news: job ? `${job.id} ${job.state} ${job.done}` : "", ask };
}
