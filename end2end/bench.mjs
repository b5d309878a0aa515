// `cargo xtask bench` runs this: measures the optimised app in Chromium and prints each figure beside its target.
// The measuring itself is in bench/, on the same footing as the journeys.

import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = dirname(fileURLToPath(import.meta.url));
const playwright = join(folder, "node_modules/@playwright/test/cli.js");
const run = spawnSync(process.execPath, [playwright, "test", "--config", "bench/bench.config.ts"], {
  cwd: folder,
  stdio: "inherit",
});
process.exit(run.status ?? 1);
