// Measuring: one browser, nothing recorded, nothing repeated behind one's back.

import { defineConfig } from "@playwright/test";
import { CHROMIUM, FLAGS } from "../support/env.ts";

export default defineConfig({
  testDir: ".",
  testMatch: "*.bench.ts",
  outputDir: "../test-results/bench",
  globalSetup: "../support/seed.ts",
  workers: 1,
  retries: 0,
  timeout: 600_000,
  reporter: "./reporter.ts",
  use: {
    trace: "off",
    screenshot: "off",
    // What does not come is a fault of the bench, to be told with its place.
    actionTimeout: 30_000,
    launchOptions: { executablePath: CHROMIUM, args: FLAGS },
  },
});
