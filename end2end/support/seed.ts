// Makes the demo company once; every journey works on a copy of it.

import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { Client } from "./api.ts";
import { prepare } from "./demo.ts";
import { BINARY, CHROMIUM, run, RUNS, SITE } from "./env.ts";
import { Server } from "./server.ts";

const HOUR = 3_600_000;

/** Another server, another hour, another preparation: another company. */
function name(): string {
  const { size, mtimeMs } = statSync(BINARY);
  const hour = new Date().toISOString().slice(0, 13);
  const all = [size, mtimeMs, hour, prepare.toString()].join("/");
  return `seed-${createHash("sha256").update(all).digest("hex").slice(0, 12)}`;
}

/** Runs that were killed, companies of long ago. */
function sweep(): void {
  for (const old of readdirSync(RUNS)) {
    const path = join(RUNS, old);
    if (Date.now() - statSync(path).mtimeMs > HOUR) rmSync(path, { recursive: true, force: true });
  }
}

export default async function globalSetup(): Promise<() => void> {
  for (const [what, path] of [
    ["server", BINARY],
    ["site", join(SITE, "assets.json")],
    ["browser", CHROMIUM],
  ]) {
    if (!existsSync(path)) throw new Error(`the ${what} is missing: ${path}. \`cargo xtask test\` builds all of it.`);
  }
  mkdirSync(RUNS, { recursive: true });
  sweep();
  process.env.GUANJIA_E2E_RUN = `run-${process.pid}`;
  mkdirSync(run(), { recursive: true });
  // A build that is made meanwhile must not change the site under a journey.
  const site = join(run(), "site");
  cpSync(SITE, site, { recursive: true });

  const seed = join(RUNS, name());
  process.env.GUANJIA_E2E_SEED = seed;
  if (!existsSync(seed)) {
    const began = Date.now();
    const making = join(run(), "seed");
    const server = await Server.fresh(making, site);
    try {
      await prepare(await Client.signIn(server.url, "zhuguan1"));
    } finally {
      // Asked to stop, it leaves one database file without a log beside it.
      await server.stop();
    }
    // Somebody else's run may have made it meanwhile.
    if (existsSync(seed)) rmSync(making, { recursive: true, force: true });
    else renameSync(making, seed);
    console.log(`demo company made in ${((Date.now() - began) / 1000).toFixed(1)} s`);
  }
  return () => rmSync(run(), { recursive: true, force: true });
}
