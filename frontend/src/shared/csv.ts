/** Curves as a table for other programs: dots for decimals, commas between, whatever the language. */
import { fileName, save } from "./png";

interface Column { name: string; values: readonly (number | null)[] }

export function csvOf(xName: string, x: readonly number[], columns: readonly Column[]): string {
  const quoted = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = x.map((at, row) => [at, ...columns.map((one) => one.values[row] ?? "")].join(","));
  return [[xName, ...columns.map((one) => one.name)].map(quoted).join(","), ...lines, ""].join("\r\n");
}

export function saveCsv(title: string, xName: string, x: readonly number[], columns: readonly Column[]): void {
  save(new Blob([csvOf(xName, x, columns)], { type: "text/csv" }), `${fileName(title)}.csv`);
}
