// The table: a figure, its target, and whether it is reached.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SITE } from "../support/env.ts";

export interface Figure {
  measure: string;
  value: number;
  unit: string;
  /** Reached when not above it. */
  target?: number;
  /** Reached when not below it. */
  least?: number;
}

export function percentile(values: number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN;
}

export const median = (values: number[]): number => percentile(values, 0.5);

/** What a phone has to download, as the build weighed it. */
export function sizes(): Figure[] {
  const rows = (JSON.parse(readFileSync(join(SITE, "sizes.json"), "utf8")) as {
    rows: { name: string; brotli: number; limit: number | null }[];
  }).rows;
  return rows.map(({ name, brotli, limit }) => ({
    measure: `${name}, brotli`,
    value: brotli / 1000,
    unit: "kB",
    target: limit === null ? undefined : limit / 1000,
  }));
}

function columns(text: string): number {
  // Chinese characters take two columns of a terminal.
  return [...text].reduce((sum, sign) => sum + (/[\u1100-\u115f\u2e80-\uffe6]/.test(sign) ? 2 : 1), 0);
}

export function print(title: string, figures: Figure[]): void {
  const number = (value: number, unit: string) =>
    `${value >= 1000 ? Math.round(value).toLocaleString("en") : value.toFixed(value < 10 ? 2 : 1)} ${unit}`;
  const rows = figures.map(({ measure, value, unit, target, least }) => {
    const limit = target ?? least;
    const reached = target !== undefined ? value <= target : least !== undefined ? value >= least : true;
    const sign = target !== undefined ? "≤" : "≥";
    return [measure, number(value, unit), limit === undefined ? "" : `${sign} ${number(limit, unit)}`, limit === undefined ? "" : reached ? "✓" : "✗"];
  });
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => columns(row[column]))));
  console.log(`\n${title}`);
  for (const row of rows) {
    const pad = (column: number) => " ".repeat(widths[column] - columns(row[column]));
    console.log(`  ${row[0]}${pad(0)}  ${pad(1)}${row[1]}  ${pad(2)}${row[2]}  ${row[3]}`);
  }
}
