// How the journeys are run: two files at a time (most of a journey is waiting), against the optimised server and site
// that `cargo xtask test` has built.

import { defineConfig } from "@playwright/test";
import { CHROMIUM, FLAGS } from "./support/env.ts";

export default defineConfig({
  testDir: "tests",
  outputDir: "test-results",
  globalSetup: "./support/seed.ts",
  workers: 2,
  fullyParallel: false,
  // A journey that passes only at the second try has found something: the test command says which. It does not stop
  // a change, because two busy cores are a reason, too.
  retries: 1,
  forbidOnly: Boolean(process.env.CI),
  timeout: 120_000,
  expect: { timeout: 20_000 },
  reporter: "list",
  use: {
    locale: "zh-CN",
    timezoneId: "Asia/Shanghai",
    actionTimeout: 20_000,
    navigationTimeout: 30_000,
    screenshot: "only-on-failure",
    trace: { mode: "retain-on-failure", screenshots: false, snapshots: true, sources: false },
    launchOptions: { executablePath: CHROMIUM, args: FLAGS },
  },
});
