import { type RefObject, useLayoutEffect, useRef, useState } from "react";

import { fixed } from "../shared/format";
import { useTexts } from "../shared/text";
import type { Crop } from "./session";
import { texts } from "./texts";
import { type Look, filterOf, transformOf, zoomFor } from "./view";

/** The plate, as large as whole-number zoom allows. */
export function Stage({ crop, look }: { crop: Crop; look: Look }) {
  const t = useTexts(texts);
  const stage = useRef<HTMLDivElement>(null);
  const size = useSize(stage);
  const zoom = zoomFor(crop, { width: size.width - 32, height: size.height - 88 }, { turns: look.turns, ratio: window.devicePixelRatio });
  return (
    <div className="stage" ref={stage}>
      <img key={crop.id} src={crop.source} alt={t("crop_picture")} decoding="sync" draggable={false}
        width={crop.width} height={crop.height} data-smooth={look.smooth || undefined}
        style={{ width: crop.width * zoom, height: crop.height * zoom, filter: filterOf(look), transform: transformOf(look) }} />
      <p className="stage-note small t2">
        {t("at_scale", { width: crop.width, height: crop.height, scale: fixed(zoom, zoom >= 1 ? 1 : 2) })}
      </p>
    </div>
  );
}

export function useSize(element: RefObject<HTMLElement | null>): { width: number; height: number } {
  const [size, setSize] = useState({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const watched = element.current;
    if (!watched) return;
    const measure = (): void => setSize({ width: watched.clientWidth, height: watched.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(watched);
    return () => observer.disconnect();
  }, [element]);
  return size;
}
