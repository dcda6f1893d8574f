import { language } from "./language";

/** The address of a table as the spreadsheets of whoever reads this language open it: with 0.5 or 0,5. */
export function spreadsheet(address: string): string {
  if (language() !== "es") return address;
  return `${address}${address.includes("?") ? "&" : "?"}decimal=comma`;
}

export const readsTable = (run: number): string => spreadsheet(`/api/v1/inference-runs/${run}/csv/`);
