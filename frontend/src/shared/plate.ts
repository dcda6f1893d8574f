/** How a plate's text is shown. Separators are only shown, never typed or stored. */

export interface PlateMark {
  character: string;
  kind: "letter" | "digit" | "separator" | "unknown";
  /** Position in the stored text; -1 for a separator. */
  index: number;
}

/** Doubt begins below these: amber on one character, amber on a whole read. */
export const DOUBTFUL_CHARACTER = 0.9;
export const DOUBTFUL_READ = 0.8;

/** The text as marks, with a hyphen where the letters in front meet the digits. */
export function plateMarks(text: string): PlateMark[] {
  const marks = [...text].map((character, index): PlateMark => ({ character, kind: kindOf(character), index }));
  const head = /^[A-Z?]{2,4}(?=[0-9?]{2,4}[A-Z]?$)/.exec(text)?.[0];
  // "ABC?123" is ambiguous: without a clear first digit after the letters nothing is put between.
  if (!head || !/[A-Z]$/.test(head)) return marks;
  return [...marks.slice(0, head.length), { character: "-", kind: "separator", index: -1 }, ...marks.slice(head.length)];
}

function kindOf(character: string): PlateMark["kind"] {
  if (/[0-9]/.test(character)) return "digit";
  if (character === "?") return "unknown";
  if (/[\s.·-]/.test(character)) return "separator";
  return "letter";
}
