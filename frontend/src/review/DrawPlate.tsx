import { type PointerEvent, useRef, useState } from "react";

import { CLICK_PIXELS } from "../boxes/geometry";
import type { Corners } from "./review";

interface Props {
  /** Of the upright frame, in its pixels. */
  readonly frame: { readonly width: number; readonly height: number };
  readonly label: string;
  readonly onDrawn: (box: Corners) => void;
}

interface Drag {
  readonly pointer: number;
  readonly x: number;
  readonly y: number;
}

/** Lies over the paused picture and takes one drag: the plate of a vehicle that was missed. */
export function DrawPlate({ frame, label, onDrawn }: Props) {
  const from = useRef<Drag | null>(null);
  const [box, setBox] = useState<Corners | null>(null);
  const corners = (event: PointerEvent<SVGSVGElement>, drag: Drag): Corners => {
    const stage = event.currentTarget.getBoundingClientRect();
    const across = (x: number): number => Math.min(Math.max(((x - stage.left) / stage.width) * frame.width, 0), frame.width);
    const down = (y: number): number => Math.min(Math.max(((y - stage.top) / stage.height) * frame.height, 0), frame.height);
    const [x1, x2] = [across(drag.x), across(event.clientX)].toSorted((a, b) => a - b) as [number, number];
    const [y1, y2] = [down(drag.y), down(event.clientY)].toSorted((a, b) => a - b) as [number, number];
    return [x1, y1, x2, y2];
  };
  const end = (): void => {
    from.current = null;
    setBox(null);
  };
  return (
    <svg className="draw-plate" viewBox={`0 0 ${frame.width} ${frame.height}`} role="application" aria-label={label}
      onPointerDown={(event) => {
        if (event.button !== 0 || from.current !== null) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        from.current = { pointer: event.pointerId, x: event.clientX, y: event.clientY };
      }}
      onPointerMove={(event) => {
        if (from.current?.pointer === event.pointerId) setBox(corners(event, from.current));
      }}
      onPointerUp={(event) => {
        const drag = from.current;
        if (drag?.pointer !== event.pointerId) return;
        const drawn = corners(event, drag);
        const far = Math.min(Math.abs(event.clientX - drag.x), Math.abs(event.clientY - drag.y)) >= CLICK_PIXELS;
        end();
        if (far) onDrawn(drawn);
      }}
      onPointerCancel={end}>
      {box && <DrawnBox box={box} />}
    </svg>
  );
}

export function DrawnBox({ box: [x1, y1, x2, y2] }: { box: Corners }) {
  const shape = { x: x1, y: y1, width: x2 - x1, height: y2 - y1 };
  return <g data-chosen="true"><rect className="box-edge" {...shape} /><rect className="box-line" {...shape} /></g>;
}
