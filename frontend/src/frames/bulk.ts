/** The same for many frames, some hundred a request, so that nobody else waits. */
import { api, unwrap } from "../api/client";
import type { FrameStatus } from "./frame-index";

export type Deed = FrameStatus | "delete";
const A_REQUEST = 500;

export interface Done { readonly changed: readonly number[]; readonly boxes: number; readonly none: number; readonly texts: number }

/** Does it, telling how far it is; ends with what was changed and how many were left out, and why. */
export async function forMany(project: number, ids: readonly number[], deed: Deed, progress: (done: number) => void): Promise<Done> {
  const changed: number[] = [];
  let [boxes, none, texts] = [0, 0, 0];
  for (let start = 0; start < ids.length; start += A_REQUEST) {
    const frames = ids.slice(start, start + A_REQUEST);
    const told = await unwrap(api.POST("/api/v1/frames/bulk/", { body: { project, frames, do: deed } }));
    changed.push(...told.changed);
    boxes += told.have_boxes?.length ?? 0;
    none += told.have_none?.length ?? 0;
    texts += told.have_texts?.length ?? 0;
    progress(Math.min(ids.length, start + A_REQUEST));
  }
  return { changed, boxes, none, texts };
}
