/** The server's rows, by their short names. */
import type { components } from "./schema";

/** Every shape of the schema, for the requests that have no short name here. */
export type Schemas = components["schemas"];
export type Id = number;
export type Project = Schemas["Project"];
export type Membership = Schemas["Membership"];
export type Camera = Schemas["Camera"];
export type CameraRun = Schemas["CameraRun"];
export type CameraRead = Schemas["CameraRead"];
export type Job = Schemas["Job"];
export type Video = Schemas["Video"];

export type ImportBatch = Schemas["ImportBatch"];
export type ImportDetail = Schemas["ImportDetail"];
export type DatasetVersion = Schemas["DatasetVersion"];
export type DatasetItem = Schemas["DatasetItem"];
export type Kind = DatasetVersion["kind"];
export type Export = Schemas["Export"];
export type TrainingRun = Schemas["TrainingRun"];
export type Curves = Schemas["Curves"];
export type TrainingOption = Schemas["TrainingOption"];
export type TrainedModel = Schemas["TrainedModel"];
export type Evaluation = Schemas["Evaluation"];
export type Found = Schemas["Found"];
export type ShownItem = Schemas["ShownItem"];
export type InferenceRun = Schemas["InferenceRun"];
