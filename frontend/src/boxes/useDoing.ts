import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";

import { sentenceOf } from "../api/client";
import type { FrameFilter } from "../frames/filter";
import type { Strip } from "../frames/strip";
import { rememberStatus } from "../frames/useFrameIndex";
import type { Saving } from "../saving/useSaving";
import { type Translate, translator } from "../shared/text";
import { type EditorBox, selectedBoxes } from "./editor";
import { isPlate, plateToRead } from "./links";
import { texts } from "./texts";
import type { EditorHandle } from "./useEditor";
import { type FrameStatus, type LoadedFrame, firstOpen, markEntry } from "./wire";

/** In the language of the moment. */
const say: Translate<typeof texts> = (key, facts) => translator(texts)(key, facts);

export type Said = { readonly kind: "note" | "warn"; readonly text: string } | null;

interface BoxDoing {
  readonly handle: EditorHandle;
  readonly setSaid: (said: Said) => void;
  readonly setWriting: (box: string) => void;
  readonly setHistoryShown: (change: (shown: boolean) => boolean) => void;
}

/** What is done with the boxes in hand, with a word where nothing can be done. */
export function useBoxDoing({ handle: { act, now }, setSaid, setWriting, setHistoryShown }: BoxDoing) {
  return useMemo(() => {
    const warn = (key: keyof typeof texts): void => setSaid({ kind: "warn", text: say(key) });
    return {
      write: (): void => {
        const { boxes, selected } = now();
        const plate = plateToRead(boxes, selected);
        if (plate === null) return warn("write_none");
        act({ do: "select", key: plate });
        setWriting(plate);
      },
      link: (): void => {
        const before = now();
        act({ do: "link" });
        if (now() !== before) return;
        const [one, ...others] = selectedBoxes(before);
        warn(one && others.length === 0 && isPlate(one) ? "link_no_car" : "link_what");
      },
      interpolate: (): void => (now().boxes.length === 0 ? warn("interpolate_first") : act({ do: "interpolate", key: crypto.randomUUID() })),
      history: (): void => setHistoryShown((shown) => !shown),
    };
  }, [act, now, setSaid, setWriting, setHistoryShown]);
}

/** What came of an interpolation; the frames between are read again. */
export function useSaidOfBetween({ saving, frame, setSaid }: { saving: Saving; frame: number } & Pick<BoxDoing, "setSaid">): void {
  const client = useQueryClient();
  useEffect(() => saving.queue.onSaved((entry, answer) => {
    if (!entry.kind.startsWith("between.")) return;
    void client.invalidateQueries({ queryKey: ["frame"] });
    if (entry.body.frame !== frame) return;
    const { boxes, frames } = answer as { boxes: number; frames: number };
    const drawn = boxes === 0 ? say("between_none") : say("between_drawn", { count: boxes, frames });
    setSaid({ kind: "note", text: entry.kind === "between.draw" ? drawn : say("between_undone") });
  }), [saving, client, frame, setSaid]);
}

interface Doing {
  readonly project: number;
  readonly saving: Saving;
  readonly id: number;
  /** Undefined while it is on its way. */
  readonly frame: LoadedFrame | undefined;
  readonly handle: EditorHandle;
  readonly go: (frame: number) => void;
  readonly setSaid: (said: Said) => void;
  readonly strip: Strip;
  /** What is looked for; null: everything, and the way goes on to what needs somebody. */
  readonly filter: FrameFilter | null;
}

/** What is done with a whole frame. */
export function useDoing({ project, saving, id, frame, handle, go, setSaid, strip, filter }: Doing) {
  const client = useQueryClient();
  const carried = useRef<{ to: number; boxes: readonly EditorBox[] } | null>(null);
  const onScreen = useRef(id);
  onScreen.current = id;

  // Boxes copied to the next frame are put there when it is on screen.
  const { act, now } = handle;
  useEffect(() => setSaid(null), [id, setSaid]);
  useEffect(() => {
    const carry = carried.current;
    if (!frame || carry?.to !== frame.id) return;
    carried.current = null;
    const before = now().boxes.length;
    act({ do: "paste", key: crypto.randomUUID(), boxes: carry.boxes });
    setSaid({ kind: "note", text: say("copied", { count: now().boxes.length - before }) });
  }, [frame, act, now, setSaid]);

  return useMemo(() => {
    const tell = (key: keyof typeof texts, kind: "note" | "warn" = "warn"): void => setSaid({ kind, text: say(key) });
    const mark = (frame: LoadedFrame, status: FrameStatus): void => {
      void saving.queue.add(markEntry(frame.id, status, say("frame_title", { frame: String(frame.id), status: say(status) })));
      rememberStatus(client, project, [frame.id], status);
      client.setQueriesData<LoadedFrame>({ queryKey: ["frame", frame.id] }, (one) => one && { ...one, status });
      const counted = frame.status === "open";
      client.setQueryData<Record<string, number>>(["stats", project], (stats) =>
        stats && counted ? { ...stats, frames_open: Math.max((stats.frames_open ?? 1) - 1, 0) } : stats);
    };
    const onward = async (): Promise<void> => {
      if (!frame) return;
      if (filter !== null) {
        const like = strip.nextWith(filter.status ?? "open", strip.placeOf(id)) ?? (strip.count === 0 ? frame.next : null);
        return like === null ? tell("no_next", "note") : go(like);
      }
      try {
        const open = frame.nextOpen ?? (await firstOpen(project));
        // Somebody may have gone elsewhere meanwhile.
        if (onScreen.current !== id) return;
        if (open !== null && open !== id) go(open);
        else tell("all_done", "note");
      } catch (error) {
        setSaid({ kind: "warn", text: sentenceOf(error) });
      }
    };
    const beside = (step: 1 | -1): number | null => {
      const at = strip.placeOf(id);
      return (at >= 0 ? strip.idAt(at + step) : null) ?? (step === 1 ? frame?.next : frame?.previous) ?? null;
    };
    const step = (by: 1 | -1): void => {
      const to = beside(by);
      if (to !== null) go(to);
      else if (by === 1 && frame) tell("no_next", "note");
    };
    return {
      go: step,
      nextNeeds: (): void => void onward(),
      done: (): void => {
        if (!frame) return;
        if (now().boxes.length === 0 && frame.status !== "nothing_here") return tell("enter_needs");
        if (now().boxes.length > 0) mark(frame, "done");
        void onward();
      },
      nothingHere: (): void => {
        if (!frame) return;
        if (now().boxes.length > 0) return tell("nothing_refused");
        mark(frame, "nothing_here");
        void onward();
      },
      copyToNext: (): void => {
        if (!frame) return;
        const to = beside(1);
        if (to === null) return tell("no_next", "note");
        if (now().boxes.length === 0) return tell("copy_none");
        carried.current = { to, boxes: now().boxes };
        go(to);
      },
    };
  }, [project, saving, id, frame, now, go, setSaid, strip, filter, client]);
}
