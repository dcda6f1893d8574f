import { keyLabel, keyNow } from "./commands";
import { useKeymap } from "./keymap";

/** A keycap, written as commands write keys: "Ctrl+Enter". Names the usual key; the person's own is shown. */
export function Key({ k, exact = false }: { k: string; exact?: boolean }) {
  useKeymap();
  return <kbd className="key">{keyLabel(exact ? k : keyNow(k))}</kbd>;
}
