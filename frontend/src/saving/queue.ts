/** What a person did, on its way to the server: kept in the browser until it has arrived.
 *
 * Entries are stored first and sent after, one at a time and in order. Each carries a client key
 * that the server keeps, so an entry sent twice counts once. Losing the connection keeps
 * everything; a conflict or a refusal is put aside, shown, and holds nothing up.
 */

import type { Ahead } from "./ahead";

export interface Entry {
  /** Given by the store; entries are sent in this order. */
  readonly sequence: number;
  /** Whose work it is: another login in this browser does not send it. */
  readonly owner: string;
  /** Which sender knows how to send it. */
  readonly kind: string;
  readonly clientKey: string;
  /** What it is about, for example "crop:12"; a later entry can depend on an earlier one's answer. */
  readonly subject: string;
  /** For people: what the list of waiting things says. */
  readonly title: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Milliseconds since 1970. */
  readonly made: number;
  readonly state: "waiting" | "conflict" | "refused";
  readonly message: string;
  /** In a conflict: what the server has. */
  readonly current: unknown;
}

export type NewEntry = Pick<Entry, "kind" | "clientKey" | "subject" | "title" | "body">;

/** What the server has said about a subject, for the entries that follow. */
export interface Known {
  readonly id: number;
  readonly revision: number;
}

export type Outcome =
  | { readonly kind: "saved"; readonly known: Known | null; readonly answer: unknown }
  | { readonly kind: "away" }
  | { readonly kind: "conflict"; readonly message: string; readonly current: unknown }
  /** `missing`: what it is about is not there. */
  | { readonly kind: "refused"; readonly message: string; readonly missing?: boolean };

/** `look` finds what the server has said about another subject, told by an earlier entry. */
export type Sender = (entry: Entry, known: Known | null, look: (subject: string) => Promise<Known | null>) => Promise<Outcome>;

export interface Store {
  add(entry: Omit<Entry, "sequence">): Promise<number>;
  put(entry: Entry): Promise<void>;
  remove(sequence: number): Promise<void>;
  /** In order. */
  all(): Promise<readonly Entry[]>;
  known(subject: string): Promise<Known | null>;
  learn(subject: string, known: Known): Promise<void>;
}

export interface Snapshot {
  readonly waiting: readonly Entry[];
  readonly conflicts: readonly Entry[];
  readonly refused: readonly Entry[];
  /** Since when the server has not answered; milliseconds since 1970. */
  readonly awaySince: number | null;
}

export interface Options {
  readonly owner: string;
  readonly store: Store;
  readonly senders: Readonly<Record<string, Sender>>;
  readonly now?: () => number;
  /** Calls back after so many milliseconds. */
  readonly later?: (what: () => void, after: number) => void;
  /** Runs the work while no other tab runs it. */
  readonly alone?: (work: () => Promise<void>) => Promise<void>;
  /** Keeps at once what the store will have in a moment. */
  readonly ahead?: Ahead;
}

const NO_AHEAD: Ahead = { put: () => undefined, remove: () => undefined, left: async () => [], taken: () => undefined };

type Heard = (entry: Entry, answer: unknown) => void;

const EMPTY: Snapshot = { waiting: [], conflicts: [], refused: [], awaySince: null };

/** Seconds between tries while the server is away. */
const PATIENCE = [500, 1000, 2000, 4000, 5000];

export class SaveQueue {
  readonly #options: Required<Options>;
  readonly #listeners = new Set<() => void>();
  readonly #heard = new Set<Heard>();
  #entries: readonly Entry[] = [];
  #snapshot: Snapshot = EMPTY;
  #sending: Entry | null = null;
  #pumping: Promise<void> | null = null;
  #again = false;
  #tries = 0;
  /** Writes to the store happen in the order of the calls. */
  #writing: Promise<unknown> = Promise.resolve();
  #unsaved = -1;
  /** Changed or taken away here, and not yet so in the store. */
  readonly #amended = new Set<number>();
  readonly #dropped = new Set<string>();
  #adopted = false;

  constructor(options: Options) {
    this.#options = {
      now: Date.now,
      later: (what, after) => void setTimeout(what, after),
      alone: (work) => work(),
      ahead: NO_AHEAD,
      ...options,
    };
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly snapshot = (): Snapshot => this.#snapshot;

  /** Called with the server's answer for each entry that arrived. */
  readonly onSaved = (heard: Heard): (() => void) => {
    this.#heard.add(heard);
    return () => this.#heard.delete(heard);
  };

