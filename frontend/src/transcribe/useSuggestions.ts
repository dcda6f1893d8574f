import { useMutation, useQueryClient, type UseMutationResult } from "@tanstack/react-query";

import { api, unwrap } from "../api/client";
import { isLinking, isSuggesting, type Job, useJobs } from "../api/queries";

export interface Suggestions {
  /** The newest that made suggestions in this project. */
  readonly job: Job | undefined;
  /** Changes whenever suggestions have been made, or crops of one vehicle found. */
  readonly news: string;
  /** Has the present recognizer read the crops that it has not read. */
  readonly ask: UseMutationResult<Job, Error, void>;
}

export function useSuggestions(project: number): Suggestions {
  const client = useQueryClient();
  const jobs = useJobs().data?.results;
  const job = jobs?.find(isSuggesting);
  const ask = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/suggestions/", { body: { project } })),
    onSettled: () => client.invalidateQueries({ queryKey: ["jobs"] }),
  });
  const news = [job, jobs?.find(isLinking)].map((one) => (one ? `${one.id} ${one.state} ${one.done}` : "")).join(" ").trim();
  return { job, news, ask };
}
