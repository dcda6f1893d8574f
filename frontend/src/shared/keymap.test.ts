import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Keymap, giveKey, keyGiven, loadKeymap, syncKeymap, usualKeys } from "./keymap";

class Server {
  kept: Keymap | null = null;
  away = false;
  readonly get = async () => this.answer(this.kept);
  readonly put = async (keys: Keymap) => { this.kept = this.answer(keys); };
  private answer<T>(what: T): T {
    if (this.away) throw new TypeError("Failed to fetch");
    return what;
  }
}

beforeEach(() => {
  const kept = new Map<string, string>();
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  });
});

afterEach(async () => {
  await loadKeymap(null);
  vi.unstubAllGlobals();
});

test("a key given here is there in another browser", async () => {
  const server = new Server();
  await loadKeymap(1, server);
  giveKey("boxes.draw", "D");
  await vi.waitFor(() => expect(server.kept).toEqual({ "boxes.draw": "D" }));
  localStorage.removeItem("lpr-keys-1");
  await loadKeymap(1, server);
  expect(keyGiven("boxes.draw")).toBe("D");
});

test("what was changed while the server was away is sent when it is back, not overwritten", async () => {
  const server = new Server();
  server.kept = { "boxes.draw": "D" };
  await loadKeymap(1, server);
  server.away = true;
  giveKey("boxes.draw", "G");
  await syncKeymap();
  await loadKeymap(1, server);
  expect(keyGiven("boxes.draw")).toBe("G");
  server.away = false;
  await loadKeymap(1, server);
  expect(server.kept).toEqual({ "boxes.draw": "G" });
});

test("the usual keys are told too, and keys of the time before the server kept them", async () => {
  const server = new Server();
  localStorage.setItem("lpr-keys-1", '{"boxes.draw": "D"}');
  await loadKeymap(1, server);
  expect(server.kept).toEqual({ "boxes.draw": "D" });
  usualKeys();
  await vi.waitFor(() => expect(server.kept).toEqual({}));
});

test("another person has keys of their own", async () => {
  const server = new Server();
  await loadKeymap(1, server);
  giveKey("boxes.draw", "D");
  await loadKeymap(2, new Server());
  expect(keyGiven("boxes.draw")).toBeUndefined();
});
