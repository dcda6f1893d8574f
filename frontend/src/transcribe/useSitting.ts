import { useCallback, useEffect, useMemo, useRef, useState } from "react";

import type { Saving } from "../saving/useSaving";
import { dropDraft, keepDraft, readDraft } from "./draft";
import type { PlateFormat } from "./formats";
import {
  type Crop, type Order, type Session, type SessionAction, LEASE, begin, currentItem, known, open, step, upcoming,
} from "./session";
import { type Wanted, kindOf } from "./wanted";
import { lease, release, transcriptionEntry, waitingCrops } from "./wire";

export interface Sitting {
  readonly session: Session;
  readonly dispatch: (action: SessionAction) => void;
  /** The first lease has been answered. */
  readonly ready: boolean;
  /** The server had nothing more to give when it was last asked. */
  readonly dry: boolean;
  readonly error: unknown;
  /** Crops that two people read differently. */
  readonly disagreements: number;
  /** Asks again, for the skipped ones too. */
  readonly again: () => void;
}

interface Options {
  readonly project: number;
  /** The same for the whole sitting. */
  readonly wanted: Wanted;
  readonly alphabet: string;
  readonly formats: readonly PlateFormat[];
  readonly saving: Saving;
  readonly unreadable: string;
  /** Changes whenever suggestions have been made. */
  readonly suggested: string;
  /** A plate that was typed to its last character is saved without Enter. */
  readonly saveWhole: boolean;
}

type Fetched = Pick<Sitting, "ready" | "dry" | "error" | "disagreements">;

/** Minutes between renewals: a lease lasts ten. */
const RENEW = 4;
/** So many crops can be named to the server. */
const HELD = 500;
/** Milliseconds: news of suggestions come in bursts. */
const SETTLED = 300;

/** Keeps the session fed with leased crops and passes its orders on. Nothing here waits for a save. */
export function useSitting({ project, wanted, alphabet, formats, saving, unreadable, suggested, saveWhole }: Options): Sitting {
  const [session, setSession] = useState(() => begin(alphabet, formats));
  const now = useRef(session);
  const [fetched, setFetched] = useState<Fetched>({ ready: false, dry: false, error: null, disagreements: 0 });

  const dispatch = useCallback((action: SessionAction) => {
    const [next, orders] = step(now.current, action);
    if (next === now.current) return;
    remember(project, now.current, next);
    now.current = next;
    setSession(next);
    for (const order of orders) carryOut(order, { project, saving, unreadable });
    const typed = action.do === "field" && action.action.do === "type";
    if (typed && saveWhole) dispatch({ do: "whole", now: performance.now(), key: () => crypto.randomUUID() });
  }, [project, saving, unreadable, saveWhole]);

  const asking = useRef(false);
  const ask = useCallback(async (exclude: readonly number[], held: readonly number[] = []) => {
    if (asking.current) return;
    asking.current = true;
    try {
      const waiting = waitingCrops(saving.queue.snapshot().waiting);
      const fetch = held.length > 0 ? { held: held.slice(0, HELD) } : { count: LEASE, exclude: [...new Set([...exclude, ...waiting])].slice(-HELD) };
      const { crops, left, disagreements } = await lease(project, fetch, wanted);
      const seen = new Set(known(now.current));
      const fresh = crops.some((crop) => !seen.has(crop.id));
      dispatch({ do: "crops", crops: draftFirst(project, crops), held: held.slice(0, HELD), left: leftOf(wanted, left - waiting.length, disagreements), now: performance.now() });
      const draft = readDraft(localStorage, project);
      if (draft && !fetchedOnce.current) dispatch({ do: "draft", ...draft });
      fetchedOnce.current = true;
      setFetched((was) => ({ ready: true, dry: held.length > 0 ? was.dry : !fresh, error: null, disagreements }));
    } catch (error) {
      setFetched((was) => ({ ...was, ready: true, error }));
    } finally {
      asking.current = false;
    }
  }, [project, wanted, saving, dispatch]);
  const fetchedOnce = useRef(false);

  useEffect(() => dispatch({ do: "formats", formats, alphabet }), [dispatch, formats, alphabet]);

  const ahead = upcoming(session).length + (currentItem(session) ? 1 : 0);
  const hungry = ahead <= LEASE / 2 && !fetched.dry && fetched.error === null;
  useEffect(() => {
    if (hungry) void ask(known(now.current));
  }, [hungry, ahead, ask, fetched]); // fetched: another lease may have been on its way

  // A failed lease is asked again; what is here already can be typed meanwhile.
  useEffect(() => {
    if (fetched.error === null) return;
    const timer = setTimeout(() => void ask(known(now.current)), 3000);
    return () => clearTimeout(timer);
  }, [fetched, ask]);

  const renew = useCallback((): void => {
    const held = open(now.current).map((crop) => crop.id);
    if (held.length > 0) void ask([], held);
  }, [ask]);
  useEffect(() => {
    const timer = setInterval(renew, RENEW * 60_000);
    // A computer that slept may have let its leases run out.
    const woken = (): void => {
      if (document.visibilityState === "visible") renew();
    };
    document.addEventListener("visibilitychange", woken);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", woken);
    };
  }, [renew]);
  const heard = useRef("");
  useEffect(() => {
    // What was suggested before the page was opened came with the first lease.
    const old = heard.current === "" && open(now.current).every((crop) => crop.suggestion !== null);
    heard.current = suggested;
    if (suggested === "" || old) return;
    const timer = setTimeout(renew, SETTLED);
    return () => clearTimeout(timer);
  }, [renew, suggested]);

  useEffect(() => () => release(project, open(now.current).map((crop) => crop.id)), [project]);

  usePreloaded(useMemo(() => upcoming(session), [session]));

  const again = useCallback(() => {
    const saved = now.current.items.filter((item) => !item.skipped).map((item) => item.crop.id);
    dispatch({ do: "forget skipped" });
    setFetched((was) => ({ ...was, ready: true, dry: false, error: null }));
    void ask(saved);
  }, [ask, dispatch]);

  return { session, dispatch, ...fetched, again };
}

