import { useSyncExternalStore } from "react";
import { keep } from "./keep";

export type Language = "en" | "es";
export const languages: readonly Language[] = ["en", "es"];

const KEY = "lpr-language";
const listeners = new Set<() => void>();

function initial(): Language {
  if (typeof localStorage === "undefined") return "en";
  const saved = localStorage.getItem(KEY);
  if (saved === "en" || saved === "es") return saved;
  return navigator.language.toLowerCase().startsWith("es") ? "es" : "en";
}

let current: Language = initial();

export function language(): Language {
  return current;
}

/** Changes the language of every text on the page and remembers it in this browser. */
export function setLanguage(next: Language): void {
  current = next;
  keep(KEY, next);
  if (typeof document !== "undefined") document.documentElement.lang = next;
  for (const listener of listeners) listener();
}

export function useLanguage(): Language {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    language,
    language,
  );
}
