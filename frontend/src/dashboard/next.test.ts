import { expect, test } from "vitest";
import { nextStep } from "./next";

test("the first day asks for a video", () => {
  expect(nextStep({}).next).toBe("video");
});

test("imported crops alone are transcribed without any video", () => {
  expect(nextStep({ crops: 10, waiting: 4 })).toEqual({ next: "transcribe", count: 4, to: "transcribe" });
});

test("a video without frames asks for frames, open frames for boxes", () => {
  expect(nextStep({ videos: 1 }).next).toBe("frames");
  expect(nextStep({ videos: 1, frames: 5, frames_open: 5 }).next).toBe("boxes");
});

test("review comes before everything", () => {
  expect(nextStep({ videos: 1, waiting: 9, reads_open: 3 })).toMatchObject({ next: "review", count: 3 });
});

test("with nothing left the line goes on: freeze, train, read", () => {
  const done = { videos: 1, frames: 5, crops: 5, transcribed: 5 };
  expect(nextStep(done).next).toBe("freeze");
  expect(nextStep({ ...done, datasets: 1, models: 0 }).next).toBe("train");
  expect(nextStep({ ...done, datasets: 1, models: 2 }).next).toBe("read");
});
