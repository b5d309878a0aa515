// One server of a journey: the real binary, on a copy of the demo company that was made once.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { BINARY, run } from "./env.ts";

/** The demo company that the copies are made of; the global set-up says where. */
function seed(): string {
  const folder = process.env.GUANJIA_E2E_SEED;
  if (!folder) throw new Error("the global set-up has not run");
  return folder;
}

export function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const probe = createServer();
    probe.once("error", failed);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      const port = typeof address === "object" && address ? address.port : 0;
      probe.close(() => found(port));
    });
  });
}

/** Something that will not get better by waiting. */
class Hopeless extends Error {}

/** Waits until `look` finds something. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  within = 30_000,
): Promise<T> {
  const end = Date.now() + within;
  let problem: unknown;
  for (;;) {
    try {
      const found = await look();
      if (found) return found;
    } catch (error) {
      if (error instanceof Hopeless) throw error;
      problem = error;
    }
    if (Date.now() > end) throw new Error(`${what} did not happen within ${within} ms: ${problem ?? "no error"}`);
    await new Promise((later) => setTimeout(later, 50));
  }
}

const running = new Set<ChildProcess>();
// What a test that failed left behind.
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export class Server {
  readonly folder: string;
  readonly port: number;
  /** The built app; a copy of its own once a journey changes it. */
  site: string;
  private readonly built: string;
  private sites = 0;
  private process: ChildProcess | null = null;
  private readonly database: string;

  private constructor(folder: string, port: number, site: string, database = `sqlite:${join(folder, "guanjia.db")}`) {
    this.folder = folder;
    this.port = port;
    this.site = site;
    this.built = site;
    this.database = database;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get data(): string {
    return join(this.folder, "data");
  }

  private get environment(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      GUANJIA_ADDR: `127.0.0.1:${this.port}`,
      GUANJIA_DATABASE: this.database,
      GUANJIA_DATA: this.data,
      GUANJIA_SITE: this.site,
      GUANJIA_DEMO: "true",
    };
  }

  /** A server on a copy of the demo company, running. */
  static async onCopy(name: string): Promise<Server> {
    // A journey that failed is repeated by another process, perhaps while the first one still ends.
    const folder = join(run(), "servers", `${name}-${process.pid}`);
    rmSync(folder, { recursive: true, force: true });
    cpSync(seed(), folder, { recursive: true });
    const server = new Server(folder, await freePort(), join(run(), "site"));
    await server.start();
    return server;
  }

  /** A server that makes its demo company itself, in `folder`. */
  static async fresh(folder: string, site: string, database?: string): Promise<Server> {
    mkdirSync(folder, { recursive: true });
    const server = new Server(folder, await freePort(), site, database);
    await server.start(600_000);
    return server;
  }

  /** Another node on the same database and the same attachments. */
  async another(): Promise<Server> {
    const node = new Server(this.folder, await freePort(), this.site, this.database);
    await node.start();
    return node;
  }

  get running(): boolean {
    return this.process !== null && this.process.exitCode === null && this.process.signalCode === null;
  }

  get pid(): number {
    const pid = this.process?.pid;
    if (!pid) throw new Error("the server does not run");
    return pid;
  }

  /** With `fileLimit`, no file of its can grow beyond so many bytes, as on a disk that is full. */
  async start(within = 60_000, { fileLimit }: { fileLimit?: number } = {}): Promise<void> {
    const log = openSync(join(this.folder, "server.log"), "a");
    const limited = `trap "" XFSZ; ulimit -S -f ${Math.floor((fileLimit ?? 0) / 512)}; exec "$0" serve`;
    const [program, words] = fileLimit ? ["sh", ["-c", limited, BINARY]] : [BINARY, ["serve"]];
    const child = spawn(program, words, { env: this.environment, stdio: ["ignore", log, log] });
    this.process = child;
    running.add(child);
    child.once("exit", () => running.delete(child));
    await until(
      "the server's start",
      async () => {
        if (child.exitCode !== null) {
          const log = readFileSync(join(this.folder, "server.log"), "utf8");
          throw new Hopeless(`the server ended with ${child.exitCode}:\n${log.slice(-2_000)}`);
        }
        return (await fetch(`${this.url}/readyz`)).ok;
      },
      within,
    );
  }

  /** Asks it to stop; what is being committed is finished. */
  async stop(): Promise<void> {
    await this.end("SIGTERM");
  }

  /** Like a power cut. */
  async kill(): Promise<void> {
    await this.end("SIGKILL");
  }

  /** Stops it and throws its copy away. */
  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.process;
    this.process = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((done) => child.once("exit", () => done()));
    child.kill(signal);
    await ended;
  }

  /** Checks every hash chain; gives the number of commands in the logs. The server must not be running. */
  verify(): { scopes: number; logRows: number; records: number } {
    const text = execFileSync(BINARY, ["verify"], { env: this.environment, encoding: "utf8" });
    const numbers = /(\d+) scopes, (\d+) rows of log, (\d+) records/.exec(text);
    if (!numbers) throw new Error(`unexpected answer of verify: ${text}`);
    return { scopes: Number(numbers[1]), logRows: Number(numbers[2]), records: Number(numbers[3]) };
  }

  /** How long its log is; it pauses for that. */
  async logRows(): Promise<number> {
    await this.stop();
    const { logRows } = this.verify();
    await this.start();
    return logRows;
  }

  /** Gives this server a site of its own, so that a journey can publish a new version: as it was built, whatever the
   * journeys before have published. */
  async useOwnSite(): Promise<string> {
    const own = join(this.folder, `site-${(this.sites += 1)}`);
    cpSync(this.built, own, { recursive: true });
    await this.stop();
    this.site = own;
    await this.start();
    return own;
  }
}
