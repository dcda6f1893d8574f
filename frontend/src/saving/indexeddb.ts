/** The queue's store in the browser's database: outlives the tab, the browser and the battery. */

import type { Entry, Known, Store } from "./queue";

const NAME = "lpr-saving";
const ENTRIES = "entries";
const KNOWN = "known";

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("The browser's database failed."));
  });
}

/** A request that succeeded is written only with its transaction. */
function committed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error("The browser's database failed."));
  });
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore(ENTRIES, { keyPath: "sequence", autoIncrement: true });
    request.result.createObjectStore(KNOWN);
  };
  return answer(request);
}

/** Raises where the browser keeps no database; the caller takes a MemoryStore then and says so. */
export async function openStore(): Promise<Store> {
  const database = await open();
  const entries = (mode: IDBTransactionMode): IDBObjectStore => database.transaction(ENTRIES, mode).objectStore(ENTRIES);
  const facts = (mode: IDBTransactionMode): IDBObjectStore => database.transaction(KNOWN, mode).objectStore(KNOWN);
  return {
    add: async (entry) => {
      const there = entries("readwrite");
      const sequence = (await answer(there.add(entry))) as number;
      await committed(there.transaction);
      return sequence;
    },
    put: async (entry) => void (await answer(entries("readwrite").put(entry))),
    remove: async (sequence) => void (await answer(entries("readwrite").delete(sequence))),
    all: () => answer(entries("readonly").getAll() as IDBRequest<Entry[]>),
    known: async (subject) => ((await answer(facts("readonly").get(subject))) as Known | undefined) ?? null,
    learn: async (subject, known) => void (await answer(facts("readwrite").put(known, subject))),
  };
}
