/** Numbers, times and sizes as people read them. */
import { type Language, language } from "./language";

const locale: Record<Language, string> = { en: "en-US", es: "es-EC" };

export function formatNumber(value: number, lang: Language = language(), digits = 3): string {
  return new Intl.NumberFormat(locale[lang], { maximumFractionDigits: digits, useGrouping: true }).format(value);
}

/** With exactly so many digits after the point, so that columns stand still. */
export function fixed(value: number, digits: number, lang: Language = language()): string {
  return new Intl.NumberFormat(locale[lang], { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

/** A measured value: so many digits after the point, and what they would hide in powers of ten. */
export function formatFigure(value: number, digits = 3): string {
  const hidden = value !== 0 && Math.abs(value) < 10 ** -digits;
  return hidden ? value.toExponential(1) : formatNumber(value, language(), digits);
}

/** The marks of an axis, with as many digits as tell each from the next. */
export function formatMarks(marks: readonly number[]): string[] {
  const most = Math.max(...marks.map(Math.abs));
  const gaps = marks.slice(1).map((mark, at) => Math.abs(mark - (marks[at] ?? 0))).filter((gap) => gap > 0);
  const gap = gaps.length ? Math.min(...gaps) : most || 1;
  const digits = Math.max(0, Math.ceil(-Math.log10(gap) - 1e-9));
  if (digits > 3 && most < 0.01) return marks.map((mark) => (mark === 0 ? "0" : mark.toExponential(Math.max(0, Math.ceil(Math.log10(Math.abs(mark) / gap) - 1e-9)))));
  return marks.map((mark) => formatNumber(mark, language(), digits));
}

/** A share 0..1 as "94.3 %"; nothing known is a dash. */
export function formatShare(share: number | null | undefined, digits = 1): string {
  if (share === null || share === undefined || Number.isNaN(share)) return "–";
  return `${formatNumber(Math.round(share * 100 * 10 ** digits) / 10 ** digits)} %`;
}

/** Seconds of a video as 00:26:30.6 (hours always, tenths on demand). */
export function formatClock(seconds: number, tenths = false): string {
  const whole = Math.max(0, tenths ? Math.floor(seconds * 10 + 1e-6) / 10 : Math.floor(seconds + 1e-6));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), Math.floor(whole % 60)];
  const clock = [h, m, s].map((part) => String(part).padStart(2, "0")).join(":");
  return tenths ? `${clock}.${Math.round((whole - Math.floor(whole)) * 10)}` : clock;
}

/** Seconds of a span as "26:24.0": hours only where there are some. */
export function formatMoment(seconds: number): string {
  const clock = formatClock(seconds, true);
  return clock.startsWith("00:") ? clock.slice(3) : clock;
}

/** "01:02:03", "2:03.5" or "90" to seconds; null when it is no time. */
export function parseClock(text: string): number | null {
  const parts = text.trim().split(":");
  if (parts.length > 3 || !parts.every((part) => /^\d+([.,]\d+)?$/.test(part))) return null;
  return parts.reduce((sum, part) => sum * 60 + Number(part.replace(",", ".")), 0);
}

/** How long work takes, in one unit: "40 s", "38 min", "2 h 5 min". */
export function formatSpan(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const rest = minutes % 60;
  return rest ? `${Math.floor(minutes / 60)} h ${rest} min` : `${Math.floor(minutes / 60)} h`;
}

export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let [value, unit] = [bytes, 0];
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${formatNumber(value, language(), value < 10 && unit > 0 ? 1 : 0)} ${units[unit]}`;
}

export function formatDateTime(iso: string | null | undefined, { lang = language(), seconds = false }: { lang?: Language; seconds?: boolean } = {}): string {
  if (!iso) return "–";
  return new Intl.DateTimeFormat(locale[lang], {
    day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", ...(seconds ? { second: "2-digit" } : {}), hourCycle: "h23",
  }).format(new Date(iso));
}

/** The date "2026-11-02" as "Nov 2". */
export function formatDay(iso: string, lang: Language = language()): string {
  return new Intl.DateTimeFormat(locale[lang], { day: "numeric", month: "short", timeZone: "UTC" }).format(new Date(`${iso}T12:00:00Z`));
}

export function formatTime(iso: string): string {
  return new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(new Date(iso));
}
