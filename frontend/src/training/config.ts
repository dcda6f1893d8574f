/** Settings of a training as typed in the form: empty means what the preset has. */
import type { Kind } from "../api/types";
import type { texts } from "./texts";

export const presets = ["quick", "standard", "tao"] as const;
export type Preset = (typeof presets)[number];
export type Typed = Record<string, string>;

export interface Setting {
  name: string;
  text: keyof typeof texts;
  least?: number;
  whole?: boolean;
  multiple?: number;
  choices?: readonly string[];
}

const both: readonly Setting[] = [
  { name: "epochs", text: "epochs", least: 1, whole: true },
  { name: "batch", text: "batch", least: 1, whole: true },
  { name: "seed", text: "seed", least: 0, whole: true },
];
const own: Record<Kind, readonly Setting[]> = {
  detector: [
    { name: "width", text: "width", least: 16, whole: true, multiple: 16 },
    { name: "height", text: "height", least: 16, whole: true, multiple: 16 },
    { name: "lr_hi", text: "rate", least: 0.000001 },
  ],
  recognizer: [
    { name: "network", text: "network", choices: ["lite", "lprnet10", "lprnet18"] },
    { name: "synthetic", text: "synthetic", least: 0, whole: true },
    { name: "rate", text: "rate", least: 0.000001 },
  ],
};

export function settingsOf(kind: Kind): readonly Setting[] {
  return [...both, ...own[kind]];
}

/** Those the API names itself; the others go into `config`. */
const NAMED = new Set(both.map((setting) => setting.name));

/** A run's settings back in the form; what the form does not name is kept as it was. */
export function typedOf(kind: Kind, config: Readonly<Record<string, unknown>>): { preset: Preset; typed: Typed; further: Record<string, unknown> } {
  const { preset, ...settings } = config;
  const known = new Set(settingsOf(kind).map((setting) => setting.name));
  const entries = Object.entries(settings);
  return {
    preset: presets.find((one) => one === preset) ?? "quick",
    typed: Object.fromEntries(entries.filter(([name]) => known.has(name)).map(([name, value]) => [name, String(value)])),
    further: Object.fromEntries(entries.filter(([name]) => !known.has(name))),
  };
}

/** The request's settings, and what is wrong with what was typed. */
export function configOf(kind: Kind, preset: Preset, typed: Typed, kept: Readonly<Record<string, unknown>> = {}): { config: { preset: Preset; config: Record<string, unknown> } & Record<string, unknown>; errors: Record<string, "number" | "multiple"> } {
  const further: Record<string, unknown> = { ...kept };
  const config: { preset: Preset; config: Record<string, unknown> } & Record<string, unknown> = { preset, config: further };
  const errors: Record<string, "number" | "multiple"> = {};
  for (const setting of settingsOf(kind)) {
    const text = (typed[setting.name] ?? "").trim();
    if (!text) continue;
    if (setting.choices) {
      further[setting.name] = text;
      continue;
    }
    const value = Number(text.replace(",", "."));
    const good = Number.isFinite(value) && value >= (setting.least ?? 0) && (!setting.whole || Number.isInteger(value));
    if (!good) errors[setting.name] = "number";
    else if (setting.multiple && value % setting.multiple) errors[setting.name] = "multiple";
    else (NAMED.has(setting.name) ? config : further)[setting.name] = value;
  }
  return { config, errors };
}
