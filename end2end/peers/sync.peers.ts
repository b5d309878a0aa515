// The same work against a peer, on the same machine in one run: `make bench-peers`. What is compared, and how fairly, is
// in README.md.

import { cpus, loadavg, totalmem } from "node:os";
import { test } from "@playwright/test";
import { median, percentile } from "../bench/table.ts";
import { guanjia, workOf } from "./guanjia.ts";
import { pouchdb, pouchdbDurable } from "./pouchdb.ts";
import { raw } from "./raw.ts";
import { print, type Row } from "./table.ts";
import { type Measure, type Measured, PUSHED } from "./work.ts";

const RUNS = 3;

const WHO: [string, Measure][] = [
  ["Guanjia", guanjia],
  ["PouchDB", pouchdb],
  ["raw", raw],
];

const load = (): string => loadavg()[0].toFixed(1);

test("sync beside its peers", async ({ browser }) => {
  const work = await workOf();
  const began = load();
  const runs = WHO.map((): Measured[] => []);
  const durable: number[] = [];
  // In turn, so that what else the machine does meets everybody alike.
  for (let run = 1; run <= RUNS; run += 1) {
    for (const [index, [name, measure]] of WHO.entries()) {
      const measured = await measure(browser, work, false);
      runs[index].push(measured);
      const { first, push, live } = measured.noted;
      // A long measurement says where it is.
      console.log(
        `run ${run}, ${name}: first sync ${first.toFixed(0)} ms, push ${push.toFixed(0)} ms, live p50 ${median(live).toFixed(1)} ms, p95 ${percentile(live, 0.95).toFixed(1)} ms, load ${load()}`,
      );
    }
    durable.push(await pouchdbDurable(browser, work));
    console.log(`run ${run}, PouchDB with fsync: push ${durable.at(-1)!.toFixed(0)} ms`);
  }
  // Once more through a door that counts: it would cost time.
  const counted: Measured[] = [];
  for (const [, measure] of WHO) counted.push(await measure(browser, work, true));

  const time = (of: (measured: Measured) => number) => runs.map((each) => median(each.map(of)));
  const bytes = (of: (measured: Measured) => number) => counted.map((each) => of(each) / 1000);
  const row = (measure: string, unit: string, [guanjia, peer, raw]: number[]): Row => ({ measure, unit, guanjia, peer, raw });
  const pushes = time(({ noted }) => noted.push);
  print(`Guanjia beside PouchDB 9.0.0, median of ${RUNS} runs`, [
    row(`first sync of ${work.rows.length.toLocaleString("en")} records into IndexedDB`, "ms", time(({ noted }) => noted.first)),
    row("  … on the wire", "kB", bytes(({ bytes }) => bytes.first)),
    row(`push of ${PUSHED.toLocaleString("en")} recorded offline, PouchDB without fsync`, "ms", pushes),
    row("  … PouchDB with fsync, as the others", "ms", [pushes[0], median(durable), pushes[2]]),
    row("  … on the wire", "kB", bytes(({ bytes }) => bytes.push)),
    row("live change → kept by a second client, p50", "ms", time(({ noted }) => percentile(noted.live, 0.5))),
    row("live change → kept by a second client, p95", "ms", time(({ noted }) => percentile(noted.live, 0.95))),
    row("  … one change on the wire, both clients", "kB", bytes(({ bytes }) => bytes.live)),
  ]);
  const [{ model }] = cpus();
  console.log(
    `  ${cpus().length} cores ${model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Chromium ${browser.version()}, Node ${process.versions.node}, load ${began} before and ${load()} after`,
  );
});
