import { keepPreviousData, type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "../api/client";
import { type FrameIndex, type FrameStatus, Growing, type IndexPage, marked } from "./frame-index";

const key = (project: number, video: number | null) => ["frame-index", project, video] as const;
/** The first page is on screen at once; the others are longer. */
const FIRST = 500;

let stamps = 0;

/**
 * Every frame of the project, or of one video. The first time it grows page by page under the
 * reader's eyes; asked again, the old one stays until the new one is whole.
 */
export function useFrameIndex(project: number, video: number | null, enabled = true) {
  const client = useQueryClient();
  return useQuery<FrameIndex>({
    queryKey: key(project, video),
    enabled,
    structuralSharing: false,
    staleTime: 10_000,
    refetchOnWindowFocus: false,
    queryFn: ({ signal }) => load(client, project, video, signal),
  });
}

async function load(client: QueryClient, project: number, video: number | null, signal: AbortSignal): Promise<FrameIndex> {
  const growing = new Growing((stamps += 1));
  let after: string | null = null;
  do {
    const query: { project: number; limit?: number; after?: string; video?: number } = { project };
    if (video !== null) query.video = video;
    if (after === null) query.limit = FIRST;
    else query.after = after;
    const page: IndexPage = await unwrap(api.GET("/api/v1/frames/index/", { params: { query }, signal }));
    growing.add(page);
    after = page.next;
    const before = client.getQueryData<FrameIndex>(key(project, video));
    if (after !== null && !before?.whole) client.setQueryData(key(project, video), growing.snapshot(false));
  } while (after !== null);
  return growing.snapshot(true);
}

/** What the server counts by itself: there before the index is whole. */
export function useFrameCounts(project: number, video: number | null) {
  return useQuery({
    queryKey: ["frame-counts", project, video],
    queryFn: () => unwrap(api.GET("/api/v1/frames/counts/", { params: { query: { project, ...(video === null ? {} : { video }) } } })),
    staleTime: 10_000,
  });
}

/** The frames with a plate of this text; null while nothing is looked for. */
export function useReading(project: number, text: string) {
  return useQuery({
    queryKey: ["frames-reading", project, text],
    enabled: text !== "",
    placeholderData: keepPreviousData,
    queryFn: async () => new Set((await unwrap(api.GET("/api/v1/frames/reading/", { params: { query: { project, text } } }))).frames),
  });
}

/** Puts a status into every index that is loaded. */
export function rememberStatus(client: QueryClient, project: number, ids: readonly number[], status: FrameStatus): void {
  client.setQueriesData<FrameIndex>({ queryKey: ["frame-index", project] }, (index) => index && marked(index, ids, status));
}
