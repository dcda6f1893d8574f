import { useCallback, useEffect, useRef, useState } from "react";

import type { components } from "../api/schema";
import type { Entry, NewEntry } from "../saving/queue";
import type { Saving } from "../saving/useSaving";
import { type Action, type Editor, type Left, type Proposed, type Work, EMPTY, changes, edit, sameBoxes } from "./editor";
import { type LoadedFrame, betweenEntry, entryOf, proposalEntry, toBox } from "./wire";

export interface EditorHandle {
  readonly editor: Editor;
  readonly act: (action: Action) => void;
  readonly now: () => Editor;
  /** The next read of the frame replaces what is on screen. */
  readonly forget: () => void;
}

/** What the list of waiting and refused things says. */
export interface Titles {
  readonly box: (label: string, frame: number) => string;
  readonly proposal: (label: string, frame: number) => string;
  readonly between: (frame: number) => string;
}

/** Each frame as it was left here, and when: newer than what was read from the server before. */
export type LeftFrames = Map<number, Left & { readonly at: number }>;

interface Options {
  readonly saving: Saving;
  readonly frame: LoadedFrame | undefined;
  readonly proposed: readonly Proposed[] | null;
  readonly labels: readonly string[];
  readonly left: LeftFrames;
  readonly titles: Titles;
}

/** The editor of the frame on screen. Whatever changes its work is saved as the difference. */
export function useEditor({ saving, frame, proposed, labels, left, titles }: Options): EditorHandle {
  const [editor, setEditor] = useState<Editor>(EMPTY);
  const current = useRef<Editor>(EMPTY);
  const loaded = useRef<LoadedFrame | null>(null);
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
    if (at === null || action.do === "load" || !worked(before, after)) return;
    const { boxes, settled, between, past, future } = after;
    const own = action.do === "text" ? left.get(at.id)?.at : Date.now();
    if (own !== undefined) left.set(at.id, { boxes, settled, between, past, future, at: own });
    if (action.do === "text") return;
    const accepted = action.do === "accept" || action.do === "accept all";
    for (const entry of entries(at, before, after, { titles, accepted })) send(saving, entry);
  }, [put, saving, left, titles]);

  const dragging = editor.drag !== null;
  useEffect(() => {
    if (!frame || frame === loaded.current) return;
    const waits = saving.queue.snapshot().waiting.some((entry) => entry.body.frame === frame.id);
    const mine = left.get(frame.id);
    const kept = mine && (waits || mine.at > frame.asked || sameBoxes(mine.boxes, frame.boxes)) ? mine : undefined;
    // Only what the person has in hand is kept when the same frame is read again.
    if (loaded.current?.id === frame.id && (waits || dragging || current.current.past.length > 0)) return;
    loaded.current = frame;
    act({ do: "load", frame, boxes: frame.boxes, labels, ...(kept ? { left: kept } : {}) });
  }, [frame, labels, saving, left, act, dragging]);

  useEffect(() => {
    if (frame && frame.id === loaded.current?.id) act({ do: "propose", boxes: proposed ?? [] });
  }, [frame, proposed, act, dragging]);

  useEffect(() => saving.queue.onSaved((entry, answer) => {
    const [what, on, key] = entry.subject.split(":");
    if (what !== "box" || Number(on) !== loaded.current?.id || key === undefined || answer === null) return;
    if (textWaits(saving, Number(on), key)) return;
    const { text, status } = toBox(answer as components["schemas"]["Box"]);
    act({ do: "text", key, text, status });
  }), [saving, act]);

  const forget = useCallback(() => {
    if (loaded.current) left.delete(loaded.current.id);
    loaded.current = null;
  }, [left]);
  return { editor, act, now: useCallback(() => current.current, []), forget };
}

const worked = (before: Work, after: Work): boolean =>
  before.boxes !== after.boxes || before.settled !== after.settled || before.between !== after.between;

/** A text typed here is newer than what the server says of the box meanwhile. */
const textWaits = (saving: Saving, frame: number, key: string): boolean =>
  saving.queue.snapshot().waiting.some((entry) => entry.subject === `text:${frame}:${key}`);

interface Told {
  readonly titles: Titles;
  /** The proposals were accepted just now: their boxes say so. */
  readonly accepted: boolean;
}

function entries(frame: LoadedFrame, before: Editor, after: Editor, { titles, accepted }: Told): readonly NewEntry[] {
  const labelOf = (key: string): string => before.boxes.find((box) => box.key === key)?.label ?? "";
  const proposal = (kind: "reject" | "offer") => (id: number): NewEntry => {
    const label = before.proposed.find((one) => one.id === id)?.label ?? "";
    return proposalEntry(kind, frame.id, id, titles.proposal(label, frame.id));
  };
  const less = <T,>(some: readonly T[], others: readonly T[]): readonly T[] => some.filter((one) => !others.includes(one));
  return [
    ...less(before.between, after.between).map((one) => betweenEntry("undo", frame.id, one, titles.between(frame.id))),
    ...changes(before.boxes, after.boxes).map((change) =>
      entryOf(change, frame, titles.box(change.kind === "delete" ? labelOf(change.key) : change.box.label, frame.id))),
    ...less(before.settled, after.settled).map(proposal("offer")),
    ...(accepted ? [] : less(after.settled, before.settled).map(proposal("reject"))),
    ...less(after.between, before.between).map((one) => betweenEntry("draw", frame.id, one, titles.between(frame.id))),
  ];
}

/** Ten nudges that wait are one message; not where the plate has another car, which may come behind it. */
function send(saving: Saving, entry: NewEntry): void {
  const last: Entry | undefined = saving.queue.snapshot().waiting.findLast((one) => one.subject === entry.subject);
  const amends = entry.kind === "box.change" && last?.body.car === entry.body.car;
  if (amends && saving.queue.amend(entry.kind, entry.subject, entry.body)) return;
  void saving.queue.add(entry);
}

