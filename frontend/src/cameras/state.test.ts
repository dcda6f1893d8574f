import { expect, test } from "vitest";

import type { CameraRun, Job } from "../api/types";
import { newestRuns, secondsSince, stateOf } from "./state";

const run = (told: Partial<CameraRun>, state: Job["state"] | null = "running") =>
  ({ stopped_at: null, trouble: "", piece_began: null, ...told, job: state && ({ state } as Job) });
const began = { piece_began: "2026-11-27T16:00:00Z" };
const stopped = { stopped_at: "2026-11-27T17:00:00Z" };

test("a recording says what it does", () => {
  expect(stateOf(undefined)).toBe("off");
  expect(stateOf(run({}, "queued"))).toBe("waits");
  expect(stateOf(run({}))).toBe("connecting");
  expect(stateOf(run(began))).toBe("recording");
  expect(stateOf(run({ trouble: "CameraAway" }))).toBe("away");
  expect(stateOf(run({ ...began, trouble: "ReadingBehind" }))).toBe("dropping");
});

test("one that nobody works on is begun again, as long as it is wanted", () => {
  expect(stateOf(run({}, "succeeded"))).toBe("waits");
  expect(stateOf(run({}, null))).toBe("waits");
  expect(stateOf(run({}, "failed"))).toBe("again");
  expect(stateOf(run(stopped, "cancelling"))).toBe("stopping");
  expect(stateOf(run({ ...stopped, trouble: "CameraAddressLost" }, "failed"))).toBe("off");
});

test("of each camera the newest run counts", () => {
  const runs = [{ id: 3, camera: 1 }, { id: 2, camera: 7 }, { id: 1, camera: 1 }] as CameraRun[];
  expect([...newestRuns(runs).values()].map((one) => one.id)).toEqual([3, 2]);
});

test("a clock that is behind the server's shows no time below zero", () => {
  expect(secondsSince("2026-11-27T16:00:05Z", Date.parse("2026-11-27T16:00:00Z"))).toBe(0);
});
