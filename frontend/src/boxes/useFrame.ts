import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";

import { type LoadedFrame, loadFrame } from "./wire";

const key = (id: number, search: string) => ["frame", id, search] as const;

/** The frame on screen, and its neighbours already in the browser: data and picture. */
export function useFrame(id: number | null, search: string) {
  const client = useQueryClient();
  const query = useQuery({
    queryKey: key(id ?? 0, search),
    queryFn: () => loadFrame(id ?? 0, search),
    enabled: id !== null,
    staleTime: 20_000,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  const pictures = useRef(new Map<string, HTMLImageElement>());
  const frame = query.data;
  useEffect(() => {
    if (!frame) return;
    for (const beside of new Set([frame.next, frame.nextOpen, frame.previous])) {
      if (beside === null) continue;
      void client
        .fetchQuery({ queryKey: key(beside, search), queryFn: () => loadFrame(beside, search), staleTime: 20_000 })
        .then((loaded) => preload(pictures.current, loaded), () => undefined);
    }
  }, [client, frame, search]);
  return query;
}

const KEPT = 12;

function preload(pictures: Map<string, HTMLImageElement>, frame: LoadedFrame): void {
  if (pictures.has(frame.picture)) return;
  const picture = new Image();
  picture.src = frame.picture;
  void picture.decode().catch(() => undefined);
  pictures.set(frame.picture, picture);
  const oldest = pictures.keys().next().value;
  if (pictures.size > KEPT && oldest !== undefined) pictures.delete(oldest);
}
