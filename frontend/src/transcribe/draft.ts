/** The unfinished word survives a closed tab: it is kept at every key. */

import { type Field, textOf } from "./field";

export interface Draft {
  readonly crop: number;
  readonly field: Field;
}

type Keep = Pick<Storage, "getItem" | "setItem" | "removeItem">;

const key = (project: number): string => `lpr-draft-${project}`;

export function keepDraft(storage: Keep, project: number, draft: Draft): void {
  if (textOf(draft.field) === "") return dropDraft(storage, project);
  try {
    storage.setItem(key(project), JSON.stringify(draft));
  } catch {
    // Full or forbidden: typing goes on without.
  }
}

export function dropDraft(storage: Keep, project: number): void {
  storage.removeItem(key(project));
}

/** Null where there is none, or where something else wrote there. */
export function readDraft(storage: Keep, project: number): Draft | null {
  try {
    const draft = JSON.parse(storage.getItem(key(project)) ?? "null") as Draft | null;
    const whole = typeof draft?.crop === "number" && Array.isArray(draft.field?.cells) && typeof draft.field.caret === "number";
    return whole ? draft : null;
  } catch {
    return null;
  }
}
