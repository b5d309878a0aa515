// Measuring against others: as in bench/, one browser, nothing recorded, nothing repeated behind one's back.

import { defineConfig } from "@playwright/test";
import bench from "../bench/bench.config.ts";

export default defineConfig(bench, {
  testDir: ".",
  testMatch: "*.peers.ts",
  outputDir: "../test-results/peers",
  globalSetup: "../support/seed.ts",
  reporter: "../bench/reporter.ts",
  timeout: 1_800_000,
});
