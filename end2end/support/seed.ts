// Makes the demo company once; every journey works on a copy of it.

import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "./api.ts";
import { BINARY, CHROMIUM, RUN, SITE } from "./env.ts";
import { SEED, SEED_SITE, Server } from "./server.ts";
import { prepare } from "./demo.ts";

/** Changes when the company has to be made anew: another server, another hour, another preparation. */
function stamp(): string {
  const binary = statSync(BINARY);
  return [binary.size, binary.mtimeMs, new Date().toISOString().slice(0, 13), prepare.toString().length].join("/");
}

export default async function globalSetup(): Promise<void> {
  for (const [what, path] of [
    ["server", BINARY],
    ["site", join(SITE, "assets.json")],
    ["browser", CHROMIUM],
  ]) {
    if (!existsSync(path)) throw new Error(`the ${what} is missing: ${path}. \`cargo xtask test\` builds all of it.`);
  }
  mkdirSync(RUN, { recursive: true });
  rmSync(join(RUN, "servers"), { recursive: true, force: true });
  rmSync(join(RUN, "profiles"), { recursive: true, force: true });
  // A build that is made meanwhile must not change the site under a journey.
  rmSync(SEED_SITE, { recursive: true, force: true });
  cpSync(SITE, SEED_SITE, { recursive: true });

  const mark = join(SEED, "stamp");
  const wanted = stamp();
  if (existsSync(mark) && readFileSync(mark, "utf8") === wanted) return;
  rmSync(SEED, { recursive: true, force: true });
  const began = Date.now();
  const server = await Server.fresh(SEED, SEED_SITE);
  try {
    await prepare(await Client.signIn(server.url, "zhuguan1"));
  } finally {
    // Asked to stop, it leaves one database file without a log beside it.
    await server.stop();
  }
  writeFileSync(mark, wanted);
  console.log(`demo company made in ${((Date.now() - began) / 1000).toFixed(1)} s`);
}
