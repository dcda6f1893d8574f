import { expect, test } from "vitest";
import type { TrainingOption } from "../api/types";
import { configOf, defaultOf, grouped, typedOf } from "./config";

const option = (name: string, type: TrainingOption["type"], more: Partial<TrainingOption> = {}): TrainingOption =>
  ({ name, type, choices: [], optional: false, group: "One", title: name, help: "", unit: "", low: 0, high: 1000, multiple: 1, default: { quick: 1 }, ...more });
const options = [
  option("epochs", "whole", { low: 1 }), option("width", "whole", { multiple: 16 }), option("rate", "number", { high: 1 }),
  option("network", "choice", { choices: ["lite", "lprnet10"] }), option("layers", "choice", { choices: [10, 18] }), option("bf16", "switch"),
  option("augmentation.zoom", "pair", { group: "Two", default: { tao: [1, 2] } }), option("augmentation.flip", "number", { group: "Two" }),
  option("freeze", "list", { high: 4 }), option("formats", "words"),
];

test("only what was typed goes over the preset, in the types the server takes", () => {
  const typed = { epochs: "5", rate: " ", network: "lite", layers: "18", bf16: "false", "augmentation.zoom": "0,5 2", "augmentation.flip": "0", freeze: "0 1", formats: "ecuador chile" };
  expect(configOf(options, "quick", typed)).toEqual({
    config: { preset: "quick", config: { epochs: 5, network: "lite", layers: 18, bf16: false, augmentation: { zoom: [0.5, 2], flip: 0 }, freeze: [0, 1], formats: ["ecuador", "chile"] } },
    errors: {},
  });
});

test("what is out of range is named, not sent", () => {
  const { config, errors } = configOf(options, "standard", { epochs: "0", width: "100", rate: "fast", freeze: "2.5", "augmentation.zoom": "1" });
  expect(errors).toEqual({ epochs: "range", width: "multiple", rate: "number", freeze: "whole", "augmentation.zoom": "two" });
  expect(config).toEqual({ preset: "standard", config: {} });
});

test("a cloned run sends what it was started with", () => {
  const before = { preset: "tao", epochs: 7, augmentation: { zoom: [1, 2] }, alphabet: "AB" };
  const { preset, typed, further } = typedOf(options, before);
  expect(further).toEqual({ alphabet: "AB" });
  expect(configOf(options, preset, typed, further)).toEqual({ config: { preset: "tao", config: { epochs: 7, augmentation: { zoom: [1, 2] }, alphabet: "AB" } }, errors: {} });
});

test("fields say what the preset has, under their headings", () => {
  expect(options.map((one) => defaultOf(one, "tao"))[6]).toBe("1 2");
  expect(grouped(options).map(([group, its]) => [group, its.length])).toEqual([["One", 8], ["Two", 2]]);
});
