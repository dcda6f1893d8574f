/** Import counts that add up on screen: seen = imported + each other reason. */

export interface Sum { seen: number; imported: number; clamped: number; reasons: [name: string, count: number][]; adds: boolean }
export type Counts = Readonly<Record<string, number>>;
export type Mapping = Readonly<Record<string, string | null | undefined>>;

const NOT_REASONS = new Set(["seen", "imported", "clamped"]);

export function sumOf(counts: Counts): Sum {
  const reasons = Object.entries(counts).filter(([name, count]) => !NOT_REASONS.has(name) && count > 0);
  const imported = counts.imported ?? 0;
  const seen = counts.seen ?? 0;
  const lost = reasons.reduce((sum, [, count]) => sum + count, 0);
  return { seen, imported, clamped: counts.clamped ?? 0, reasons, adds: seen === imported + lost };
}

/** A number below 0 is where the tool had no class: it is no choice of the person's. */
const isNoClass = (label: string): boolean => /^-\d/.test(label);

/**
 * The counts as they will be with this mapping. `fixed` are the reasons that no mapping changes,
 * `classes` says what becomes of the boxes of each class if it is taken.
 */
export function underMapping(
  counts: Counts, fixed: Counts | undefined, classes: Readonly<Record<string, { outcomes: Counts }>>, mapping: Mapping,
): Counts {
  if (!fixed || Object.keys(classes).length === 0) return counts;
  const sum: Record<string, number> = { seen: counts.seen ?? 0, imported: 0, clamped: 0 };
  const add = (name: string, count: number) => { sum[name] = (sum[name] ?? 0) + count; };
  for (const [name, count] of Object.entries(fixed)) add(name, count);
  for (const [label, { outcomes }] of Object.entries(classes)) {
    const all = Object.entries(outcomes).reduce((total, [name, count]) => total + (name === "clamped" ? 0 : count), 0);
    if (mapping[label]) for (const [name, count] of Object.entries(outcomes)) add(name, count);
    else add(isNoClass(label) ? "index_out_of_range" : "ignored", all);
  }
  return sum;
}

/** What is sent: every class has its decision, left out where there is none. */
export function decided(mapping: Mapping): Record<string, string | null> {
  const chosen = Object.entries(mapping).filter(([label, becomes]) => becomes || !isNoClass(label));
  return Object.fromEntries(chosen.map(([label, becomes]) => [label, becomes?.trim() || null]));
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
