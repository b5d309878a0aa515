// Makes the image of this release's phone: `npm run freeze-phone`. By hand and once for a release, never by a test.

import { defineConfig } from "@playwright/test";
import { CHROMIUM, FLAGS } from "../support/env.ts";

export default defineConfig({
  testDir: ".",
  testMatch: "*.freeze.ts",
  outputDir: "../test-results/freeze",
  globalSetup: "../support/seed.ts",
  workers: 1,
  retries: 0,
  timeout: 300_000,
  expect: { timeout: 30_000 },
  reporter: "list",
  use: { actionTimeout: 30_000, launchOptions: { executablePath: CHROMIUM, args: FLAGS } },
});
