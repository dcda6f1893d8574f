import { API, sessionFetch, toApiError } from "../api/client";
import type { Known, Outcome } from "./queue";

export type Method = "GET" | "POST" | "PATCH" | "DELETE";

/** Sends and answers with status and body; an answer the server never gave is an ApiError with status 0. */
async function exchange(method: Method, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
  const request = new Request(new URL(API + path, location.href), {
    method,
    credentials: "same-origin",
    headers: { Accept: "application/json", ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const response = await sessionFetch(request);
  const text = await response.text();
  return { status: response.status, body: text === "" ? null : parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The body of a good answer; anything else is an ApiError with the server's sentence. */
export async function ask<T>(method: Method, path: string, body?: unknown): Promise<T> {
  const answer = await exchange(method, path, body);
  if (answer.status >= 400) throw toApiError(answer.status, answer.body);
  return answer.body as T;
}

/** One entry of the queue to the server, its answer in the queue's words. */
export async function deliver(
  method: Method,
  path: string,
  { body, learn }: { body?: unknown; learn?: (answer: unknown) => Known | null },
): Promise<Outcome> {
  const answer = await exchange(method, path, body);
  if (answer.status < 300) return { kind: "saved", known: learn?.(answer.body) ?? null, answer: answer.body };
  if (answer.status >= 500 || answer.status === 429 || answer.status === 408) return { kind: "away" };
  const { message } = toApiError(answer.status, answer.body);
  if (answer.status === 409) {
    const current = (answer.body as { current?: unknown } | null)?.current ?? null;
    return { kind: "conflict", message, current };
  }
  return { kind: "refused", message, missing: answer.status === 404 };
}
