// The product's own texts, by key: journeys find things by what people read, and a changed word changes no journey.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./env.ts";

export type Language = "zh-Hans" | "zh-Hant" | "en";
export const LANGUAGES: Language[] = ["zh-Hans", "zh-Hant", "en"];

const tables = new Map<string, Record<string, string>>();

function table(language: Language, namespace: string): Record<string, string> {
  const name = `${language}/${namespace}.json`;
  let found = tables.get(name);
  if (!found) {
    found = JSON.parse(readFileSync(join(ROOT, "app/locales", name), "utf8")) as Record<string, string>;
    tables.set(name, found);
  }
  return found;
}

function raw(key: string, language: Language): string {
  const [namespace, name] = key.split(".");
  const text = table(language, namespace)[name];
  if (text === undefined) throw new Error(`there is no text ${key} in ${language}`);
  return text;
}

/** `t("frame.badge_waiting", { n: 3 })`, in Simplified Chinese unless told otherwise. */
export function t(key: string, values: Record<string, string | number> = {}, language: Language = "zh-Hans"): string {
  return raw(key, language).replace(/\{(\w+)\}/g, (whole, name: string) =>
    name in values ? String(values[name]) : whole,
  );
}

/** The same as a pattern, with anything where no value is given. */
export function pattern(
  key: string,
  values: Record<string, string | number> = {},
  language: Language = "zh-Hans",
): RegExp {
  const parts = raw(key, language).split(/(\{\w+\})/);
  const source = parts.map((part) => {
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name === undefined) return escape(part);
    return name in values ? escape(String(values[name])) : ".+?";
  });
  return new RegExp(`^\\s*${source.join("")}\\s*$`);
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
