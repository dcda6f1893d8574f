/** Import counts that add up on screen: seen = imported + each other reason. */

export interface Sum { seen: number; imported: number; clamped: number; reasons: [name: string, count: number][]; adds: boolean }

const NOT_REASONS = new Set(["seen", "imported", "clamped", "pictures", "frames", "negatives", "texts", "boxes"]);

export function sumOf(counts: Record<string, number>): Sum {
  const reasons = Object.entries(counts).filter(([name, count]) => !NOT_REASONS.has(name) && count > 0);
  const imported = counts.imported ?? 0;
  const seen = counts.seen ?? 0;
  const lost = reasons.reduce((sum, [, count]) => sum + count, 0);
  return { seen, imported, clamped: counts.clamped ?? 0, reasons, adds: seen === imported + lost };
}

/**
 * What each class of the file becomes at first. The server's suggestion counts, and what it does not
 * name is left out; without any suggestion the same name or a known word for it, or nothing yet.
 */
export function firstMapping(
  labels: readonly string[], known: readonly string[], remembered: Readonly<Record<string, string | null>>,
): Record<string, string | null | undefined> {
  return Object.fromEntries(labels.map((label) => [label, firstOf(label, known, remembered)]));
}

const words: Record<string, readonly string[]> = {
  car: ["car", "auto", "carro", "coche", "vehicle", "vehiculo", "vehículo"],
  plate: ["plate", "placa", "license", "license_plate", "license-plate", "lpd", "patente", "matricula", "matrícula"],
};

function firstOf(label: string, known: readonly string[], remembered: Readonly<Record<string, string | null>>): string | null | undefined {
  if (Object.keys(remembered).length > 0) return remembered[label] ?? null;
  const plain = label.trim().toLowerCase();
  const same = known.find((one) => one.toLowerCase() === plain);
  if (same) return same;
  return known.find((one) => words[one]?.includes(plain)) ?? (/^\d+$/.test(plain) ? undefined : label);
}
