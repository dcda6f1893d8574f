import { useEffect, useState, useSyncExternalStore } from "react";

import { openAhead } from "./ahead";
import { openStore } from "./indexeddb";
import { type Sender, type Snapshot, MemoryStore, SaveQueue } from "./queue";

export interface Saving {
  readonly queue: SaveQueue;
  /** False where the browser keeps nothing and a closed page would lose what waits. */
  readonly kept: boolean;
}

/** Every kind of entry there is, so that one page's leftovers are sent by any other. */
const senders: Record<string, Sender> = {};

export function registerSenders(more: Record<string, Sender>): void {
  Object.assign(senders, more);
}

const opened = new Map<string, Promise<Saving>>();

/** One queue for each login and tab; asking again gives the same one. */
function savingOf(owner: string): Promise<Saving> {
  const known = opened.get(owner);
  if (known) return known;
  const made = open(owner);
  opened.set(owner, made);
  return made;
}

async function open(owner: string): Promise<Saving> {
  const [store, kept] = await openStore().then(
    (found) => [found, true] as const,
    () => [new MemoryStore(), false] as const,
  );
  const queue = new SaveQueue({ owner, store, senders, alone: whileAlone, ...(kept ? { ahead: openAhead() } : {}) });
  window.addEventListener("online", queue.retry);
  window.addEventListener("beforeunload", (event) => {
    if (!kept && queue.snapshot().waiting.length > 0) event.preventDefault();
  });
  await queue.pump().catch(() => undefined);
  return { queue, kept };
}

/** Two tabs must not send the same entry at the same moment. */
async function whileAlone(work: () => Promise<void>): Promise<void> {
  if (!("locks" in navigator)) return work();
  await navigator.locks.request("lpr-saving", work);
}

/** The queue of this person; null for the moment until the browser's database is open. */
export function useSaving(owner: string | null): Saving | null {
  const [saving, setSaving] = useState<Saving | null>(null);
  useEffect(() => {
    let over = false;
    setSaving(null);
    if (owner !== null) void savingOf(owner).then((found) => over || setSaving(found));
    return () => {
      over = true;
    };
  }, [owner]);
  return saving;
}

const NONE: Snapshot = { waiting: [], conflicts: [], refused: [], awaySince: null };
const never = (): (() => void) => () => undefined;

export function useSnapshot(saving: Saving | null): Snapshot {
  return useSyncExternalStore(saving?.queue.subscribe ?? never, saving?.queue.snapshot ?? (() => NONE));
}
