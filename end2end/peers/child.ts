// The servers that Guanjia is compared with: each a process of its own, as Guanjia's is, that says its port.

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));

const running = new Set<ChildProcess>();
// What a measurement that failed left behind.
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export class Child {
  private readonly process: ChildProcess;
  readonly port: number;

  private constructor(process: ChildProcess, port: number) {
    this.process = process;
    this.port = port;
  }

  static async start(script: string, ...words: string[]): Promise<Child> {
    const child = spawn(process.execPath, [join(HERE, script), ...words], { cwd: HERE, stdio: ["ignore", "pipe", "inherit"] });
    running.add(child);
    child.once("exit", () => running.delete(child));
    const port = await new Promise<number>((found, failed) => {
      child.once("exit", (code) => failed(new Error(`${script} ended with ${code}`)));
      createInterface({ input: child.stdout! }).once("line", (line) => found(Number(line)));
    });
    return new Child(child, port);
  }

  async stop(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = new Promise<void>((done) => this.process.once("exit", () => done()));
    this.process.kill("SIGTERM");
    await ended;
  }
}
