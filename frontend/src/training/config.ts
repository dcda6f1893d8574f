/** Settings of a training as typed in the form: empty means what the preset has. */
import type { Kind, TrainingOption } from "../api/types";

export const presets = ["quick", "standard", "tao"] as const;
export type Preset = (typeof presets)[number];
export type Typed = Record<string, string>;
export type Wrong = "number" | "whole" | "range" | "multiple" | "two";
type Json = Record<string, unknown>;

/** What most people change; the others are folded away. */
const common: Record<Kind, readonly string[]> = {
  detector: ["epochs", "batch", "seed", "width", "height", "lr_hi"],
  recognizer: ["epochs", "batch", "seed", "network", "synthetic", "rate"],
};

export function isCommon(kind: Kind, option: TrainingOption): boolean {
  return common[kind].includes(option.name);
}

/** Options under their headings, in the server's order. */
export function grouped(options: readonly TrainingOption[]): [string, TrainingOption[]][] {
  const found = new Map<string, TrainingOption[]>();
  for (const option of options) found.set(option.group, [...(found.get(option.group) ?? []), option]);
  return [...found];
}

/** A value as it stands in a field. */
function shown(value: unknown): string {
  return Array.isArray(value) ? value.join(" ") : value === null || value === undefined ? "" : String(value);
}

export function defaultOf(option: TrainingOption, preset: Preset): string {
  return shown((option.default as Json)[preset]);
}

export function choicesOf(option: TrainingOption): readonly unknown[] {
  return option.type === "switch" ? [true, false] : option.choices as readonly unknown[];
}

function isRecord(value: unknown): value is Json {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** A run's settings back in the form; what the form does not name is kept as it was. */
export function typedOf(options: readonly TrainingOption[], config: Readonly<Json>): { preset: Preset; typed: Typed; further: Json } {
  const { preset, ...settings } = config;
  const known = new Set(options.map((option) => option.name));
  const flat = Object.entries(settings).flatMap(([name, value]): [string, unknown][] =>
    isRecord(value) ? Object.entries(value).map(([inner, one]) => [`${name}.${inner}`, one]) : [[name, value]]);
  return {
    preset: presets.find((one) => one === preset) ?? "quick",
    typed: Object.fromEntries(flat.filter(([name]) => known.has(name)).map(([name, value]) => [name, shown(value)])),
    further: Object.fromEntries(flat.filter(([name]) => !known.has(name))),
  };
}

/** The request's settings, and what is wrong with what was typed. */
export function configOf(options: readonly TrainingOption[], preset: Preset, typed: Typed, kept: Readonly<Json> = {}): { config: { preset: Preset; config: Json }; errors: Record<string, Wrong> } {
  const config: Json = { ...kept };
  const errors: Record<string, Wrong> = {};
  for (const option of options) {
    const text = (typed[option.name] ?? "").trim();
    if (!text) continue;
    const [value, wrong] = read(option, text);
    if (wrong) errors[option.name] = wrong;
    else put(config, option.name, value);
  }
  return { config: { preset, config }, errors };
}

function put(config: Json, name: string, value: unknown): void {
  const [part = name, inner] = name.split(".");
  if (inner === undefined) config[part] = value;
  else config[part] = { ...(isRecord(config[part]) ? config[part] : {}), [inner]: value };
}

function read(option: TrainingOption, text: string): [unknown, Wrong?] {
  if (option.type === "choice" || option.type === "switch") return [choicesOf(option).find((choice) => String(choice) === text)];
  const words = text.split(/[\s;]+/);
  if (option.type === "words") return [words];
  const numbers = words.map((word) => Number(word.replace(",", ".")));
  const wrong = numbers.map((number) => faultOf(option, number)).find((fault) => fault !== undefined);
  if (option.type === "list") return [numbers, wrong];
  if (option.type === "pair") return [numbers, numbers.length === 2 ? wrong : "two"];
  return [numbers[0], numbers.length === 1 ? wrong : "number"];
}

function faultOf(option: TrainingOption, value: number): Wrong | undefined {
  if (!Number.isFinite(value)) return "number";
  const whole = option.type === "whole" || option.type === "list";
  if (whole && !Number.isInteger(value)) return "whole";
  if (option.low !== null && option.high !== null && (value < option.low || value > option.high)) return "range";
  return whole && value % option.multiple ? "multiple" : undefined;
}
