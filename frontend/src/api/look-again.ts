/**
 * The socket says "look again", never what: it carries ids, the page asks the API. Queries whose
 * key begins with "jobs" or "live" are asked again at most once a second; everything else when a
 * job has ended (see useJobs).
 */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

/** The close code for people who are no members: asking again would not help. */
const FORBIDDEN = 4403;

/** Milliseconds before try number `attempt` (0, 1, ...): doubling, at most 15 s. */
export function reconnectDelay(attempt: number): number {
  return Math.min(15_000, 500 * 2 ** attempt);
}

/** Calls `run` at most once per `gap` milliseconds, and once more at the end of a burst. */
export function throttled(run: () => void, gap: number, now = () => Date.now()): { (): void; stop(): void } {
  let last = Number.NEGATIVE_INFINITY;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const fire = () => {
    timer = undefined;
    last = now();
    run();
  };
  const call = () => {
    if (timer !== undefined) return;
    const wait = last + gap - now();
    if (wait <= 0) fire();
    else timer = setTimeout(fire, wait);
  };
  return Object.assign(call, { stop: () => clearTimeout(timer) });
}

export function useLookAgain(project: number | undefined): void {
  const client = useQueryClient();
  useEffect(() => {
    if (project === undefined) return;
    let socket: WebSocket | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let attempt = 0;
    let over = false;
    const look = throttled(() => {
      void client.invalidateQueries({ queryKey: ["jobs"] });
      void client.invalidateQueries({ queryKey: ["live"] });
    }, 1000);
    const connect = () => {
      const scheme = location.protocol === "https:" ? "wss" : "ws";
      socket = new WebSocket(`${scheme}://${location.host}/ws/jobs/?project=${project}`);
      socket.onopen = () => {
        if (attempt > 0) look();
        attempt = 0;
      };
      socket.onmessage = look;
      socket.onclose = (event) => {
        if (!over && event.code !== FORBIDDEN) timer = setTimeout(connect, reconnectDelay(attempt++));
      };
    };
    connect();
    return () => {
      over = true;
      clearTimeout(timer);
      look.stop();
      socket?.close();
    };
  }, [client, project]);
}
