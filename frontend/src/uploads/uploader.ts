/**
 * The files this browser is sending: a queue, two at a time. It outlives the page that started
 * it, so that people can work on while recordings are on their way. The protocol itself is
 * behind `Open`, so that the queue can be tested without a network.
 */
import { fingerprintOf } from "./fingerprint";
import { type Mark, marked } from "./pace";

export type Purpose = "video" | "import" | "archive";

/** `away`: the server does not answer; `login`: it waits for somebody to log in. */
export type State = "waiting" | "sending" | "paused" | "away" | "login" | "done" | "failed";

export interface Sending {
  key: number;
  /** None for the archive of a project. */
  project: number | null;
  purpose: Purpose;
  name: string;
  size: number;
  sent: number;
  state: State;
  marks: Mark[];
  /** The row on the server, once it is known. */
  id: number | null;
  error: string;
}

/** An upload that the server has begun to take in. */
export interface Begun { id: number; name: string; size: number; fingerprint: string; offset: number; state: string; being_sent: boolean }

export interface Failure { kind: "refused" | "away" | "login"; message: string }

export interface Events { placed(id: number): void; progress(sent: number): void; done(): void; failed(failure: Failure): void }

export interface Parcel { file: File; project: number | null; purpose: Purpose; fingerprint: string; id: number | null }

/** Starts sending; the answer stops it, keeping what has come. No event comes before it returns. */
export type Open = (parcel: Parcel, events: Events) => () => void;

interface Tools { open: Open; afterLogin: () => Promise<void>; giveUp: (id: number) => Promise<void>; now: () => number; later: (run: () => void, milliseconds: number) => void }

const AT_ONCE = 2;
const AGAIN = 4_000;
const MOVING: readonly State[] = ["waiting", "sending", "away", "login"];

export const isMoving = (one: Pick<Sending, "state">): boolean => MOVING.includes(one.state);

interface Work extends Parcel { stop: (() => void) | null }

export class Uploader {
  private items: readonly Sending[] = [];
  private readonly works = new Map<number, Work>();
  private readonly listeners = new Set<() => void>();
  private next = 1;

  constructor(private readonly tools: Tools) {}

  readonly list = (): readonly Sending[] => this.items;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Queues files. One that was begun earlier goes on where it ended. */
  async add(files: Iterable<File>, project: number | null, purpose: Purpose, begun: readonly Begun[] = []): Promise<number[]> {
    const known = begun.filter((one) => one.state === "sending" && !one.being_sent);
    const keys: number[] = [];
    for (const file of files) {
      const fingerprint = await fingerprintOf(file);
      if (this.items.some((one) => isMoving(one) && this.works.get(one.key)?.fingerprint === fingerprint && one.name === file.name && one.project === project)) continue;
      const taken = new Set(this.items.map((one) => one.id));
      const same = known.find((one) => one.fingerprint === fingerprint && one.name === file.name && !taken.has(one.id));
      const key = this.next++;
      this.works.set(key, { file, project, purpose, fingerprint, id: same?.id ?? null, stop: null });
      const item: Sending = { key, project, purpose, name: file.name, size: file.size, sent: same?.offset ?? 0, state: "waiting", marks: [], id: same?.id ?? null, error: "" };
      this.items = [...this.items, item];
      keys.push(key);
    }
    this.fill();
    return keys;
  }

  readonly pause = (key: number): void => {
    this.halt(key);
    this.change(key, { state: "paused", marks: [] });
    this.fill();
  };

  readonly resume = (key: number): void => {
    this.change(key, { state: "waiting", error: "" });
    this.fill();
  };

  /** Stops it and takes away what the server has of it. */
  readonly cancel = (key: number): void => {
    this.halt(key);
    const id = this.works.get(key)?.id;
    this.forget(key);
    if (id !== null && id !== undefined) void this.tools.giveUp(id);
    this.fill();
  };

  readonly forget = (key: number): void => {
    this.works.delete(key);
    this.items = this.items.filter((one) => one.key !== key);
    this.tell();
  };

  /** Tries at once what waits for the server, as when the network is back. */
  readonly tryNow = (): void => {
    for (const one of this.items) if (one.state === "away") this.resume(one.key);
  };

  private halt(key: number): void {
    const work = this.works.get(key);
    work?.stop?.();
    if (work) work.stop = null;
  }

  private fill(): void {
    const busy = () => this.items.filter((one) => one.state === "sending" || one.state === "login").length;
    for (const one of this.items) {
      if (busy() >= AT_ONCE) break;
      if (one.state === "waiting") this.start(one.key);
    }
    this.tell();
  }

  private start(key: number): void {
    const work = this.works.get(key);
    if (!work) return;
    this.change(key, { state: "sending", marks: [] });
    work.stop = this.tools.open(work, {
      placed: (id) => {
        work.id = id;
        this.change(key, { id });
      },
      progress: (sent) => {
        const item = this.items.find((one) => one.key === key);
        if (item) this.change(key, { sent, marks: marked(item.marks, { at: this.tools.now(), bytes: sent }) });
      },
      done: () => {
        work.stop = null;
        this.change(key, { state: "done", sent: work.file.size });
        this.fill();
      },
      failed: (failure) => {
        work.stop = null;
        this.fail(key, failure);
      },
    });
  }

  private fail(key: number, { kind, message }: Failure): void {
    const waits: Record<Failure["kind"], State> = { refused: "failed", away: "away", login: "login" };
    this.change(key, { state: waits[kind], error: message, marks: [] });
    if (kind === "away") this.tools.later(() => this.again(key, "away"), AGAIN);
    if (kind === "login") void this.tools.afterLogin().then(() => this.again(key, "login"));
    this.fill();
  }

  private again(key: number, from: State): void {
    if (this.items.find((one) => one.key === key)?.state === from) this.resume(key);
  }

  private change(key: number, to: Partial<Sending>): void {
    this.items = this.items.map((one) => (one.key === key ? { ...one, ...to } : one));
    this.tell();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}
