// What a browser is to these journeys: something that is driven by the W3C's WebDriver commands, has its profile on the
// disk, and can be killed. Playwright drives only browsers of its own making, and those cannot be had everywhere.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../support/server.ts";

/** The commands that are used, as both wires name them: Marionette by name, HTTP by address. */
export const COMMANDS = {
  navigate: { name: "WebDriver:Navigate", path: "/url" },
  script: { name: "WebDriver:ExecuteScript", path: "/execute/sync" },
  asyncScript: { name: "WebDriver:ExecuteAsyncScript", path: "/execute/async" },
  click: { name: "WebDriver:ElementClick", path: "/element/{id}/click" },
  type: { name: "WebDriver:ElementSendKeys", path: "/element/{id}/value" },
  timeouts: { name: "WebDriver:SetTimeouts", path: "/timeouts" },
} as const;
export type CommandName = keyof typeof COMMANDS;

/** A running browser. */
export interface Running {
  /** Name and version, as it says itself. */
  version: string;
  /** Its first process; all others are below it. */
  pid: number;
  send(command: CommandName, params: Record<string, unknown>): Promise<unknown>;
  /** Lets go of what drives it; the browser has ended. */
  release(): Promise<void>;
}

export interface Engine {
  name: string;
  /** What has to be installed before it can be tested, or nothing. */
  missing(): string[];
  /** It keeps no session on plain http, not even of this machine. */
  encrypted?: boolean;
  /** Starts it on the profile in this folder. */
  start(profile: string): Promise<Running>;
}

/** What a browser prints, and what pages complain of: a file in its profile. */
export const LOG = "browser.log";

/** A panic, an error that nobody caught, something that the policy of the server forbids: as the engines print it. That a
    request came to nothing is none. */
const COMPLAINT = /panicked|RuntimeError|JavaScript error: http|CONSOLE (JS|SECURITY) ERROR (?!Fetch API cannot load)/;
/** WebKitGTK knows no manifests, and says of their directive that it does not know it. */
const UNKNOWN_HERE = "Unrecognized Content-Security-Policy directive 'manifest-src'";

/** How references to elements look on the wire. */
export const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";

/** A phone with this engine's browser on it. It is switched on, and its battery may die. */
export class EnginePhone {
  private readonly engine: Engine;
  private readonly profile: string;
  private running: Running | null = null;

  constructor(engine: Engine, profile: string) {
    this.engine = engine;
    this.profile = profile;
  }

  async start(): Promise<void> {
    this.running = await this.engine.start(this.profile);
    await this.send("timeouts", { script: 60_000, pageLoad: 60_000, implicit: 0 });
  }

  /** Faults of the app that the page has complained of, since the phone was new. */
  complaints(): string[] {
    const lines = readFileSync(join(this.profile, LOG), "utf8").split("\n");
    return lines.filter((line) => COMPLAINT.test(line) && !line.includes(UNKNOWN_HERE));
  }

  get version(): string {
    return this.browser.version;
  }

  /** Every process of this browser is killed at once, in the middle of whatever it does. */
  async die(): Promise<void> {
    const browser = this.running;
    if (!browser) return;
    this.running = null;
    const all = family(browser.pid);
    for (const pid of all) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // Went with its parent.
      }
    }
    await until("the browser's end", () => all.every((pid) => !alive(pid)));
    await browser.release();
  }

  async open(url: string): Promise<void> {
    await this.send("navigate", { url });
  }

  /** As people do it. The drivers' own command for it passes by what is kept for working offline. */
  async reload(): Promise<void> {
    await this.run("window.before = true; location.reload();");
    await until("the page anew", () => this.run<boolean>("return !window.before && document.readyState === 'complete';"));
  }

  /** The value of a function's body in the page. */
  async run<T>(script: string, ...args: unknown[]): Promise<T> {
    return (await this.send("script", { script, args })) as T;
  }

  /** The same of an async function's body. */
  async runAsync<T>(script: string, ...args: unknown[]): Promise<T> {
    const waiting = `const told = arguments[arguments.length - 1];
      (async (...args) => { ${script} })(...arguments).then((value) => told({ value }), (problem) => told({ problem: String(problem) }));`;
    const { value, problem } = (await this.send("asyncScript", { script: waiting, args })) as { value: T; problem?: string };
    if (problem !== undefined) throw new Error(problem);
    return value;
  }

  async click(element: object): Promise<void> {
    await this.send("click", { id: idOf(element) });
  }

  async type(element: object, text: string): Promise<void> {
    await this.send("type", { id: idOf(element), text });
  }

  private get browser(): Running {
    if (!this.running) throw new Error("the phone is off");
    return this.running;
  }

  private send(command: CommandName, params: Record<string, unknown>): Promise<unknown> {
    return this.browser.send(command, params);
  }
}

function idOf(element: object): string {
  return (element as Record<string, string>)[ELEMENT];
}

/** Id, parent and state of all processes. */
function processes(): { pid: number; parent: number; state: string }[] {
  const text = execFileSync("ps", ["-axo", "pid=,ppid=,state="], { encoding: "utf8" });
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [pid, parent, state] = line.trim().split(/\s+/);
      return { pid: Number(pid), parent: Number(parent), state };
    });
}

/** A process and all below it. */
function family(first: number): number[] {
  const all = processes();
  const found = [first];
  for (const one of found) found.push(...all.filter(({ parent }) => parent === one).map(({ pid }) => pid));
  return found;
}

/** What was killed and whose parent has not asked for it yet is not alive. */
function alive(pid: number): boolean {
  return processes().some((one) => one.pid === pid && !one.state.startsWith("Z"));
}
