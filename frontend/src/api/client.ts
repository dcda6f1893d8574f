/**
 * The one door to the server: typed by the OpenAPI schema, with the CSRF cookie read at every
 * request. When the session has ended the request waits for the person to log in, then goes on.
 */
import createClient from "openapi-fetch";
import { language } from "../shared/language";
import { translator } from "../shared/text";
import { afterLogin, nowKnown } from "./login-gate";
import type { paths } from "./schema";
import { texts } from "./texts";

export const API = "/api/v1/";

/** What the server refused, in its own sentence. `status` 0: there was no connection. */
export class ApiError extends Error {
  constructor(readonly status: number, readonly code: string, message: string, readonly body: unknown = null) {
    super(message);
    this.name = "ApiError";
  }
}

export function isOffline(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 0 || error.status >= 502);
}

const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

export function readCookie(name: string, cookies = document.cookie): string {
  for (const part of cookies.split(";")) {
    const [key, ...rest] = part.trim().split("=");
    if (key === name) return decodeURIComponent(rest.join("="));
  }
  return "";
}

function signed(request: Request): Request {
  const copy = request.clone();
  copy.headers.set("Accept-Language", language());
  if (!SAFE.has(copy.method)) copy.headers.set("X-CSRFToken", readCookie("csrftoken"));
  return copy;
}

/** Whether the server still knows us; also renews the CSRF cookie. */
export async function knowsUs(): Promise<boolean> {
  const answer = await fetch(`${API}session/`, { credentials: "same-origin" });
  if (!answer.ok) return false;
  const session = (await answer.json()) as { user?: unknown; username?: unknown } | null;
  return Boolean(session?.user ?? session?.username);
}

async function connect(request: Request): Promise<Response> {
  try {
    return await fetch(signed(request));
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "offline", translator(texts)("offline"));
  }
}

/** Sends; on 401 or 403 finds out why, asks for login when that is it, and sends again. */
export async function sessionFetch(request: Request): Promise<Response> {
  let renewed = false;
  for (;;) {
    const response = await connect(request);
    if (new URL(request.url, "http://x").pathname === `${API}session/`) return response;
    if (response.status !== 401 && response.status !== 403) {
      nowKnown();
      return response;
    }
    if (await knowsUs()) {
      // A stale CSRF cookie looks like a missing permission: once more with the fresh one.
      if (renewed || SAFE.has(request.method)) return response;
      renewed = true;
      continue;
    }
    await afterLogin();
  }
}

export const api = createClient<paths>({ baseUrl: "", fetch: sessionFetch, credentials: "same-origin" });

interface Answer<T> { data?: T; error?: unknown; response: Response }

/** The data of an answer, or an ApiError with the server's sentence. */
export async function unwrap<T>(answer: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await answer;
  if (!response.ok) throw toApiError(response.status, error);
  return data as T;
}

/** Reads {code, message} and, from forms, {field: [sentences]}. */
export function toApiError(status: number, body: unknown): ApiError {
  if (body && typeof body === "object") {
    const { code, message, detail } = body as Record<string, unknown>;
    const sentence = [message, detail].find((one) => typeof one === "string");
    if (typeof sentence === "string") return new ApiError(status, typeof code === "string" ? code : String(status), sentence, body);
    const fields = Object.entries(body).map(([field, said]) => `${field}: ${Array.isArray(said) ? said.join(" ") : String(said)}`);
    if (fields.length) return new ApiError(status, "invalid", fields.join(" "), body);
  }
  return new ApiError(status, String(status), translator(texts)("server_error", { status: String(status) }), body);
}

/** The sentence to show for anything that was thrown. */
export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
