import type { ShownItem } from "../api/types";
import "./model-report.css";

/** A frame with what is labelled on it (dashed) and what a network found (full). */
export function Boxed({ item, boxes }: { item: ShownItem; boxes: unknown }) {
  const rows = (given: unknown) => (Array.isArray(given) ? (given as [string, number, number, number, number][]) : []);
  const draw = (list: [string, number, number, number, number][], kind: string) => list.map(([label, x1, y1, x2, y2], at) => (
    <rect key={`${kind}${at}`} className={`${kind} ${label === "plate" ? "plate" : "car"}`} x={x1} y={y1} width={x2 - x1} height={y2 - y1} />
  ));
  return (
    <div className="boxed" style={{ aspectRatio: `${item.width} / ${item.height}` }}>
      <img src={`/api/v1/media/dataset-items/${item.id}/`} alt="" loading="lazy" />
      <svg viewBox={`0 0 ${item.width} ${item.height}`} aria-hidden="true">{draw(rows(item.boxes), "truth")}{draw(rows(boxes), "found")}</svg>
    </div>
  );
}
