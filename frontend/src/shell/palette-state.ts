import { useSyncExternalStore } from "react";

type Overlay = "none" | "palette" | "help";
let open: Overlay = "none";
const listeners = new Set<() => void>();

function set(next: Overlay): void {
  open = next;
  for (const listener of listeners) listener();
}

export const openPalette = (): void => set("palette");
export const openHelp = (): void => set("help");
export const closeOverlay = (): void => set("none");

export function useOverlay(): Overlay {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => open,
    () => open,
  );
}
