/** A trained model's figures, read from the server's JSON with care. */

interface LabelFigures { label: string; images?: number; objects?: number; recall_50?: number; precision_50?: number; ap_50?: number }
export interface Figures { map?: number; exact?: number; char?: number; crops?: number; ms_per_crop?: number; labels: LabelFigures[] }

export function figuresOf(json: unknown): Figures {
  if (!json || typeof json !== "object") return { labels: [] };
  const numbers: Record<string, number> = {};
  const labels: LabelFigures[] = [];
  for (const [name, value] of Object.entries(json)) {
    if (typeof value === "number") numbers[name] = value;
    else if (value && typeof value === "object" && "ap_50" in value) labels.push({ label: name, ...(value as object) });
  }
  const { map, exact, char, crops, ms_per_crop } = numbers;
  return { map, exact, char, crops, ms_per_crop, labels };
}

/** The one figure a model is chosen by. */
export function headline(kind: string, json: unknown): number | undefined {
  const figures = figuresOf(json);
  return kind === "recognizer" ? figures.exact : figures.map;
}

/** Whether the figures are of pictures that the model learned from: no others were kept back. */
export function onLearned(json: unknown): boolean {
  return Boolean(json && typeof json === "object" && "split" in json && json.split === "train");
}
