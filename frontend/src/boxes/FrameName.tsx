import { useRef } from "react";
import { Link } from "react-router";

import { useCounts } from "../api/queries";
import { type FrameFilter, isEverything, searchOf } from "../frames/filter";
import type { Strip } from "../frames/strip";
import { texts as frameTexts } from "../frames/texts";
import { formatMoment, formatNumber, parseClock } from "../shared/format";
import { Key } from "../shared/Key";
import { useTexts } from "../shared/text";
import { texts } from "./texts";
import type { Said } from "./useDoing";
import type { LoadedFrame } from "./wire";

interface JumpProps {
  readonly frame: LoadedFrame;
  readonly strip: Strip;
  readonly go: (frame: number) => void;
  readonly say: (said: Said) => void;
}

export function FrameName({ input, ...jump }: JumpProps & { readonly input: React.RefObject<HTMLInputElement | null> }) {
  const t = useTexts(texts);
  const { frame, strip } = jump;
  const at = strip.placeOf(frame.id);
  return (
    <>
      <span className="chip">{at >= 0 ? t("frame", { number: `${formatNumber(at + 1)} / ${formatNumber(strip.count)}` }) : t("frame", { number: `#${frame.id}` })}</span>
      {frame.seconds === null ? <span className="t3 ellipsis wide-only">{frame.name}</span> : <TimeJump {...jump} input={input} className="wide-only" />}
    </>
  );
}

/** The frame's time; another one written there goes to the frame nearest to it. */
export function TimeJump({ frame, strip, go, say, input, className }: JumpProps & { readonly input?: React.RefObject<HTMLInputElement | null>; readonly className: string }) {
  const t = useTexts(texts);
  const own = useRef<HTMLInputElement>(null);
  const field = input ?? own;
  if (frame.seconds === null) return null;
  const jump = (text: string): void => {
    const seconds = parseClock(text);
    const near = seconds === null ? null : strip.near(seconds, frame.video);
    if (near !== null) go(near);
    else say({ kind: "warn", text: t("no_such_time") });
  };
  return (
    <form className={`to-time ${className}`} onSubmit={(event) => {
      event.preventDefault();
      jump(field.current?.value ?? "");
      field.current?.blur();
    }}>
      <input key={frame.id} ref={field} className="chip" aria-label={t("to_time")} title={t("to_time")} defaultValue={formatMoment(frame.seconds)}
        onFocus={(event) => event.currentTarget.select()} onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()} />
      <Key k="G" />
    </form>
  );
}

/** What is looked for, and the way back to all frames like that. */
export function BackToGrid({ project, filter, id }: { project: number; filter: FrameFilter; id: number }) {
  const t = useTexts(frameTexts);
  if (isEverything(filter)) return null;
  const labels = filter.has.map((word) => (word === "-" ? t("no_boxes") : word.startsWith("-") ? t("without", { label: word.slice(1) }) : word));
  const what = [filter.status && t(filter.status), ...labels, filter.text].filter(Boolean).join(", ");
  const search = searchOf(filter);
  return (
    <Link className="chip on in-filter ellipsis wide-only" title={t("back_to_grid")} to={`/p/${project}/grid${search}&at=${id}`}>
      {what === "" ? t("back_to_grid") : t("in_filter", { what })}
    </Link>
  );
}

export function FramesLeft() {
  const t = useTexts(texts);
  const left = useCounts().data?.frames_open;
  if (left === undefined) return null;
  return <span className="t2"><b className="strong left-count">{formatNumber(left)}</b> {t("frames_left", { count: left })}</span>;
}
