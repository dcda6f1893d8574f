/** Marks on pictures: car and plate have their own colour, further labels take turns. */
const NAMED: Readonly<Record<string, string>> = { car: "var(--car)", plate: "var(--plate)" };
const FURTHER = ["var(--label-3)", "var(--label-4)", "var(--label-5)"];

export function colourOf(label: string, labels: readonly string[]): string {
  const others = labels.filter((name) => !(name in NAMED));
  return NAMED[label] ?? FURTHER[Math.max(others.indexOf(label), 0) % FURTHER.length] ?? "var(--label-3)";
}
