// What every journey starts from: a running server on a copy of the demo company, one for each file of journeys.

import { basename } from "node:path";
import { type BrowserContext, type BrowserContextOptions, expect, type Page, test as base } from "@playwright/test";
import { stubDetector } from "./camera.ts";
import { DESK, PHONE } from "./env.ts";
import { Server } from "./server.ts";

interface Holder {
  server: Server | null;
  file: string;
}

interface Journey {
  server: Server;
  /** A phone without history; a narrower one, or with another browser on it, if so wanted. */
  phone: (other?: BrowserContextOptions) => Promise<BrowserContext>;
  /** A computer in the office. */
  desk: () => Promise<BrowserContext>;
}

export const test = base.extend<Journey, { holder: Holder }>({
  holder: [
    async ({}, use) => {
      const holder: Holder = { server: null, file: "" };
      await use(holder);
      await holder.server?.remove();
    },
    { scope: "worker" },
  ],
  server: async ({ holder }, use, info) => {
    if (!holder.server || holder.file !== info.file) {
      await holder.server?.remove();
      holder.server = await Server.onCopy(basename(info.file, ".spec.ts"));
      holder.file = info.file;
    }
    if (!holder.server.running) await holder.server.start();
    await use(holder.server);
    if (info.status !== info.expectedStatus) {
      await info.attach("server.log", { path: `${holder.server.folder}/server.log`, contentType: "text/plain" });
    }
  },
  phone: async ({ browser }, use) => {
    const open: BrowserContext[] = [];
    await use(async (other) => {
      const context = await browser.newContext({ ...PHONE, ...other });
      await stubDetector(context);
      open.push(context);
      return context;
    });
    await Promise.all(open.map((context) => context.close()));
  },
  desk: async ({ browser }, use) => {
    const open: BrowserContext[] = [];
    await use(async () => {
      const context = await browser.newContext(DESK);
      open.push(context);
      return context;
    });
    await Promise.all(open.map((context) => context.close()));
  },
});

const FAULT = /panicked|RuntimeError|Content[ -]Security[ -]Policy/i;

/**
 * Fails a journey when the app itself reports a fault, or the browser one of the app's: something that the policy
 * of the server forbids. Call it on a page before it is used.
 */
export function watchFaults(page: Page): string[] {
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && FAULT.test(message.text())) faults.push(message.text());
  });
  return faults;
}

export { expect };
