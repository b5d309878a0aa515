// Where the things under test are. Everything can be set by environment variables; the defaults are what
// `cargo xtask build` and `cargo build --release` leave behind.

import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository. */
export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
/** What runs leave behind: the demo company for the next one. */
export const RUNS = join(ROOT, "end2end/.run");

/** Databases, profiles and copies of this run, which another one at the same time must not touch. */
export function run(): string {
  const name = process.env.GUANJIA_E2E_RUN;
  if (!name) throw new Error("the global set-up has not run");
  return join(RUNS, name);
}

export const BINARY = resolve(process.env.GUANJIA_E2E_BINARY || join(ROOT, "target/release/guanjia"));
export const SITE = resolve(process.env.GUANJIA_SITE || join(ROOT, "target/site"));
export const CHROMIUM = process.env.CHROMIUM || "/usr/bin/chromium";

/** Quiet, without a GPU, and with a camera that needs no permission. */
export const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
];

/** Of every demo account. */
export const PASSWORD = "demo-2011";

export const PHONE = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  hasTouch: true,
  isMobile: true,
  locale: "zh-CN",
  timezoneId: "Asia/Shanghai",
} as const;

export const DESK = {
  viewport: { width: 1440, height: 900 },
  locale: "zh-CN",
  timezoneId: "Asia/Shanghai",
} as const;
