/** How many frames a rule takes, before anything is decoded. */

export interface Rule { fps: number | null; every: number | null; start: number; end: number | null }
export interface Recording { duration: number | null; fps: number | null; frames_expected: number | null }

/** Seconds of the recording that the rule covers; null when the length is unknown. */
export function spanOf(rule: Rule, { duration }: Recording): number | null {
  const end = rule.end ?? duration;
  if (end === null) return null;
  return Math.max(0, Math.min(end, duration ?? end) - rule.start);
}

/** About how many frames the rule takes; null when the recording does not tell its length. */
export function framesTaken(rule: Rule, recording: Recording): number | null {
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
export function picturesIn(span: number, { duration, fps, frames_expected }: Recording): number | null {
  if (frames_expected && duration) return Math.round((frames_expected * Math.min(span, duration)) / duration);
  return fps ? Math.round(span * fps) : null;
}

/** Bytes of one JPEG of this size at the quality frames are stored with, measured on street scenes. */
export function bytesPerFrame(width: number, height: number): number {
  return Math.round(width * height * 0.21);
}