  /** Never waits for the server. The promise says when the entry is safe in this browser. */
  add(made: NewEntry): Promise<void> {
    const entry: Omit<Entry, "sequence"> = {
      ...made,
      owner: this.#options.owner,
      made: this.#options.now(),
      state: "waiting",
      message: "",
      current: null,
    };
    const unsaved = { ...entry, sequence: this.#unsaved-- };
    this.#options.ahead.put(unsaved);
    this.#set([...this.#entries, unsaved]);
    return this.#write(() => this.#store(entry)).then(() => void this.pump());
  }

  async #store(entry: Omit<Entry, "sequence">): Promise<void> {
    const sequence = await this.#options.store.add(entry);
    const now = this.#entries.find((one) => one.clientKey === entry.clientKey);
    if (now === undefined) return;
    const stored = { ...now, sequence };
    this.#set(this.#entries.map((one) => (one === now ? stored : one)));
    if (now.body !== entry.body) await this.#options.store.put(stored);
    this.#isStored(stored);
  }

  /** Not if it was changed since. */
  #isStored(entry: Entry): void {
    const now = this.#entries.find((one) => one.clientKey === entry.clientKey);
    if (now === undefined || now.body === entry.body) this.#options.ahead.remove(entry.clientKey);
  }

  /** Takes an entry back if it has not begun to be sent. */
  withdraw(clientKey: string): boolean {
    const entry = this.#entries.find((one) => one.clientKey === clientKey);
    if (entry === undefined || entry.clientKey === this.#sending?.clientKey) return false;
    this.#drop(entry);
    return true;
  }

  /** Replaces the body of a waiting entry about the same subject, so that ten nudges are one message. */
  amend(kind: string, subject: string, body: Entry["body"]): boolean {
    const last = this.#entries.findLast((one) => one.subject === subject);
    if (last === undefined || last.kind !== kind || last.state !== "waiting") return false;
    if (last.clientKey === this.#sending?.clientKey) return false;
    const amended = { ...last, body: { ...last.body, ...body } };
    this.#options.ahead.put(amended);
    this.#set(this.#entries.map((one) => (one === last ? amended : one)));
    if (amended.sequence < 0) return true;
    this.#amended.add(amended.sequence);
    void this.#write(async () => {
      const newest = (): Entry | undefined => this.#entries.find((one) => one.sequence === amended.sequence);
      const stored = newest();
      if (stored) await this.#options.store.put(stored);
      this.#isStored(stored ?? amended);
      // What was amended meanwhile is stored by a write of its own: until then memory is newer.
      if (newest() === stored) this.#amended.delete(amended.sequence);
    });
    return true;
  }

  /** Lets go of a conflict or refusal that a person has looked at. */
  settle(clientKey: string): void {
    const entry = this.#entries.find((one) => one.clientKey === clientKey && one.state !== "waiting");
    if (entry) this.#drop(entry);
  }

  /** Sends a conflict again, on top of the revision that the server has now. */
  insist(clientKey: string, revision: number, newKey: string): void {
    const entry = this.#entries.find((one) => one.clientKey === clientKey && one.state === "conflict");
    if (!entry) return;
    this.#drop(entry);
    void this.#write(async () => {
      const known = await this.#options.store.known(entry.subject);
      if (known) await this.#options.store.learn(entry.subject, { ...known, revision });
    });
    const base = entry.body.base as Known | null | undefined;
    const body = { ...entry.body, revision, ...(base ? { base: { ...base, revision } } : {}) };
    void this.add({ ...entry, clientKey: newKey, body });
  }

  /** Reads the store and sends what waits there, until it is empty or the server is away. */
  pump(): Promise<void> {
    if (this.#pumping !== null) {
      this.#again = true;
      return this.#pumping;
    }
    this.#pumping = this.#run().finally(() => (this.#pumping = null));
    return this.#pumping;
  }

  async #run(): Promise<void> {
    do {
      this.#again = false;
      await this.#options.alone(() => this.#drain());
    } while (this.#again);
  }

  /** The browser says that it is online again. */
  readonly retry = (): void => {
    this.#tries = 0;
    void this.pump();
  };

  async #drain(): Promise<void> {
    await this.#read();
    for (let entry = this.#first(); entry !== undefined; entry = this.#first()) {
      // Until it is gone: what would change it after the answer, before that is noted, was lost.
      this.#sending = entry;
      try {
        const outcome = await this.#send(entry);
        if (outcome.kind === "away") return this.#wait();
        this.#tries = 0;
        if (this.#snapshot.awaySince !== null) this.#tell({ awaySince: null });
        await this.#finish(entry, outcome);
      } finally {
        this.#sending = null;
      }
    }
  }

  /** What tabs that are gone had not stored yet, the body of an entry or all of it. */
  async #adopt(): Promise<void> {
    if (this.#adopted) return;
    this.#adopted = true;
    const { ahead, store, owner } = this.#options;
    const left = (await ahead.left()).filter((entry) => entry.owner === owner);
    const stored = left.length === 0 ? [] : await store.all();
    for (const entry of left) {
      const known = stored.find((one) => one.clientKey === entry.clientKey);
      const { sequence: _, ...fresh } = entry;
      if (known) await store.put({ ...known, body: entry.body });
      else await store.add(fresh);
      ahead.taken(entry);
    }
  }

  /** What other tabs did is taken over; what this one did since is not undone. */
  #read(): Promise<void> {
    return this.#write(async () => {
      await this.#adopt();
      const stored = await this.#options.store.all();
      const mine = new Map(this.#entries.map((entry) => [entry.sequence, entry]));
      const merged = stored
        .filter((entry) => entry.owner === this.#options.owner && !this.#dropped.has(entry.clientKey))
        .map((entry) => (this.#amended.has(entry.sequence) ? (mine.get(entry.sequence) ?? entry) : entry));
      this.#set([...merged, ...this.#entries.filter((entry) => entry.sequence < 0)]);
    });
  }

  #first(): Entry | undefined {
    return this.#entries.find((entry) => entry.state === "waiting" && entry.sequence > 0);
  }

  async #send(entry: Entry): Promise<Outcome> {
    const sender = this.#options.senders[entry.kind];
    if (sender === undefined) return { kind: "refused", message: `No sender for “${entry.kind}”.` };
    try {
      const look = (subject: string): Promise<Known | null> => this.#options.store.known(subject);
      return await sender(entry, await look(entry.subject), look);
    } catch {
      return { kind: "away" };
    }
  }

  async #finish(entry: Entry, outcome: Exclude<Outcome, { kind: "away" }>): Promise<void> {
    if (outcome.kind === "saved") {
      // Learned before the entry is gone: a tab closed in between sends it again and hears the same.
      if (outcome.known) await this.#options.store.learn(entry.subject, outcome.known);
      this.#drop(entry);
      for (const heard of this.#heard) heard(entry, outcome.answer);
      return;
    }
    const current = outcome.kind === "conflict" ? outcome.current : null;
    const aside: Entry = { ...entry, state: outcome.kind, message: outcome.message, current };
    this.#set(this.#entries.map((one) => (one.sequence === entry.sequence ? aside : one)));
    await this.#write(() => this.#options.store.put(aside));
  }

  #wait(): void {
    const after = PATIENCE[Math.min(this.#tries, PATIENCE.length - 1)] ?? 5000;
    this.#tries += 1;
    if (this.#snapshot.awaySince === null) this.#tell({ awaySince: this.#options.now() });
    this.#options.later(() => void this.pump(), after);
  }

  #drop(entry: Entry): void {
    this.#set(this.#entries.filter((one) => one.clientKey !== entry.clientKey));
    this.#dropped.add(entry.clientKey);
    this.#options.ahead.remove(entry.clientKey);
    void this.#write(async () => {
      const stored = await this.#options.store.all();
      await Promise.all(
        stored.filter((one) => one.clientKey === entry.clientKey).map((one) => this.#options.store.remove(one.sequence)),
      );
      this.#dropped.delete(entry.clientKey);
    });
  }

  #write<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#writing.then(work);
    this.#writing = done.catch(() => undefined);
    return done;
  }

  #set(entries: readonly Entry[]): void {
    this.#entries = entries;
    this.#tell({
      waiting: entries.filter((entry) => entry.state === "waiting"),
      conflicts: entries.filter((entry) => entry.state === "conflict"),
      refused: entries.filter((entry) => entry.state === "refused"),
    });
  }

  #tell(news: Partial<Snapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...news };
    for (const listener of this.#listeners) listener();
  }
}

/** For tests, and for browsers that keep nothing. */
export class MemoryStore implements Store {
  #entries: Entry[] = [];
  readonly #facts = new Map<string, Known>();
  #next = 1;

  async add(entry: Omit<Entry, "sequence">): Promise<number> {
    const sequence = this.#next++;
    this.#entries.push({ ...entry, sequence });
    return sequence;
  }

  async put(entry: Entry): Promise<void> {
    this.#entries = this.#entries.map((one) => (one.sequence === entry.sequence ? entry : one));
  }

  async remove(sequence: number): Promise<void> {
    this.#entries = this.#entries.filter((one) => one.sequence !== sequence);
  }

  async all(): Promise<readonly Entry[]> {
    return [...this.#entries];
  }

  async known(subject: string): Promise<Known | null> {
    return this.#facts.get(subject) ?? null;
  }

  async learn(subject: string, known: Known): Promise<void> {
    this.#facts.set(subject, known);
  }
}
