import { type DragEvent, memo, type PointerEvent, type RefObject, useEffect, useMemo, useRef } from "react";

import { useTexts } from "../shared/text";
import { useSize } from "../transcribe/Stage";
import { type Action, type Editor, type EditorBox, type Proposed, band, drawn, isSmall, preview, waiting } from "./editor";
import { type Handle, HANDLES, type Point, type Rect, centre, grown, handlePoint, height, rectToScreen, sameRect, width } from "./geometry";
import { colourOf } from "./labels";
import { listed } from "./links";
import { COARSE, Pointers } from "./pointers";
import { texts } from "./texts";

interface Props {
  readonly editor: Editor;
  readonly picture: string;
  readonly act: (action: Action) => void;
  readonly canvas: RefObject<HTMLDivElement | null>;
  readonly newKey: () => string;
  readonly onPictureError: () => void;
}

/** Plain SVG over the picture. Screen and frame are converted in the editor, at the pointer event. */
export function Canvas({ editor, picture, act, canvas, newKey, onPictureError }: Props) {
  const t = useTexts(texts);
  const size = useSize(canvas);
  useEffect(() => act({ do: "stage", size }), [act, size]);
  const pointer = usePointer(editor, act, newKey);
  useWheel(canvas, act);
  const { view, frame } = editor;
  const making = drawn(editor);
  const chosen = band(editor);
  const shown = preview(editor);
  const numbers = useMemo(() => new Map(listed(editor.boxes).map(({ box, number }) => [box.key, number])), [editor.boxes]);
  return (
    <div className="box-canvas" ref={canvas} tabIndex={0} role="application" aria-label={t("canvas")}
      data-armed={editor.armed || undefined} {...pointer.handlers}>
      <img src={picture} alt="" draggable={false} decoding="sync" onError={onPictureError}
        style={{ width: frame.width, height: frame.height, transform: `translate(${view.x}px, ${view.y}px) scale(${view.scale})` }} />
      <svg className="box-layer" width="100%" height="100%" aria-hidden="true">
        {!editor.hidden && waiting(editor).map((one, at) => (
          <ProposedMark key={one.id} box={one} view={view} colour={colourOf(one.label, editor.labels)} first={at === 0} />
        ))}
        {!editor.hidden && shown.map((box) => (
          <BoxMark key={box.key} box={box} labels={editor.labels} rect={box} view={editor.view} selected={editor.selected.includes(box.key)}
            alone={editor.selected.length === 1} number={numbers.get(box.key) ?? 0} />
        ))}
        {!editor.hidden && <Links boxes={shown} selected={editor.selected} view={view} />}
        {chosen && <Band rect={chosen} view={view} />}
        {making && <NewBox rect={making} view={view} label={editor.label} colour={colourOf(editor.label, editor.labels)} />}
      </svg>
      <svg className="crosshair" ref={pointer.crosshair} width="100%" height="100%" aria-hidden="true">
        <line x1="0" x2="100%" y1="0" y2="0" /><line y1="0" y2="100%" x1="0" x2="0" />
      </svg>
    </div>
  );
}

/** Fingers hide what they touch: their handles are large and stand off the box, on small ones at the corners only. */
const OUTSIDE = COARSE ? 12 : 0;
const SIDE_HANDLES_FROM = 64;
const handlesOf = (at: Rect): readonly Handle[] =>
  COARSE && Math.min(width(at), height(at)) < SIDE_HANDLES_FROM ? HANDLES.filter((handle) => handle.length === 2) : HANDLES;

interface MarkProps {
  readonly box: EditorBox;
  readonly rect: Rect;
  readonly view: Editor["view"];
  readonly labels: readonly string[];
  readonly selected: boolean;
  readonly alone: boolean;
  /** "car 2"; 0 says nothing. */
  readonly number: number;
}

/** A box that did not change is not drawn again: fifty of them cost nothing while one is dragged. */
const BoxMark = memo(function BoxMark({ box, rect, view, labels, selected, alone, number }: MarkProps) {
  const at = rectToScreen(rect, view);
  const colour = colourOf(box.label, labels);
  const name = [box.label, number > 0 && number, box.text].filter(Boolean).join(" ");
  const shape = { x: at.x1, y: at.y1, width: at.x2 - at.x1, height: at.y2 - at.y1 };
  return (
    <g data-box={box.key} data-selected={selected || undefined} data-small={isSmall(box) || undefined} style={{ color: colour }}>
      <rect className="box-edge" {...shape} />
      <rect className="box-line" {...shape} />
      {(selected || at.x2 - at.x1 > 36) && (
        <g transform={`translate(${at.x1}, ${Math.max(at.y1 - 18, 0)})`}>
          <rect className="box-tag" width={name.length * 7 + 12} height={18} />
          <rect width={3} height={18} fill="currentColor" />
          <text x={8} y={13}>{name}</text>
        </g>
      )}
      {selected && alone && handlesOf(at).map((handle) => {
        const point = handlePoint(grown(at, OUTSIDE), handle);
        return <rect key={handle} className="box-handle" data-handle={handle} x={point.x - 4} y={point.y - 4} width={8} height={8} />;
      })}
    </g>
  );
}, (a, b) => sameRect(a.rect, b.rect) && a.box.text === b.box.text && a.box.label === b.box.label && a.view === b.view && a.selected === b.selected && a.alone === b.alone && a.number === b.number);

