/** The editor of the frame on screen. Whatever changes its work is saved as the difference.
 *
 * No React: frames come and go by `show`, hand movements by `act`, answers of the server by `heard`.
 */

import type { components } from "../api/schema";
import type { Entry, NewEntry, SaveQueue } from "../saving/queue";
import { translator } from "../shared/text";
import { changes, sameBoxes } from "./changes";
import { type Action, type Editor, type Left, type Proposed, type Work, EMPTY, edit } from "./editor";
import { texts } from "./texts";
import { type LoadedFrame, betweenEntry, entryOf, proposalEntry, toBox } from "./wire";

export class Desk {
  readonly #queue: SaveQueue;
  /** Each frame as it was left here, and when: newer than what was read from the server before. */
  readonly #left = new Map<number, Left & { readonly at: number }>();
  readonly #listeners = new Set<() => void>();
  #editor: Editor = EMPTY;
  #loaded: LoadedFrame | null = null;
  /** The frame on screen; another than the loaded one while it is on its way. */
  #shown: number | null = null;
  #forgotten = false;

  constructor(queue: SaveQueue) {
    this.#queue = queue;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly now = (): Editor => this.#editor;

  /** The next read of the frame replaces what is on screen, and the steps that could be undone. */
  readonly forget = (): void => {
    if (this.#loaded) this.#left.delete(this.#loaded.id);
    this.#forgotten = true;
  };

  readonly act = (action: Action): void => {
    const before = this.#editor;
    const after = edit(before, action);
    if (after === before) return;
    if (!worked(before, after)) return this.#put(after);
    const at = this.#loaded;
    // Keys pressed while the next frame is on its way do not mean the one that was here.
    if (at === null || (at.id !== this.#shown && action.do !== "text")) return;
    this.#put(after);
    const { boxes, settled, between, past, future } = after;
    const own = action.do === "text" ? this.#left.get(at.id)?.at : Date.now();
    if (own !== undefined) this.#left.set(at.id, { boxes, settled, between, past, future, at: own });
    if (action.do === "text") return;
    const accepted = action.do === "accept" || action.do === "accept all";
    for (const entry of entries(at, before, after, accepted)) this.#send(entry);
  };

  /** The frame on screen, as it was read; undefined while it is on its way. */
  show(frame: LoadedFrame | undefined, labels: readonly string[]): void {
    this.#shown = frame?.id ?? null;
    if (!frame || frame === this.#loaded) return;
    const waits = this.#queue.snapshot().waiting.some((entry) => entry.body.frame === frame.id);
    const mine = this.#left.get(frame.id);
    const newer = mine !== undefined && (waits || mine.at > frame.asked);
    const kept = newer || (mine && sameBoxes(mine.boxes, frame.boxes)) ? mine : undefined;
    // Only what the person has in hand is kept when the same frame is read again.
    const { drag, past } = this.#editor;
    if (this.#loaded?.id === frame.id && (waits || drag !== null || (past.length > 0 && !this.#forgotten))) return;
    this.#loaded = frame;
    this.#forgotten = false;
    this.#put(edit(this.#editor, { do: "load", frame, boxes: frame.boxes, labels, ...(kept ? { left: kept } : {}) }));
    // Somebody may have read a plate since.
    if (kept && !newer) for (const { key, text, status } of frame.boxes) this.act({ do: "text", key, text, status });
  }

  propose(frame: number, boxes: readonly Proposed[]): void {
    if (frame === this.#loaded?.id) this.act({ do: "propose", boxes });
  }

  /** A box was saved: with it comes what its plate reads. */
  readonly heard = (entry: Entry, answer: unknown): void => {
    const [what, on, key] = entry.subject.split(":");
    if (what !== "box" || Number(on) !== this.#loaded?.id || key === undefined || answer === null) return;
    // A text typed here is newer than what the server says of the box meanwhile.
    if (this.#queue.snapshot().waiting.some(({ subject }) => subject === `text:${on}:${key}`)) return;
    const { text, status } = toBox(answer as components["schemas"]["Box"]);
    this.act({ do: "text", key, text, status });
  };

  #put(editor: Editor): void {
    this.#editor = editor;
    for (const listener of this.#listeners) listener();
  }

  /** Ten nudges that wait are one message; not where the plate has another car, which may come behind it. */
  #send(entry: NewEntry): void {
    const last = this.#queue.snapshot().waiting.findLast((one) => one.subject === entry.subject);
    const amends = entry.kind === "box.change" && last?.body.car === entry.body.car;
    if (amends && this.#queue.amend(entry.kind, entry.subject, entry.body)) return;
    void this.#queue.add(entry);
  }
}

const worked = (before: Work, after: Work): boolean =>
  before.boxes !== after.boxes || before.settled !== after.settled || before.between !== after.between;

/** `accepted`: the proposals were accepted just now, and their boxes say so. */
function entries(frame: LoadedFrame, before: Editor, after: Editor, accepted: boolean): readonly NewEntry[] {
  const t = translator(texts);
  const labelOf = (key: string): string => before.boxes.find((box) => box.key === key)?.label ?? "";
  const on = String(frame.id);
  const proposal = (kind: "reject" | "offer") => (id: number): NewEntry => {
    const label = before.proposed.find((one) => one.id === id)?.label ?? "";
    return proposalEntry(kind, frame.id, id, t("reject_title", { label, frame: on }));
  };
  const between = t("interpolate_title", { frame: on });
  const less = <T,>(some: readonly T[], others: readonly T[]): readonly T[] => some.filter((one) => !others.includes(one));
  return [
    ...less(before.between, after.between).map((one) => betweenEntry("undo", frame.id, one, between)),
    ...changes(before.boxes, after.boxes).map((change) => {
      const label = change.kind === "delete" ? labelOf(change.key) : change.box.label;
      return entryOf(change, frame, t("box_title", { label, frame: on }));
    }),
    ...less(before.settled, after.settled).map(proposal("offer")),
    ...(accepted ? [] : less(after.settled, before.settled).map(proposal("reject"))),
    ...less(after.between, before.between).map((one) => betweenEntry("draw", frame.id, one, between)),
  ];
}
