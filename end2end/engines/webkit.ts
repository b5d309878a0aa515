// WebKit as distributions package it, WebKitGTK: the engine of Safari, driven by its own driver over HTTP, on a screen
// that nobody sees.

import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { openSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { PHONE } from "../support/env.ts";
import { freePort, until } from "../support/server.ts";
import { type CommandName, COMMANDS, type Engine, LOG, type Running } from "./driver.ts";
import { found } from "./programs.ts";

const BROWSER = join(dirname(fileURLToPath(import.meta.url)), "webkit-phone.py");

/** A Python with the bindings that the browser is written with; of the system's, where there are several. */
function python(): string | undefined {
  const test = 'import gi; gi.require_version("Gtk", "3.0"); gi.require_version("WebKit2", "4.1"); from gi.repository import WebKit2';
  return ["/usr/bin/python3", found("python3")].find((program) => {
    try {
      if (program) execFileSync(program, ["-c", test], { stdio: "ignore" });
      return Boolean(program);
    } catch {
      return false;
    }
  });
}

let screen: string | null = null;

/** A screen of its own, for as long as this program runs. */
async function display(): Promise<string> {
  if (screen) return screen;
  const server = spawn("Xvfb", ["-displayfd", "3", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"], {
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
  process.once("exit", () => server.kill("SIGKILL"));
  const number = await new Promise<string>((said, failed) => {
    server.stdio[3]!.once("data", (text) => said(String(text).trim()));
    server.once("exit", (code) => failed(new Error(`Xvfb ended with ${code}`)));
  });
  screen = `:${number}`;
  return screen;
}

async function ask(url: string, method: string, body?: object): Promise<any> {
  const answer = await fetch(url, { method, body: body && JSON.stringify(body) });
  const { value } = (await answer.json()) as { value: any };
  if (!answer.ok) throw new Error(`${value.error}: ${value.message}`);
  return value;
}

/** The browser, which the driver has started. */
function childOf(driver: ChildProcess): number {
  const text = execFileSync("ps", ["-axo", "pid=,ppid="], { encoding: "utf8" });
  for (const line of text.split("\n")) {
    const [pid, parent] = line.trim().split(/\s+/).map(Number);
    if (parent === driver.pid) return pid;
  }
  throw new Error("the driver has started no browser");
}

export const webkit: Engine = {
  name: "WebKit",
  // Chromium and Firefox take this machine for as safe as https; WebKit refuses the session's cookie there.
  encrypted: true,

  missing(): string[] {
    const without: string[] = [];
    if (!found("WebKitWebDriver")) without.push("webkit2gtk-driver");
    if (!found("Xvfb")) without.push("xvfb");
    if (!found("openssl")) without.push("openssl");
    if (!python()) without.push("python3-gi", "gir1.2-webkit2-4.1");
    return without;
  },

  async start(profile: string): Promise<Running> {
    const log = openSync(join(profile, LOG), "a");
    const port = await freePort();
    const environment = { ...process.env, DISPLAY: await display(), GDK_BACKEND: "x11", TZ: PHONE.timezoneId };
    const driver = spawn("WebKitWebDriver", [`--port=${port}`], { env: environment, stdio: ["ignore", log, log] });
    const end = (): boolean => driver.kill("SIGKILL");
    process.once("exit", end);
    const url = `http://127.0.0.1:${port}`;
    await until("the driver's start", async () => (await ask(`${url}/status`, "GET")).ready);
    const size = [PHONE.viewport.width, PHONE.viewport.height].map(String);
    const options = { binary: python(), args: [BROWSER, profile, ...size] };
    const { sessionId, capabilities } = await ask(`${url}/session`, "POST", {
      capabilities: { alwaysMatch: { acceptInsecureCerts: true, "webkitgtk:browserOptions": options } },
    });
    return {
      version: `${capabilities.browserName} ${capabilities.browserVersion}`,
      pid: childOf(driver),
      async send(command: CommandName, { id, ...params }: Record<string, unknown>): Promise<unknown> {
        const path = COMMANDS[command].path.replace("{id}", String(id));
        return ask(`${url}/session/${sessionId}${path}`, "POST", params);
      },
      async release(): Promise<void> {
        end();
      },
    };
  },
};
