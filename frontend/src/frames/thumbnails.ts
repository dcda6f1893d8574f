/** Small pictures, up to 64 in one answer; what was seen once stays in the browser. */
import { API, sessionFetch } from "../api/client";

export const PACK = 64;
const KEPT = 3000;
const AT_ONCE = 2;
const AGAIN_MS = 4000;

export interface InPack { readonly id: number; readonly name: string; readonly from: number; readonly bytes: number }

/** The table of a pack: a line of JSON, then the pictures one after the other. */
export function readPack(data: Uint8Array): readonly InPack[] {
  const end = data.indexOf(10);
  if (end < 0) return [];
  const told = JSON.parse(new TextDecoder().decode(data.subarray(0, end))) as { id: number; name: string; bytes: number }[];
  let from = end + 1;
  return told.map(({ id, name, bytes }) => {
    const one = { id, name, from, bytes };
    from += bytes;
    return one;
  });
}

/** The packs that bring what is missing among places [from, to): cut at the same places always. */
export function packsOf(from: number, to: number, idAt: (place: number) => number | null, missing: (id: number) => boolean): number[][] {
  const packs: number[][] = [];
  for (let block = Math.floor(from / PACK); block * PACK < to; block += 1) {
    const ids: number[] = [];
    for (let place = block * PACK; place < (block + 1) * PACK; place += 1) {
      const id = idAt(place);
      if (id !== null && missing(id)) ids.push(id);
    }
    if (ids.length > 0) packs.push(ids);
  }
  return packs;
}

/** `url` null: the picture is gone or broken. */
export interface Thumbnail { readonly url: string | null; readonly name: string }

interface Loading { readonly ids: readonly number[]; readonly stop: AbortController }

/** Keeps the newest pictures and asks for what is wanted now; what is wanted no longer is dropped. */
class Thumbnails {
  private readonly known = new Map<number, Thumbnail>();
  private loading: Loading[] = [];
  private waiting: readonly (readonly number[])[] = [];
  private readonly listeners = new Set<() => void>();
  private resting = false;
  private later: ReturnType<typeof setTimeout> | undefined;
  /** Changes whenever pictures have come. */
  version = 0;

  get = (id: number): Thumbnail | undefined => this.known.get(id);

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };

  /** What is on screen: packs in the order they are wanted. */
  want(packs: readonly (readonly number[])[]): void {
    const wanted = new Set(packs.flat());
    for (const one of this.loading) if (!one.ids.some((id) => wanted.has(id))) one.stop.abort();
    const coming = new Set(this.loading.flatMap((one) => one.ids));
    this.waiting = packs.map((pack) => pack.filter((id) => !coming.has(id))).filter((pack) => pack.length > 0);
    this.fill();
  }

  private fill(): void {
    while (!this.resting && this.loading.length < AT_ONCE && this.waiting[0]) {
      const [ids, ...rest] = this.waiting;
      this.waiting = rest;
      void this.load(ids);
    }
  }

  private async load(ids: readonly number[]): Promise<void> {
    const stop = new AbortController();
    const one = { ids, stop };
    this.loading.push(one);
    try {
      const answer = await sessionFetch(new Request(`${API}media/frame-packs/${ids.join(",")}/`, { signal: stop.signal }));
      if (answer.ok) this.keep(ids, new Uint8Array(await answer.arrayBuffer()));
      else if (answer.status === 404) this.keep(ids, new Uint8Array());
      else this.tryLater(ids);
    } catch {
      if (!stop.signal.aborted) this.tryLater(ids);
    } finally {
      this.loading = this.loading.filter((other) => other !== one);
      this.fill();
    }
  }

  private keep(ids: readonly number[], data: Uint8Array): void {
    for (const id of ids) this.put(id, { url: null, name: "" });
    for (const { id, name, from, bytes } of readPack(data)) {
      const picture = new Blob([data.slice(from, from + bytes)], { type: "image/jpeg" });
      this.put(id, { url: bytes > 0 ? URL.createObjectURL(picture) : null, name });
    }
    this.changed();
  }

  private put(id: number, thumbnail: Thumbnail): void {
    this.known.delete(id);
    this.known.set(id, thumbnail);
    for (const [old, { url }] of this.known) {
      if (this.known.size <= KEPT) break;
      this.known.delete(old);
      if (url) URL.revokeObjectURL(url);
    }
  }

  private tryLater(ids: readonly number[]): void {
    this.waiting = [...this.waiting, ids];
    this.resting = true;
    clearTimeout(this.later);
    this.later = setTimeout(() => {
      this.resting = false;
      this.fill();
    }, AGAIN_MS);
  }

  private changed(): void {
    this.version += 1;
    for (const listener of this.listeners) listener();
  }
}

/** One for all pages: what the grid has loaded, the video's page shows at once. */
export const thumbnails = new Thumbnails();
