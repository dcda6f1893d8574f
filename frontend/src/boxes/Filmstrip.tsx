import { memo, useEffect, useRef } from "react";

import { useThumbnails } from "../frames/Grid";
import type { Strip } from "../frames/strip";
import { thumbnails } from "../frames/thumbnails";
import { formatMoment } from "../shared/format";
import { useTexts } from "../shared/text";
import { texts } from "./texts";

interface Props {
  readonly strip: Strip;
  readonly current: number;
  readonly go: (frame: number) => void;
}

/** This many frames on each side are in the page; the rest are a key away. */
const AROUND = 14;

export const Filmstrip = memo(function Filmstrip({ strip, current, go }: Props) {
  const t = useTexts(texts);
  const here = useRef<HTMLButtonElement>(null);
  const at = strip.placeOf(current);
  const from = Math.max(at - AROUND, 0);
  const to = at < 0 ? 0 : Math.min(at + AROUND + 1, strip.count);
  useThumbnails(from, to, strip.idAt);
  // Only the strip itself: scrollIntoView would push the whole page aside at the last frame.
  useEffect(() => {
    const film = here.current;
    const around = film?.parentElement;
    if (!film || !around) return;
    const [one, all] = [film.getBoundingClientRect(), around.getBoundingClientRect()];
    around.scrollLeft += one.left + one.width / 2 - (all.left + all.width / 2);
  }, [current, at]);
  const frames = Array.from({ length: to - from }, (_, place) => strip.at(from + place)).filter((frame) => frame !== null);
  return (
    <nav className="filmstrip" aria-label={t("filmstrip")}>
      {frames.map((frame) => {
        const small = thumbnails.get(frame.id);
        return (
          <button key={frame.id} type="button" className="film" ref={frame.id === current ? here : undefined}
            aria-current={frame.id === current || undefined} onClick={() => go(frame.id)} tabIndex={frame.id === current ? 0 : -1}>
            {small?.url ? <img src={small.url} alt="" draggable={false} /> : <i className="film-none" />}
            <span className="row tiny" title={t(frame.status)}>
              <i className="dot" data-status={frame.status} />
              {frame.seconds === null ? (small?.name ?? "") : formatMoment(frame.seconds)}
              <span className="visually-hidden">{t(frame.status)}</span>
            </span>
          </button>
        );
      })}
    </nav>
  );
});
