import { expect, test } from "vitest";
import { configOf, typedOf } from "./config";

test("only what was typed goes over the preset", () => {
  expect(configOf("recognizer", "quick", { epochs: "5", batch: " ", network: "lite" }))
    .toEqual({ config: { preset: "quick", epochs: 5, config: { network: "lite" } }, errors: {} });
});

test("numbers out of range are named, not sent", () => {
  const { config, errors } = configOf("detector", "standard", { epochs: "0", width: "100", height: "272", lr_hi: "0,001", batch: "2.5" });
  expect(errors).toEqual({ epochs: "number", width: "multiple", batch: "number" });
  expect(config).toEqual({ preset: "standard", config: { height: 272, lr_hi: 0.001 } });
});

test("settings of the other kind are not sent", () => {
  expect(configOf("detector", "tao", { synthetic: "100" }).config).toEqual({ preset: "tao", config: {} });
});

test("a cloned run sends what it was started with", () => {
  const before = { preset: "tao", epochs: 7, width: 480, stride: 8 };
  const { preset, typed, further } = typedOf("detector", before);
  expect(configOf("detector", preset, typed, further)).toEqual({ config: { preset: "tao", epochs: 7, config: { width: 480, stride: 8 } }, errors: {} });
});