/** From each plate in hand, or of the car in hand, to its car. */
function Links({ boxes, selected, view }: { boxes: readonly EditorBox[]; selected: readonly string[]; view: Editor["view"] }) {
  return boxes.map((plate) => {
    const car = plate.car === null ? undefined : boxes.find(({ key }) => key === plate.car);
    if (!car || !(selected.includes(plate.key) || selected.includes(car.key))) return null;
    const [from, to] = [rectToScreen(plate, view), rectToScreen(car, view)];
    return <path key={plate.key} className="box-link" data-link={plate.key} d={`M${centre(from).x} ${from.y1}L${to.x1} ${to.y1}`} />;
  });
}

/** Dashed; the one that the keys mean is drawn thicker. */
const ProposedMark = memo(function ProposedMark({ box, view, colour, first }: { box: Proposed; view: Editor["view"]; colour: string; first: boolean }) {
  const at = rectToScreen(box, view);
  const shape = { x: at.x1, y: at.y1, width: at.x2 - at.x1, height: at.y2 - at.y1 };
  return (
    <g className="box-proposed" data-proposed={box.id} data-first={first || undefined} style={{ color: colour }}>
      <rect className="box-edge" {...shape} />
      <rect className="box-line" {...shape} />
    </g>
  );
});

/** What lies in it will be chosen. */
function Band({ rect, view }: { rect: Rect; view: Editor["view"] }) {
  const at = rectToScreen(rect, view);
  return <rect className="box-band" x={at.x1} y={at.y1} width={width(at)} height={height(at)} />;
}

/** With its size in pixels of the frame; amber where a plate so small is seldom readable. */
function NewBox({ rect, view, label, colour }: { rect: Rect; view: Editor["view"]; label: string; colour: string }) {
  const at = rectToScreen(rect, view);
  const shape = { x: at.x1, y: at.y1, width: width(at), height: height(at) };
  const size = `${Math.round(width(rect))} × ${Math.round(height(rect))}`;
  return (
    <g style={{ color: colour }} data-selected="true" data-small={isSmall({ ...rect, label }) || undefined}>
      <rect className="box-edge" {...shape} /><rect className="box-line" {...shape} />
      <g transform={`translate(${at.x1}, ${at.y2 + 4})`}>
        <rect className="box-tag" width={size.length * 7 + 12} height={18} />
        <text x={8} y={13}>{size}</text>
      </g>
    </g>
  );
}

/** The middle button and two fingers move the picture; see Pointers for the rest. */
function usePointer(editor: Editor, act: Props["act"], newKey: () => string) {
  const crosshair = useRef<SVGSVGElement>(null);
  const pointers = useRef(new Pointers());
  const place = (event: PointerEvent<HTMLElement>): Point => {
    const stage = event.currentTarget.getBoundingClientRect();
    return { x: event.clientX - stage.left, y: event.clientY - stage.top };
  };
  const all = (actions: readonly Action[]): void => actions.forEach(act);
  const handlers = {
    onPointerDown: (event: PointerEvent<HTMLElement>): void => {
      if (event.button > 1) return;
      const hand = event.button === 1 || event.altKey;
      all(pointers.current.down({ id: event.pointerId, at: place(event), add: event.shiftKey, hand, touch: event.pointerType === "touch" }, newKey));
      capture(event);
    },
    onPointerMove: (event: PointerEvent<HTMLElement>): void => {
      cross(crosshair.current, place(event));
      all(pointers.current.move(event.pointerId, place(event)));
    },
    onPointerUp: (event: PointerEvent<HTMLElement>): void =>
      all(pointers.current.up({ id: event.pointerId, at: place(event), add: event.shiftKey }, newKey)),
    onPointerCancel: (event: PointerEvent<HTMLElement>): void => all(pointers.current.cancel(event.pointerId)),
    onPointerLeave: (): void => cross(crosshair.current, null),
    // The browser's own dragging of what is selected on the page would take the pointer away.
    onDragStart: (event: DragEvent<HTMLElement>): void => event.preventDefault(),
    onDoubleClick: (): void => {
      if (editor.selected.length > 0) act({ do: "to box" });
    },
  };
  return { handlers, crosshair };
}

/** On a busy machine a finger may be gone already; its release is told all the same. */
function capture({ currentTarget, pointerId }: PointerEvent<HTMLElement>): void {
  try {
    currentTarget.setPointerCapture(pointerId);
  } catch (problem) {
    if (!(problem instanceof DOMException)) throw problem;
  }
}

/** Moved without React: it follows every pixel of the pointer. */
function cross(lines: SVGSVGElement | null, at: Point | null): void {
  if (!lines) return;
  lines.style.display = at === null ? "none" : "block";
  if (at === null) return;
  lines.children[0]?.setAttribute("transform", `translate(0 ${at.y})`);
  lines.children[1]?.setAttribute("transform", `translate(${at.x} 0)`);
}

/** React's wheel handlers are passive; this one keeps the page from scrolling. */
function useWheel(canvas: RefObject<HTMLDivElement | null>, act: Props["act"]): void {
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const onWheel = (event: WheelEvent): void => {
      event.preventDefault();
      const stage = element.getBoundingClientRect();
      const at = { x: event.clientX - stage.left, y: event.clientY - stage.top };
      if (event.shiftKey) act({ do: "pan", by: { x: -(event.deltaX + event.deltaY), y: 0 } });
      else act({ do: "zoom", factor: Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), at });
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, [canvas, act]);
}
