/** What the pages ask the server, by name. Keys begin with what they are about. */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useParams } from "react-router";
import { API, sessionFetch, toApiError } from "./client";
import type { Id, Job, Project, Session } from "./types";

export type { Id, Job, Project, Session };

export type Counts = Record<string, number | undefined>;
export interface Listed<T> { results: T[]; next: string | null; previous?: string | null }

type Params = Record<string, string | number | boolean | null | undefined>;

/** One request to the API; `body` goes as JSON. */
export async function ask<T>(method: string, path: string, { query, body }: { query?: Params; body?: unknown } = {}): Promise<T> {
  const url = new URL(path.startsWith("/") || path.startsWith("http") ? path : API + path, location.origin);
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== "") url.searchParams.set(name, String(value));
  }
  const headers: Record<string, string> = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const response = await sessionFetch(new Request(url, {
    method, headers, credentials: "same-origin", body: body === undefined ? undefined : JSON.stringify(body),
  }));
  const answer = response.status === 204 ? null : ((await response.json().catch(() => null)) as unknown);
  if (!response.ok) throw toApiError(response.status, answer);
  return answer as T;
}

export const useSession = () => useQuery({ queryKey: ["session"], queryFn: () => ask<Session>("GET", "session/"), staleTime: 60_000 });
export const logIn = (username: string, password: string) => ask<Session>("POST", "session/", { body: { username, password } });
export const logOut = () => ask<null>("DELETE", "session/");

/** The project in the address: /p/:project/... */
export function useProjectId(): Id {
  return Number(useParams().project);
}

export function useProject() {
  const id = useProjectId();
  return useQuery({ queryKey: ["project", id], queryFn: () => ask<Project>("GET", `projects/${id}/`), staleTime: 60_000 });
}

export function useCounts() {
  const id = useProjectId();
  return useQuery({ queryKey: ["stats", id], queryFn: () => ask<Counts>("GET", "stats/", { query: { project: id } }) });
}

export const ACTIVE_STATES: readonly Job["state"][] = ["queued", "running", "cancelling"];
export const isActive = (job: Pick<Job, "state">): boolean => ACTIVE_STATES.includes(job.state);

/** The project's newest jobs. When one has ended, everything else the page shows is asked again. */
export function useJobs() {
  const id = useProjectId();
  const client = useQueryClient();
  const query = useQuery({
    queryKey: ["jobs", id],
    queryFn: () => ask<Listed<Job>>("GET", "jobs/", { query: { project: id } }),
    placeholderData: keepPreviousData,
    // The socket brings news at once; this is for the time without it.
    refetchInterval: (state) => (state.state.data?.results.some(isActive) ? 5_000 : 30_000),
  });
  const running = useRef(new Set<Id>());
  const jobs = query.data?.results;
  useEffect(() => {
    if (!jobs) return;
    const now = new Set(jobs.filter(isActive).map((job) => job.id));
    const ended = [...running.current].some((job) => !now.has(job));
    running.current = now;
    if (ended) void client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== "jobs" && queryKey[0] !== "session" });
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
    queryFn: () => ask<Job>("GET", `jobs/${id}/`),
    refetchInterval: (query) => (query.state.data && isActive(query.state.data) ? 5_000 : false),
  });
}

/** Whether any worker is alive; asked only while jobs wait. */
export function useWorkersAlive(waiting: boolean): boolean {
  const query = useQuery({
    queryKey: ["workers"],
    enabled: waiting,
    queryFn: () => ask<{ alive: boolean }>("GET", "jobs/workers/"),
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
    mutationFn: (job: Id) => ask<Job>("POST", `jobs/${job}/cancel/`),
    onSettled: () => client.invalidateQueries({ queryKey: ["jobs"] }),
  });
}
