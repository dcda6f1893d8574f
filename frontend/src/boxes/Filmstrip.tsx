import { memo, useEffect, useRef } from "react";

import { formatMoment } from "../shared/format";
import { useTexts } from "../shared/text";
import { texts } from "./texts";
import type { FrameInStrip } from "./wire";

interface Props {
  readonly frames: readonly FrameInStrip[];
  readonly current: number;
  readonly go: (frame: number) => void;
}

/** This many frames on each side are in the page; the rest are a key away. */
const AROUND = 14;

export const Filmstrip = memo(function Filmstrip({ frames, current, go }: Props) {
  const t = useTexts(texts);
  const here = useRef<HTMLButtonElement>(null);
  const at = frames.findIndex((frame) => frame.id === current);
  // In braces: newer browsers answer with a promise, which is no clean-up.
  useEffect(() => {
    here.current?.scrollIntoView({ inline: "center", block: "nearest" });
  }, [current, frames]);
  return (
    <nav className="filmstrip" aria-label={t("filmstrip")}>
      {frames.slice(Math.max(at - AROUND, 0), at + AROUND + 1).map((frame) => (
        <button key={frame.id} type="button" className="film" ref={frame.id === current ? here : undefined}
          aria-current={frame.id === current || undefined} onClick={() => go(frame.id)} tabIndex={frame.id === current ? 0 : -1}>
          <img src={frame.thumbnail} alt="" loading="lazy" draggable={false} />
          <span className="row tiny" title={t(frame.status)}>
            <i className="dot" data-status={frame.status} />
            {frame.seconds === null ? frame.name : formatMoment(frame.seconds)}
            <span className="visually-hidden">{t(frame.status)}</span>
          </span>
        </button>
      ))}
    </nav>
  );
});
