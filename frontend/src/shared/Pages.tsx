import { type QueryKey, useInfiniteQuery } from "@tanstack/react-query";
import { ask, type Listed } from "../api/queries";
import { useTexts } from "./text";
import { texts } from "./texts";

type Query = Record<string, string | number | boolean | null | undefined>;

/** A list that the server pages by key; `rows` are those fetched so far. */
export function useList<T>(key: QueryKey, path: string, query: Query, enabled = true) {
  const list = useInfiniteQuery({
    queryKey: key,
    enabled,
    initialPageParam: "",
    queryFn: ({ pageParam }) => (pageParam ? ask<Listed<T>>("GET", pageParam) : ask<Listed<T>>("GET", path, { query })),
    getNextPageParam: (page) => samePlace(page.next),
  });
  return { ...list, data: list.data?.pages.flatMap((page) => page.results) };
}

/** The server may name itself differently behind a proxy: keep only path and query. */
export function samePlace(next: string | null): string | undefined {
  if (!next) return undefined;
  const url = new URL(next, "http://server");
  return url.pathname + url.search;
}

export function More({ list }: { list: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown } }) {
  const t = useTexts(texts);
  if (!list.hasNextPage) return null;
  return (
    <div><button type="button" className="button" disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>{t("more")}</button></div>
  );
}
