import { type QueryKey, useInfiniteQuery } from "@tanstack/react-query";
import { cursorOf } from "./cursor";
import { useTexts } from "./text";
import { texts } from "./texts";

interface Listed<T> { results: T[]; next?: string | null }

/** A list that the server pages by key; `data` are the rows fetched so far. */
export function useList<T>(key: QueryKey, load: (cursor: string | undefined) => Promise<Listed<T>>) {
  const list = useInfiniteQuery({
    queryKey: key,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => load(pageParam),
    getNextPageParam: (page) => cursorOf(page.next),
  });
  return { ...list, data: list.data?.pages.flatMap((page) => page.results) };
}

export function More({ list }: { list: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown } }) {
  const t = useTexts(texts);
  if (!list.hasNextPage) return null;
  return (
    <div><button type="button" className="button" disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>{t("more")}</button></div>
  );
}
