import { useEffect, useMemo, useSyncExternalStore } from "react";

import type { Saving } from "../saving/useSaving";
import { Desk } from "./desk";
import type { Action, Editor, Proposed } from "./editor";
import type { LoadedFrame } from "./wire";

export interface EditorHandle {
  readonly editor: Editor;
  readonly act: (action: Action) => void;
  readonly now: () => Editor;
  readonly forget: () => void;
}

interface Options {
  readonly saving: Saving;
  readonly frame: LoadedFrame | undefined;
  readonly proposed: readonly Proposed[] | null;
  readonly labels: readonly string[];
}

/** The desk with the frame on screen, and what a detector proposes there. */
export function useEditor({ saving: { queue }, frame, proposed, labels }: Options): EditorHandle {
  const desk = useMemo(() => new Desk(queue), [queue]);
  const editor = useSyncExternalStore(desk.subscribe, desk.now);
  const dragging = editor.drag !== null;
  useEffect(() => desk.show(frame, labels), [desk, frame, labels, dragging]);
  useEffect(() => {
    if (frame) desk.propose(frame.id, proposed ?? []);
  }, [desk, frame, proposed, dragging]);
  useEffect(() => queue.onSaved(desk.heard), [queue, desk]);
  return useMemo(() => ({ editor, act: desk.act, now: desk.now, forget: desk.forget }), [desk, editor]);
}
