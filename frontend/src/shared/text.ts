/**
 * The string catalogue's machinery. A table maps a key to its sentence in every language; each
 * folder may keep its own `texts.ts`, and texts.test.ts checks them all for completeness.
 *
 *     const t = useTexts(texts);
 *     t("frames_left", { count: 3 })   // "{count} frames left", one/other by count
 */
import { useMemo } from "react";
import { type Language, language, useLanguage } from "./language";
import { formatNumber } from "./format";

export type Sentence = string | { one: string; other: string };
type Entry = Record<Language, Sentence>;
export type Table = Record<string, Entry>;
export type Facts = Record<string, string | number>;
export type Translate<T extends Table> = (key: keyof T & string, facts?: Facts) => string;

/** Keeps the table's keys as its type. */
export function defineTexts<T extends Table>(table: T): T {
  return table;
}

/** Fills `{name}` places; numbers are written as the language does. */
export function fill(sentence: Sentence, facts: Facts, lang: Language): string {
  const template = typeof sentence === "string" ? sentence : sentence[plural(facts.count, lang)];
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const fact = facts[name];
    if (fact === undefined) return whole;
    return typeof fact === "number" ? formatNumber(fact, lang) : fact;
  });
}

function plural(count: string | number | undefined, lang: Language): "one" | "other" {
  return new Intl.PluralRules(lang).select(Number(count ?? 0)) === "one" ? "one" : "other";
}

export function translator<T extends Table>(table: T, lang: Language = language()): Translate<T> {
  return (key, facts = {}) => {
    const entry = table[key];
    return entry ? fill(entry[lang], facts, lang) : key;
  };
}

/** The same function until the language changes. */
export function useTexts<T extends Table>(table: T): Translate<T> {
  const lang = useLanguage();
  return useMemo(() => translator(table, lang), [table, lang]);
}
