/** What the pages ask the server, by name. Keys begin with what they are about. */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useParams } from "react-router";
import { api, unwrap } from "./client";
import type { Id, Job } from "./types";

export type { Id, Job };

export type Counts = Record<string, number | undefined>;
export const useSession = () => useQuery({ queryKey: ["session"], queryFn: () => unwrap(api.GET("/api/v1/session/")), staleTime: 60_000 });
export const logIn = (username: string, password: string) => unwrap(api.POST("/api/v1/session/", { body: { username, password } }));
export const logOut = () => unwrap(api.DELETE("/api/v1/session/"));

/** The project in the address: /p/:project/... */
export function useProjectId(): Id {
  return Number(useParams().project);
}

export function useProject() {
  const id = useProjectId();
  return useQuery({ queryKey: ["project", id], queryFn: () => unwrap(api.GET("/api/v1/projects/{id}/", { params: { path: { id } } })), staleTime: 60_000 });
}

export function useCounts() {
  const id = useProjectId();
  return useQuery({ queryKey: ["stats", id], queryFn: (): Promise<Counts> => unwrap(api.GET("/api/v1/stats/", { params: { query: { project: id } } })) });
}

const ACTIVE_STATES: readonly Job["state"][] = ["queued", "running", "cancelling"];
export const isActive = (job: Pick<Job, "state">): boolean => ACTIVE_STATES.includes(job.state);

/** Begins by itself whenever there are new crops, and changes nothing but their suggestions. */
export const isSuggesting = (job: Pick<Job, "task">): boolean => job.task === "suggest";

export const isLinking = (job: Pick<Job, "task">): boolean => job.task === "link_crops";

const changesNothingElse = (job: Pick<Job, "task">): boolean => isSuggesting(job) || isLinking(job) || job.task === "suggest_boxes";

/** What no end of a job changes, and what a page keeps up to date by itself. */
const KEPT: ReadonlySet<unknown> = new Set(["jobs", "session", "reviewed-reads"]);

/** The project's newest jobs. When one has ended, everything else the page shows is asked again. */
export function useJobs() {
  const id = useProjectId();
  const client = useQueryClient();
  const query = useQuery({
    queryKey: ["jobs", id],
    queryFn: () => unwrap(api.GET("/api/v1/jobs/", { params: { query: { project: id } } })),
    placeholderData: keepPreviousData,
    // The socket brings news at once; this is for the time without it.
    refetchInterval: (state) => (state.state.data?.results.some(isActive) ? 5_000 : 30_000),
  });
  const over = useRef<ReadonlySet<Id> | null>(null);
  const jobs = query.data?.results;
  useEffect(() => {
    if (!jobs) return;
    // A short job has ended before it was ever seen at work.
    const now = new Set(jobs.filter((job) => !isActive(job) && !changesNothingElse(job)).map((job) => job.id));
    const ended = [...now].some((job) => over.current?.has(job) === false);
    over.current = now;
    if (ended) void client.invalidateQueries({ predicate: ({ queryKey }) => !KEPT.has(queryKey[0]) });
  }, [client, jobs]);
  return query;
}

/** The jobs about one row, newest first: those whose parameters name it. */
export function useJobsOf(parameter: string, id: Id | null | undefined): Job[] {
  const jobs = useJobs().data?.results ?? [];
  return jobs.filter((job) => parametersOf(job)[parameter] === id);
}

export function parametersOf(job: Job): Record<string, unknown> {
  return (job.parameters ?? {}) as Record<string, unknown>;
}

/** One job, asked again while it is active. */
export function useJob(id: Id | null | undefined) {
  return useQuery({
    queryKey: ["jobs", "one", id],
    enabled: typeof id === "number",
    queryFn: () => unwrap(api.GET("/api/v1/jobs/{id}/", { params: { path: { id: Number(id) } } })),
    refetchInterval: (query) => (query.state.data && isActive(query.state.data) ? 5_000 : false),
  });
}

/** Whether any worker is alive; asked only while jobs wait. */
export function useWorkersAlive(waiting: boolean): boolean {
  const query = useQuery({
    queryKey: ["workers"],
    enabled: waiting,
    queryFn: () => unwrap(api.GET("/api/v1/jobs/workers/")),
    refetchInterval: 10_000,
  });
  // A worker that is busy is alive, whatever a probe under load says.
  const busy = useJobs().data?.results.some((job) => job.state === "running") ?? false;
  return busy || (query.data?.alive ?? true);
}

export const useActiveJobs = (): Job[] => useJobs().data?.results.filter(isActive) ?? [];

export function useCancelJob() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (job: Id) => unwrap(api.POST("/api/v1/jobs/{id}/cancel/", { params: { path: { id: job } } })),
    onSettled: () => client.invalidateQueries({ queryKey: ["jobs"] }),
  });
}
