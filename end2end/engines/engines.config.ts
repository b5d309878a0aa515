// Engines other than Chromium. Playwright only runs these journeys; their browsers are driven by driver.ts.

import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: ".",
  outputDir: "../test-results/engines",
  globalSetup: "../support/seed.ts",
  workers: 1,
  fullyParallel: false,
  // As in ../playwright.config.ts.
  retries: 1,
  forbidOnly: Boolean(process.env.CI),
  timeout: 120_000,
  reporter: "list",
});
