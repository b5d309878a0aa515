// Firefox as distributions package it, driven by Marionette: what its own driver, which is not packaged everywhere,
// would speak with it. Messages are JSON behind their length, over a local socket.

import { spawn } from "node:child_process";
import { existsSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { PHONE } from "../support/env.ts";
import { until } from "../support/server.ts";
import { type CommandName, COMMANDS, type Engine, LOG, type Running } from "./driver.ts";
import { found } from "./programs.ts";

const PROGRAM = process.env.FIREFOX || found("firefox-esr", "firefox");

/** A quiet browser of somebody who reads Chinese; nothing that the app would notice is set. */
const PREFERENCES: Record<string, string | number | boolean> = {
  "intl.accept_languages": "zh-CN",
  // What the page complains of, where the journey looks for it.
  "devtools.console.stdout.content": true,
  // Written to the profile, once chosen.
  "marionette.port": 0,
  "app.normandy.enabled": false,
  "app.update.enabled": false,
  "browser.aboutwelcome.enabled": false,
  "browser.safebrowsing.downloads.enabled": false,
  "browser.safebrowsing.malware.enabled": false,
  "browser.safebrowsing.phishing.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "browser.startup.homepage": "about:blank",
  "browser.startup.page": 0,
  // A browser that was killed would ask whether to start in safe mode.
  "toolkit.startup.max_resumed_crashes": -1,
  "browser.sessionstore.resume_from_crash": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "extensions.getAddons.cache.enabled": false,
  "extensions.systemAddon.update.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "services.settings.server": "data:,#remote-settings-dummy/v1",
  "toolkit.telemetry.enabled": false,
};

/** Firefox's own windows are no narrower than 450 pixels; what is shown in them may be. */
const NARROW = `
  const { style } = window.gBrowser.selectedBrowser;
  for (const [side, length] of [["width", arguments[0]], ["height", arguments[1]]]) {
    for (const name of [side, "min-" + side, "max-" + side]) style.setProperty(name, length + "px");
  }`;

class Marionette {
  private readonly socket: Socket;
  private received = Buffer.alloc(0);
  private readonly waiting = new Map<number, { done: (value: any) => void; failed: (error: Error) => void }>();
  private last = 0;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk) => this.take(chunk));
    const ended = (): void => {
      for (const { failed } of this.waiting.values()) failed(new Error("Firefox has ended"));
      this.waiting.clear();
    };
    socket.on("error", ended);
    socket.on("close", ended);
  }

  static async with(port: number): Promise<Marionette> {
    const socket = connect(port, "127.0.0.1");
    await new Promise<void>((done, failed) => {
      socket.once("connect", done);
      socket.once("error", failed);
    });
    return new Marionette(socket);
  }

  call(name: string, params: object = {}): Promise<any> {
    const id = ++this.last;
    const text = JSON.stringify([0, id, name, params]);
    return new Promise((done, failed) => {
      this.waiting.set(id, { done, failed });
      this.socket.write(`${Buffer.byteLength(text)}:${text}`);
    });
  }

  end(): void {
    this.socket.destroy();
  }

  private take(chunk: Buffer): void {
    this.received = Buffer.concat([this.received, chunk]);
    for (;;) {
      const colon = this.received.indexOf(":");
      if (colon < 0) return;
      const end = colon + 1 + Number(this.received.subarray(0, colon));
      if (this.received.length < end) return;
      const message = JSON.parse(this.received.subarray(colon + 1, end).toString()) as unknown;
      this.received = this.received.subarray(end);
      // The first one is a greeting.
      if (!Array.isArray(message)) continue;
      const [, id, error, result] = message;
      const one = this.waiting.get(id);
      this.waiting.delete(id);
      if (error) one?.failed(new Error(`${error.error}: ${error.message}`));
      else one?.done(result);
    }
  }
}

export const firefox: Engine = {
  name: "Firefox",

  missing: () => (PROGRAM ? [] : ["firefox-esr"]),

  async start(profile: string): Promise<Running> {
    if (!PROGRAM) throw new Error("Firefox is missing");
    const lines = Object.entries(PREFERENCES).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});\n`);
    writeFileSync(join(profile, "user.js"), lines.join(""));
    const port = join(profile, "MarionetteActivePort");
    rmSync(port, { force: true });
    const log = openSync(join(profile, LOG), "a");
    const child = spawn(
      PROGRAM,
      ["--headless", "--marionette", "--remote-allow-system-access", "--no-remote", "--profile", profile, "about:blank"],
      { env: { ...process.env, TZ: PHONE.timezoneId }, stdio: ["ignore", log, log] },
    );
    process.once("exit", () => child.kill("SIGKILL"));
    await until("Firefox's start", () => existsSync(port) && readFileSync(port, "utf8").trim() !== "", 60_000);
    const wire = await Marionette.with(Number(readFileSync(port, "utf8")));
    const { capabilities } = await wire.call("WebDriver:NewSession", {});
    await wire.call("Marionette:SetContext", { value: "chrome" });
    await wire.call("WebDriver:ExecuteScript", { script: NARROW, args: [PHONE.viewport.width, PHONE.viewport.height] });
    await wire.call("Marionette:SetContext", { value: "content" });
    return {
      version: `Firefox ${capabilities.browserVersion}`,
      pid: child.pid!,
      async send(command: CommandName, params: Record<string, unknown>): Promise<unknown> {
        // In the page's own world, as the other wire does it.
        const world = /script/i.test(command) ? { sandbox: null } : {};
        return (await wire.call(COMMANDS[command].name, { ...params, ...world }))?.value;
      },
      async release(): Promise<void> {
        wire.end();
      },
    };
  },
};
