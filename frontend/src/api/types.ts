/** The server's rows, by their short names. */
import type { components } from "./schema";

type Schemas = components["schemas"];
export type Id = number;
export type Session = Schemas["Session"];
export type Project = Schemas["Project"];
export type Membership = Schemas["Membership"];
export type Camera = Schemas["Camera"];
export type PlateFormat = Schemas["PlateFormat"];
export type Job = Schemas["Job"];
export type Video = Schemas["Video"];
export type Frame = Schemas["Frame"];

export interface ReportLine { file: string; line: number | null; outcome: string; sentence: string }
export interface ImportBatch {
  id: Id; project: Id; name: string; format: string; labels: Record<string, number>; needs_map: boolean;
  mapping: Record<string, string | null>; counts: Record<string, number>; report: ReportLine[]; dry_run: boolean;
  job: Id | null; created_at: string;
}
export type Kind = "detector" | "recognizer";
export interface DatasetVersion {
  id: Id; project: Id; kind: Kind; number: number; note: string; seed: number; manifest_hash: string;
  filter: Record<string, unknown>; split_rule: Record<string, unknown>; counts: Record<string, unknown>; incomplete: boolean;
  created_by: string | null; created_at: string;
}
export interface Export { id: Id; format: string; counts: Record<string, number>; file: string | null; job: Id | null; created_at: string }
export interface TrainingRun {
  id: Id; project: Id; kind: Kind; dataset: Id; parent: Id | null; trained_model: Id | null; config: Record<string, unknown>;
  seed: number; job: Job | null; created_by: string | null; created_at: string;
}
export interface Metric { step: number; name: string; value: number }
export interface TrainedModel {
  id: Id; project: Id | null; kind: Kind; name: string; network: string; metadata: Record<string, unknown>;
  figures: Record<string, unknown>; dataset: Id | null; parent: Id | null; current: boolean; created_at: string;
}
export interface InferenceRun {
  id: Id; project: Id; video: Id; detector: Id; recognizer: Id; options: Record<string, unknown>;
  throughput: Record<string, number>; job: Job | null; read_count?: number; reviewed_count?: number; created_at: string;
}
