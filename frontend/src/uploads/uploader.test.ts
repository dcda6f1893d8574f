import { beforeEach, expect, test } from "vitest";
import { fingerprintOf, hashOf } from "./fingerprint";
import { type Begun, type Events, type Parcel, Uploader } from "./uploader";

interface Opened { parcel: Parcel; events: Events; stopped: boolean }

let opened: Opened[] = [];
let later: (() => void)[] = [];
let login: (() => void)[] = [];
let givenUp: number[] = [];
let uploader: Uploader;

beforeEach(() => {
  [opened, later, login, givenUp] = [[], [], [], []];
  uploader = new Uploader({
    open: (parcel, events) => {
      const one: Opened = { parcel, events, stopped: false };
      opened.push(one);
      return () => { one.stopped = true; };
    },
    afterLogin: () => new Promise((resolve) => { login.push(resolve); }),
    giveUp: async (id) => { givenUp.push(id); },
    now: () => 0,
    later: (run) => { later.push(run); },
  });
});

const file = (name: string, text = name) => new File([text], name);
const states = () => uploader.list().map((one) => one.state);
const at = (index: number): Opened => opened[index]!;
const begun = async (name: string, more: Partial<Begun> = {}): Promise<Begun> =>
  ({ id: 7, name, size: name.length, fingerprint: await fingerprintOf(file(name)), offset: 2, state: "sending", being_sent: false, ...more });

test("two files go at once, the others wait their turn", async () => {
  await uploader.add(["a", "b", "c"].map((name) => file(name)), 1, "video");
  expect(states()).toEqual(["sending", "sending", "waiting"]);
  at(0).events.done();
  expect(states()).toEqual(["done", "sending", "sending"]);
});

test("an unfinished one goes on where it ended", async () => {
  await uploader.add([file("gate.mp4")], 1, "video", [await begun("gate.mp4")]);
  expect(at(0).parcel.id).toBe(7);
  expect(uploader.list()[0]).toMatchObject({ id: 7, sent: 2 });
});

test.each([{ being_sent: true }, { state: "checking" }, { fingerprint: "other" }])("%o is not gone on with", async (more) => {
  await uploader.add([file("gate.mp4")], 1, "video", [await begun("gate.mp4", more)]);
  expect(at(0).parcel.id).toBeNull();
});

test("the same file twice is sent once", async () => {
  await uploader.add([file("a"), file("a")], 1, "video");
  await uploader.add([file("a")], 1, "video");
  expect(opened).toHaveLength(1);
});

test("pause keeps what came, going on continues the same upload", async () => {
  const [key] = await uploader.add([file("a")], 1, "video");
  at(0).events.placed(12);
  at(0).events.progress(1);
  uploader.pause(key!);
  expect(at(0).stopped).toBe(true);
  expect(states()).toEqual(["paused"]);
  uploader.resume(key!);
  expect(at(1).parcel.id).toBe(12);
});

test("a paused file makes room for the next", async () => {
  const [key] = await uploader.add(["a", "b", "c"].map((name) => file(name)), 1, "video");
  uploader.pause(key!);
  expect(states()).toEqual(["paused", "sending", "sending"]);
});

test("cancelling takes it away here and on the server", async () => {
  const [key] = await uploader.add([file("a")], 1, "video");
  at(0).events.placed(12);
  uploader.cancel(key!);
  expect([givenUp, states(), at(0).stopped]).toEqual([[12], [], true]);
});

test("while the server is away it is tried again and again", async () => {
  await uploader.add([file("a")], 1, "video");
  at(0).events.placed(3);
  for (let time = 0; time < 5; time += 1) {
    at(time).events.failed({ kind: "away", message: "gone" });
    expect(states()).toEqual(["away"]);
    later.pop()!();
    expect(at(time + 1).parcel.id).toBe(3);
  }
});

test("the network's return does not wait", async () => {
  await uploader.add([file("a")], 1, "video");
  at(0).events.failed({ kind: "away", message: "" });
  uploader.tryNow();
  expect(states()).toEqual(["sending"]);
  later.pop()!();
  expect(opened).toHaveLength(2);
});

test("an ended session waits for the login, then goes on", async () => {
  await uploader.add([file("a")], 1, "video");
  at(0).events.failed({ kind: "login", message: "" });
  expect(states()).toEqual(["login"]);
  login[0]!();
  await Promise.resolve();
  await Promise.resolve();
  expect(states()).toEqual(["sending"]);
});

test("a refusal stays until it is closed, and does not stop the others", async () => {
  const [key] = await uploader.add(["a", "b", "c"].map((name) => file(name)), 1, "video");
  at(0).events.failed({ kind: "refused", message: "too large" });
  expect(states()).toEqual(["failed", "sending", "sending"]);
  expect(uploader.list()[0]!.error).toBe("too large");
  uploader.forget(key!);
  expect(states()).toEqual(["sending", "sending"]);
});

test("fingerprints tell files of one size apart, at their start and at their end", async () => {
  const big = new Uint8Array(200_000);
  const prints = new Set<string>();
  for (const place of [-1, 0, 199_999]) {
    const bytes = big.slice();
    if (place >= 0) bytes[place] = 1;
    prints.add(await fingerprintOf(new Blob([bytes])));
  }
  expect(prints.size).toBe(3);
  expect(hashOf(new Uint8Array([1, 2]))).not.toBe(hashOf(new Uint8Array([2, 1])));
});
