import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { Entry, Outcome } from "../saving/queue";
import { boxSenders } from "./wire";

let answer: { status: number; body: unknown };

beforeEach(() => {
  vi.stubGlobal("location", { href: "http://studio/" });
  vi.stubGlobal("document", { cookie: "" });
  // Whoever asks for the session is logged in.
  vi.stubGlobal("fetch", async (asked: Request | string) => {
    const { status, body } = typeof asked === "string" ? { status: 200, body: { user: { id: 1 } } } : answer;
    return new Response(body === null ? null : JSON.stringify(body), { status });
  });
});
afterEach(() => vi.unstubAllGlobals());

function send(kind: string, body: Entry["body"]): Promise<Outcome> | undefined {
  const entry: Entry = { sequence: 1, owner: "ana", kind, clientKey: "k", subject: "box:7:b3", title: "", body, made: 0, state: "waiting", message: "", current: null };
  return boxSenders[kind]?.(entry, { id: 3, revision: 1 }, async () => null);
}

describe("a box that is deleted", () => {
  it("is gone already: that is what was asked for", async () => {
    answer = { status: 404, body: { code: "not_found", message: "No such box." } };
    expect(await send("box.delete", { frame: 7, base: null })).toMatchObject({ kind: "saved" });
  });

  it("was deleted by somebody else", async () => {
    answer = { status: 409, body: { code: "Conflict", message: "", current: { deleted: true, revision: 2 } } };
    expect(await send("box.delete", { frame: 7, base: null })).toMatchObject({ kind: "saved" });
  });

  it("was moved by somebody else: both are shown", async () => {
    answer = { status: 409, body: { code: "Conflict", message: "", current: { deleted: false, revision: 2 } } };
    expect(await send("box.delete", { frame: 7, base: null })).toMatchObject({ kind: "conflict" });
  });

  it("may not be deleted by this person: the server's sentence is shown", async () => {
    answer = { status: 403, body: { code: "Forbidden", message: "You may only look." } };
    expect(await send("box.delete", { frame: 7, base: null })).toMatchObject({ kind: "refused", message: "You may only look." });
  });
});

it("a proposal that this person may not reject is not said to be rejected", async () => {
  answer = { status: 403, body: { code: "Forbidden", message: "You may only look." } };
  expect(await send("suggestion.reject", { frame: 7, id: 3 })).toMatchObject({ kind: "refused" });
});

it("a text for a box that is no plate any more is refused with a sentence", async () => {
  answer = { status: 200, body: { id: 3, crop: null } };
  const outcome = await send("box.text", { frame: 7, box: "b3", text: "ABC123", status: "readable", seen: { text: "", status: "" } });
  expect(outcome).toMatchObject({ kind: "refused", message: expect.stringContaining("plate") });
});
