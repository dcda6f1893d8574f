/** How many frames a rule takes, and what a person typed as a rule. */
import { formatClock, parseClock } from "../shared/format";

export interface Rule {
  readonly fps: number | null;
  readonly every: number | null;
  readonly start: number;
  readonly end: number | null;
  /** Only while something moves: its side as a share of the picture's. */
  readonly motion: number | null;
  /** Not those that differ from the one before in no more than so many of 64 bits. */
  readonly near_duplicates: number | null;
  /** At most so many, evenly. */
  readonly cap: number | null;
}
export interface Recording { duration: number | null; fps: number | null; frames_expected: number | null }

/** Seconds of the recording that the rule covers; null when the length is unknown. */
export function spanOf(rule: Pick<Rule, "start" | "end">, { duration }: Recording): number | null {
  const end = rule.end ?? duration;
  if (end === null) return null;
  return Math.max(0, Math.min(end, duration ?? end) - rule.start);
}

/** About how many frames the rule takes without its filters; null when the length is unknown. */
export function framesTaken(rule: Pick<Rule, "fps" | "every" | "start" | "end">, recording: Recording): number | null {
  const span = spanOf(rule, recording);
  if (span === null || span <= 0) return span === null ? null : 0;
  const pictures = picturesIn(span, recording);
  if (rule.fps !== null) {
    const wanted = Math.ceil(span * rule.fps - 1e-6);
    return pictures === null ? wanted : Math.min(wanted, pictures);
  }
  return pictures === null || rule.every === null ? null : Math.ceil(pictures / rule.every);
}

/** Pictures of the recording within `span` seconds. */
function picturesIn(span: number, { duration, fps, frames_expected }: Recording): number | null {
  if (frames_expected && duration) return Math.round((frames_expected * Math.min(span, duration)) / duration);
  return fps ? Math.round(span * fps) : null;
}

/** Bytes of one JPEG of this size at the quality frames are stored with, measured on street scenes. */
export function bytesPerFrame(width: number, height: number): number {
  return Math.round(width * height * 0.21);
}

export type Way = "second" | "nth" | "moves";
export const MOST_A_SECOND = 60;

/** What stands in the form, as typed. */
export interface Typed {
  readonly way: Way;
  readonly fps: string;
  readonly every: string;
  readonly start: string;
  readonly end: string;
  readonly motion: string;
  readonly unlike: boolean;
  readonly bits: string;
  readonly cap: string;
}

/** What a project keeps of a rule for its next videos. */
export type KeptRule = Readonly<Record<string, number>>;

export function keptOf(rule: Partial<Record<string, number | null>> | Rule): KeptRule {
  const { fps, every, motion, near_duplicates, cap } = rule as Partial<Rule>;
  const parts = { fps, every, motion, near_duplicates, cap };
  return Object.fromEntries(Object.entries(parts).filter((part): part is [string, number] => part[1] !== null && part[1] !== undefined));
}

/** What the form begins with: the project's rule, else one frame a second, of the whole video. */
export function freshRule({ duration }: Pick<Recording, "duration">, kept: KeptRule = {}): Typed {
  return {
    way: kept.motion !== undefined ? "moves" : kept.every !== undefined ? "nth" : "second",
    fps: String(kept.fps ?? 1),
    every: String(kept.every ?? 6),
    start: formatClock(0),
    end: duration ? formatClock(Math.ceil(duration)) : "",
    motion: String(kept.motion ?? 0.04),
    unlike: kept.near_duplicates !== undefined,
    bits: String(kept.near_duplicates ?? 4),
    cap: String(kept.cap ?? ""),
  };
}

type Wrong = "bad_rate" | "bad_every" | "bad_time" | "bad_order" | "bad_motion" | "bad_bits" | "bad_cap";
export type Errors = Partial<Record<"fps" | "every" | "start" | "end" | "motion" | "bits" | "cap", Wrong>>;

const decimal = (text: string): number => (text.trim() === "" ? Number.NaN : Number(text.replace(",", ".")));
const whole = (text: string, least: number, most: number): boolean => /^\d+$/.test(text.trim()) && Number(text) >= least && Number(text) <= most;

/** What was typed as a rule, or what is wrong with it. An end at or past the recording's is no end. */
export function readRule(typed: Typed, duration: number | null): { readonly rule: Rule | null; readonly errors: Errors } {
  const errors: Errors = {};
  const fps = decimal(typed.fps);
  const motion = decimal(typed.motion);
  const start = parseClock(typed.start || "0");
  const end = typed.end.trim() ? parseClock(typed.end) : null;
  if (typed.way !== "nth" && !(fps > 0 && fps <= MOST_A_SECOND)) errors.fps = "bad_rate";
  if (typed.way === "nth" && !whole(typed.every, 1, 1_000_000)) errors.every = "bad_every";
  if (typed.way === "moves" && !(motion > 0 && motion <= 1)) errors.motion = "bad_motion";
  if (typed.unlike && !whole(typed.bits, 0, 64)) errors.bits = "bad_bits";
  if (typed.cap.trim() && !whole(typed.cap, 1, 10_000_000)) errors.cap = "bad_cap";
  if (start === null) errors.start = "bad_time";
  if (typed.end.trim() && end === null) errors.end = "bad_time";
  else if (start !== null && end !== null && end <= start) errors.end = "bad_order";
  if (Object.keys(errors).length || start === null) return { rule: null, errors };
  const open = end === null || (duration !== null && end >= duration);
  const rule = {
    fps: typed.way === "nth" ? null : fps,
    every: typed.way === "nth" ? Number(typed.every) : null,
    start,
    end: open ? null : end,
    motion: typed.way === "moves" ? motion : null,
    near_duplicates: typed.unlike ? Number(typed.bits) : null,
    cap: typed.cap.trim() ? Number(typed.cap) : null,
  };
  return { rule, errors };
}

/** Whether only the measured activity can tell what the rule takes. */
export function needsMeasure(rule: Pick<Rule, "motion" | "near_duplicates">): boolean {
  return rule.motion !== null || rule.near_duplicates !== null;
}

/** What a rule takes before anything is measured; the cap is known without. */
export function roughly(rule: Rule, recording: Recording): number | null {
  const taken = needsMeasure(rule) ? null : framesTaken(rule, recording);
  return taken === null ? null : Math.min(taken, rule.cap ?? taken);
}
