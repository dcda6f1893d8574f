import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useRef, useState } from "react";
import { sentenceOf } from "../api/client";
import { useTexts } from "../shared/text";
import { type Deed, type Done, forMany } from "./bulk";
import type { FrameStatus } from "./frame-index";
import { texts } from "./texts";
import { rememberStatus } from "./useFrameIndex";

export type Said =
  | { readonly kind: "busy"; readonly done: number; readonly count: number }
  | { readonly kind: "note" | "bad"; readonly text: string }
  | null;

/** What frames were before, so that it can be undone. */
type Before = ReadonlyMap<FrameStatus, readonly number[]>;

/** Marks and deletes many frames, says how it went, and takes marks back. */
export function useDeeds(project: number) {
  const t = useTexts(texts);
  const client = useQueryClient();
  const [said, setSaid] = useState<Said>(null);
  const undoing = useRef<Before[]>([]);
  const busy = useRef(false);

  const run = useCallback(async (ids: readonly number[], deed: Deed): Promise<Done | null> => {
    if (busy.current || ids.length === 0) return null;
    busy.current = true;
    try {
      const slow = ids.length > 500;
      if (slow) setSaid({ kind: "busy", done: 0, count: ids.length });
      const done = await forMany(project, ids, deed, (count) => slow && setSaid({ kind: "busy", done: count, count: ids.length }));
      if (deed === "delete") {
        for (const name of ["frame-index", "videos"]) await client.invalidateQueries({ queryKey: [name] });
      } else rememberStatus(client, project, done.changed, deed);
      for (const name of ["frame", "frame-counts", "stats"]) void client.invalidateQueries({ queryKey: [name] });
      return done;
    } catch (error) {
      setSaid({ kind: "bad", text: sentenceOf(error) });
      return null;
    } finally {
      busy.current = false;
    }
  }, [client, project]);

  const tell = useCallback((deed: Deed, done: Done) => {
    const parts = [done.changed.length > 0 || done.boxes + done.none + done.texts === 0 ? t(`did_${deed}`, { count: done.changed.length }) : ""];
    if (done.boxes) parts.push(t("left_boxes", { count: done.boxes }));
    if (done.none) parts.push(t("left_none", { count: done.none }));
    if (done.texts) parts.push(t("left_texts", { count: done.texts }));
    setSaid({ kind: "note", text: parts.filter(Boolean).join(" ") });
  }, [t]);

  /** `before`: the status each frame has now, to come back to. */
  const act = useCallback(async (ids: readonly number[], deed: Deed, before: (id: number) => FrameStatus): Promise<void> => {
    const was = new Map(ids.map((id) => [id, before(id)] as const));
    const done = await run(ids, deed);
    if (!done) return;
    tell(deed, done);
    if (deed === "delete" || done.changed.length === 0) return;
    const groups = new Map<FrameStatus, number[]>();
    for (const id of done.changed) {
      const status = was.get(id) ?? "open";
      const same = groups.get(status);
      if (same) same.push(id);
      else groups.set(status, [id]);
    }
    undoing.current = [...undoing.current.slice(-19), groups];
  }, [run, tell]);

  const undo = useCallback(async (): Promise<void> => {
    const last = undoing.current.pop();
    for (const [status, ids] of last ?? []) {
      const done = await run(ids, status);
      if (done) tell(status, done);
    }
  }, [run, tell]);

  return { said, setSaid, act, undo };
}
