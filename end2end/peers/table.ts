// The table: Guanjia, the peer and how many times more it takes, and the limit and how far Guanjia is above it.

export interface Row {
  measure: string;
  unit: string;
  guanjia: number;
  peer: number;
  raw: number;
}

const HEAD = ["", "Guanjia", "PouchDB", "PouchDB ÷ Guanjia", "raw limit", "Guanjia ÷ raw"];

export function print(title: string, rows: Row[]): void {
  const number = (value: number, unit: string) =>
    `${value >= 1000 ? Math.round(value).toLocaleString("en") : value.toFixed(value < 10 ? 2 : 1)} ${unit}`;
  const times = (more: number, less: number) => `${(more / less).toFixed(more / less < 10 ? 2 : 1)} ×`;
  const cells = [
    HEAD,
    ...rows.map(({ measure, unit, guanjia, peer, raw }) => [
      measure,
      number(guanjia, unit),
      number(peer, unit),
      times(peer, guanjia),
      number(raw, unit),
      times(guanjia, raw),
    ]),
  ];
  const widths = HEAD.map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  console.log(`\n${title}`);
  for (const row of cells) {
    console.log(`  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join("  ")}`);
  }
}
