import { language } from "../shared/language";

/** What the long works are called; the server names them by their function. */
const names: Record<string, { en: string; es: string }> = {
  ingest_video: { en: "Checking a video", es: "Revisar un video" },
  receive_import: { en: "Taking a file in", es: "Recibir un archivo" },
  delete_video: { en: "Deleting a video", es: "Borrar un video" },
  delete_project: { en: "Deleting a project", es: "Borrar un proyecto" },
  make_preview: { en: "Making a video playable", es: "Preparar la reproducción" },
  measure_activity: { en: "Measuring what moves", es: "Medir el movimiento" },
  condense_video: { en: "Making a short video", es: "Crear un video corto" },
  split_video: { en: "Making frames", es: "Crear fotogramas" },
  crop_plates: { en: "Cropping plates", es: "Recortar placas" },
  examine_import: { en: "Looking at a file", es: "Revisar un archivo" },
  run_import: { en: "Import", es: "Importación" },
  freeze_dataset: { en: "Freezing a dataset version", es: "Congelar una versión" },
  export_dataset: { en: "Export", es: "Exportación" },
  export_project: { en: "Export of the project", es: "Exportación del proyecto" },
  import_project: { en: "Restoring a project", es: "Restauración de un proyecto" },
  resize_boxes: { en: "Frames at one size", es: "Fotogramas a un tamaño" },
  resize_crops: { en: "Crops at one size", es: "Recortes a un tamaño" },
  train: { en: "Training", es: "Entrenamiento" },
  evaluate: { en: "Evaluation", es: "Evaluación" },
  compare: { en: "Judging models", es: "Evaluación de modelos" },
  export_model: { en: "Making an ONNX file", es: "Crear un archivo ONNX" },
  link_crops: { en: "Finding crops of one vehicle", es: "Buscar recortes de un mismo vehículo" },
  suggest: { en: "Suggesting texts", es: "Sugerir textos" },
  suggest_boxes: { en: "Suggesting boxes", es: "Sugerir recuadros" },
  record_camera: { en: "Recording a camera", es: "Grabación de una cámara" },
  read_pieces: { en: "Reading a camera", es: "Lectura de una cámara" },
  infer: { en: "Reading a video", es: "Lectura de un video" },
  learn_frames: { en: "Frames of what was reviewed", es: "Fotogramas de lo revisado" },
  accept_sure: { en: "Accepting sure reads", es: "Aceptar lecturas seguras" },
  undo_sure: { en: "Taking back what was accepted unseen", es: "Deshacer lo aceptado sin ver" },
  expire_readings: { en: "Deleting old readings", es: "Borrar lecturas antiguas" },
  annotate_video: { en: "Drawing the reads on a video", es: "Dibujar las lecturas en un video" },
  read_video: { en: "Reading a video", es: "Lectura de un video" },
};

export function taskName(task: string): string {
  const name = task.split(".").at(-1) ?? task;
  const known = names[name];
  if (known) return known[language()];
  const plain = name.replaceAll("_", " ");
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}