/** How many are left where that is known. */
function leftOf(wanted: Wanted, waiting: number, disagreements: number): number | null {
  if (kindOf(wanted) === "disagreements") return disagreements;
  return Object.keys(wanted).every((name) => name === "order") ? Math.max(waiting, 0) : null;
}

function carryOut(order: Order, { project, saving, unreadable }: { project: number; saving: Saving; unreadable: string }): void {
  if (order.kind === "save") void saving.queue.add(transcriptionEntry(order.crop, order.saved, order.saved.text || unreadable));
  else if (order.kind === "withdraw") saving.queue.withdraw(order.clientKey);
  else release(project, [order.crop]);
}

/** The word being typed is kept at every key; a saved or skipped one is forgotten. */
function remember(project: number, before: Session, after: Session): void {
  const item = currentItem(after);
  const was = currentItem(before);
  if (item !== null && item.crop.id === was?.crop.id && after.field !== before.field && item.saved === null) {
    keepDraft(localStorage, project, { crop: item.crop.id, field: after.field });
  } else if (was !== null && item?.crop.id !== was.crop.id) {
    dropDraft(localStorage, project);
  }
}

function draftFirst(project: number, crops: readonly Crop[]): readonly Crop[] {
  const draft = readDraft(localStorage, project);
  return crops.toSorted((a, b) => Number(b.id === draft?.crop) - Number(a.id === draft?.crop));
}

/** Pictures that are decoded before they are needed; kept here so that the browser keeps them. */
function usePreloaded(crops: readonly Crop[]): void {
  const kept = useRef(new Map<string, HTMLImageElement>());
  useEffect(() => {
    const wanted = new Set(crops.map((crop) => crop.source));
    for (const source of kept.current.keys()) if (!wanted.has(source)) kept.current.delete(source);
    for (const source of wanted) {
      if (kept.current.has(source)) continue;
      const picture = new Image();
      picture.src = source;
      void picture.decode().catch(() => undefined);
      kept.current.set(source, picture);
    }
  }, [crops]);
}
