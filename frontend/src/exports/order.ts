/** What an export asks for, without React. */
import type { Kind, Schemas } from "../api/types";

export type Format = Schemas["ExportRequestRequest"]["format"];
export type What = "labelled" | "version" | "project";

/** The formats of each kind, in the order of the list; the same names everywhere. */
export const formats: Record<Kind, readonly (readonly [Format, string])[]> = {
  detector: [["yolo", "YOLO (Ultralytics)"], ["coco", "COCO"], ["kitti", "KITTI (TAO DetectNet)"], ["voc", "Pascal VOC"], ["cloud-annotations", "Cloud Annotations"], ["csv", "CSV"]],
  recognizer: [["lprnet", "TAO LPRNet"], ["csv", "CSV"], ["labelerjs", "labelerJS"], ["lprnet-pytorch", "LPRNet_Pytorch"], ["fast-plate-ocr", "fast-plate-ocr"]],
};

export function formatName(format: string): string {
  const all = [...formats.detector, ...formats.recognizer];
  return all.find(([value]) => value === format)?.[1] ?? format;
}

/** Formats that have a size of their own; the others keep the pictures as they are. */
export function usualSize(kind: Kind, format: Format): string {
  if (format === "kitti") return "960x544";
  return kind === "recognizer" && format === "lprnet" ? "96x48" : "";
}

/** "960x544" as [960, 544]; undefined for nothing, null for no size. */
export function parseSize(text: string): [number, number] | undefined | null {
  if (!text.trim()) return undefined;
  const match = /^\s*(\d{1,4})\s*[x×]\s*(\d{1,4})\s*$/i.exec(text);
  const size: [number, number] = [Number(match?.[1]), Number(match?.[2])];
  return match && size.every((side) => side >= 8 && side <= 8192) ? size : null;
}

export interface Order {
  what: What;
  kind: Kind;
  format: Format;
  dataset: number | null;
  video: number | null;
  label: string;
  size: string;
  hidden: boolean;
  withVideos: boolean;
}

/** The request for an order; null while something in it is missing or wrong. */
export function bodyOf(project: number, order: Order): Schemas["ExportRequestRequest"] | null {
  if (order.what === "project") return { project, format: "project", hidden: false, with_videos: order.withVideos };
  const size = parseSize(order.size);
  if (size === null || (order.what === "version" && order.dataset === null)) return null;
  const common = { format: order.format, hidden: order.kind === "detector" && order.hidden, with_videos: false, ...(size && { size }) };
  if (order.what === "version") return { dataset: order.dataset ?? 0, ...common };
  return {
    project, kind: order.kind, ...common,
    videos: order.video === null ? [] : [order.video],
    labels: order.kind === "detector" && order.label ? [order.label] : [],
  };
}

/** Counts worth a line, the larger things first; an archive counts too much to show all. */
export const SHOWN = ["pictures", "crops", "frames", "boxes", "transcriptions", "dataset_versions", "videos", "files", "characters", "skipped", "missing"] as const;

export function inside(counts: Readonly<Record<string, number>>): readonly (readonly [(typeof SHOWN)[number], number])[] {
  return SHOWN.flatMap((name) => (counts[name] ? [[name, counts[name]] as const] : []));
}
