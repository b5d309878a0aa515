// A phone whose battery can die: a browser with a profile on the disk, which is killed and started again.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "@playwright/test";
import { CHROMIUM, FLAGS, PHONE, run } from "./env.ts";
import { stubDetector } from "./camera.ts";
import { until } from "./server.ts";

export class Phone {
  readonly folder: string;
  private open: BrowserContext | null = null;
  private flags: string[];

  private constructor(folder: string, flags: string[]) {
    this.folder = folder;
    this.flags = flags;
  }

  static async switchOn(name: string, flags: string[] = []): Promise<Phone> {
    mkdirSync(join(run(), "profiles"), { recursive: true });
    const phone = new Phone(mkdtempSync(join(run(), "profiles", `${name}-`)), flags);
    await phone.start();
    return phone;
  }

  /** Another phone with everything that is on this one, which has to be switched off. It is off, too. */
  copied(name: string): Phone {
    if (this.open) throw new Error("the phone is on");
    const folder = mkdtempSync(join(run(), "profiles", `${name}-`));
    // Locks that say which process has the profile.
    const filter = (path: string) => !/\/Singleton[^/]*$/.test(path);
    cpSync(this.folder, folder, { recursive: true, filter });
    return new Phone(folder, this.flags);
  }

  get context(): BrowserContext {
    if (!this.open) throw new Error("the phone is off");
    return this.open;
  }

  /** Its one page. */
  get page(): Page {
    return this.context.pages()[0];
  }

  async start(): Promise<void> {
    this.open = await chromium.launchPersistentContext(this.folder, {
      ...PHONE,
      executablePath: CHROMIUM,
      args: [...FLAGS, ...this.flags],
    });
    if (this.flags.length === 0) await stubDetector(this.open);
  }

  /** Switched off as one should. */
  async switchOff(): Promise<void> {
    await this.open?.close();
    this.open = null;
  }

  /** The battery is empty: every process of this browser is killed in the middle of whatever it does. */
  async die(): Promise<void> {
    const closed = new Promise<void>((done) => this.context.once("close", () => done()));
    const own = () =>
      execFileSync("ps", ["-axww", "-o", "pid=,command="], { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 })
        .split("\n")
        .filter((line) => line.includes(this.folder) && /--(user-data-dir|type)=/.test(line))
        .map((line) => Number.parseInt(line, 10));
    for (const pid of own()) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // Went with its parent.
      }
    }
    await closed;
    await until("the browser's end", () => own().length === 0);
    this.open = null;
  }
}
