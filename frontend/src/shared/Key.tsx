import { keyLabel } from "./commands";

/** A keycap, written as commands write keys: "Ctrl+Enter". */
export function Key({ k }: { k: string }) {
  return <kbd className="key">{keyLabel(k)}</kbd>;
}
