import { useCallback, useEffect, useRef, useState } from "react";

import type { Saving } from "../saving/useSaving";
import { type Action, type Editor, type EditorBox, type Proposed, EMPTY, changes, edit } from "./editor";
import { type LoadedFrame, entryOf, rejectEntry, toBox } from "./wire";
import type { components } from "../api/schema";

export interface EditorHandle {
  readonly editor: Editor;
  readonly act: (action: Action) => void;
  readonly now: () => Editor;
  /** The next read of the frame replaces what is on screen. */
  readonly forget: () => void;
}

interface Options {
  readonly saving: Saving;
  readonly frame: LoadedFrame | undefined;
  readonly proposed: readonly Proposed[] | null;
  readonly labels: readonly string[];
  /** Boxes as they were left here, and when: newer than what was read from the server before. */
  readonly left: Map<number, { readonly boxes: readonly EditorBox[]; readonly at: number }>;
  readonly titleOf: (label: string, frame: number) => string;
  readonly rejectTitleOf: (label: string, frame: number) => string;
}

/** The editor of the frame on screen. Whatever changes boxes is saved as their difference. */
export function useEditor({ saving, frame, proposed, labels, left, titleOf, rejectTitleOf }: Options): EditorHandle {
  const [editor, setEditor] = useState<Editor>(EMPTY);
  const current = useRef<Editor>(EMPTY);
  const loaded = useRef<LoadedFrame | null>(null);
  const rejected = useRef(new Set<number>());
  const put = useCallback((next: Editor) => {
    current.current = next;
    setEditor(next);
  }, []);

  const act = useCallback((action: Action) => {
    const before = current.current;
    const after = edit(before, action);
    if (after === before) return;
    put(after);
    const at = loaded.current;
    if (at !== null && action.do === "reject") {
      for (const one of before.proposed.filter((one) => !after.proposed.includes(one))) {
        rejected.current.add(one.id);
        void saving.queue.add(rejectEntry(at.id, one.id, rejectTitleOf(one.label, at.id)));
      }
    }
    if (at === null || after.boxes === before.boxes || action.do === "load" || action.do === "text") return;
    left.set(at.id, { boxes: after.boxes, at: Date.now() });
    save(saving, at, before.boxes, after.boxes, titleOf);
  }, [put, saving, left, titleOf, rejectTitleOf]);

  const dragging = editor.drag !== null;
  useEffect(() => {
    if (!frame || frame === loaded.current) return;
    const waits = saving.queue.snapshot().waiting.some((entry) => entry.body.frame === frame.id);
    const mine = left.get(frame.id);
    const kept = mine && (waits || mine.at > frame.asked) ? mine.boxes : undefined;
    // Only what the person has in hand is kept when the same frame is read again.
    if (loaded.current?.id === frame.id && (waits || dragging || current.current.past.length > 0)) return;
    loaded.current = frame;
    act({ do: "load", frame, boxes: kept ?? frame.boxes, labels });
  }, [frame, labels, saving, left, act, dragging]);

  useEffect(() => {
    if (frame && frame.id === loaded.current?.id) act({ do: "propose", boxes: (proposed ?? []).filter((one) => !rejected.current.has(one.id)) });
  }, [frame, proposed, act, dragging]);

  useEffect(() => saving.queue.onSaved((entry, answer) => {
    const [what, on, key] = entry.subject.split(":");
    if (what !== "box" || Number(on) !== loaded.current?.id || key === undefined || answer === null) return;
    act({ do: "text", key, text: toBox(answer as components["schemas"]["Box"]).text });
  }), [saving, act]);

  const forget = useCallback(() => {
    if (loaded.current) left.delete(loaded.current.id);
    loaded.current = null;
  }, [left]);
  return { editor, act, now: useCallback(() => current.current, []), forget };
}

function save(saving: Saving, frame: LoadedFrame, before: readonly EditorBox[], after: readonly EditorBox[], titleOf: Options["titleOf"]): void {
  for (const change of changes(before, after)) {
    const label = change.kind === "delete" ? (before.find((box) => box.key === change.key)?.label ?? "") : change.box.label;
    const entry = entryOf(change, frame, titleOf(label, frame.id));
    if (change.kind === "change" && saving.queue.amend(entry.kind, entry.subject, entry.body)) continue;
    void saving.queue.add(entry);
  }
}
