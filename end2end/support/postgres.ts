// A PostgreSQL of one's own, durable, to be killed.

import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "./server.ts";

/** Debian keeps one folder a version. */
function binaries(): string | null {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(a) - Number(b)) : [];
  const found = versions.map((version) => join(root, version, "bin")).filter((bin) => existsSync(join(bin, "initdb")));
  return found.at(-1) ?? null;
}

function freePort(): Promise<number> {
  return new Promise((found) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => found(typeof address === "object" && address ? address.port : 0));
    });
  });
}

export class Postgres {
  private readonly bin: string;
  private readonly folder: string;
  private readonly port: number;

  private constructor(bin: string, folder: string, port: number) {
    this.bin = bin;
    this.folder = folder;
    this.port = port;
  }

  static isInstalled(): boolean {
    return binaries() !== null;
  }

  static async start(): Promise<Postgres> {
    const bin = binaries();
    if (!bin) throw new Error("PostgreSQL is not installed");
    const folder = mkdtempSync(join(tmpdir(), "guanjia-killed-"));
    mkdirSync(join(folder, "data"));
    chmodSync(folder, 0o755);
    const postgres = new Postgres(bin, folder, await freePort());
    if (process.getuid?.() === 0) {
      // It refuses to run as root.
      const [user, group] = ["-u", "-g"].map((which) => Number(execFileSync("id", [which, "postgres"], { encoding: "utf8" })));
      for (const path of [folder, join(folder, "data")]) chownSync(path, user, group);
    }
    postgres.run("initdb", ["--username=guanjia", "--auth=trust", "--encoding=UTF8", "--locale=C", "--pgdata", postgres.data]);
    postgres.again();
    postgres.run("createdb", ["--host=127.0.0.1", `--port=${postgres.port}`, "--username=guanjia", "guanjia"]);
    return postgres;
  }

  get url(): string {
    return `postgres://guanjia@127.0.0.1:${this.port}/guanjia?sslmode=disable`;
  }

  private get data(): string {
    return join(this.folder, "data");
  }

  private parent(): number {
    return Number(readFileSync(join(this.data, "postmaster.pid"), "utf8").split("\n")[0]);
  }

  private processes(): number[] {
    const parent = this.parent();
    const children = readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
    return [parent, ...children];
  }

  /** From now on no file can grow beyond so many bytes, as on a disk that is full; or as it pleases again. Its log of
   * changes comes in files of 16 MB, without which it would not run at all. */
  limitFiles(bytes: number | null): void {
    const words = (pid: number) => ["--pid", String(pid), `--fsize=${bytes ?? "unlimited"}:`];
    // Those that it begins from now on have it from their parent.
    this.as("prlimit", words(this.parent()));
    for (const pid of this.processes()) {
      try {
        this.as("prlimit", words(pid));
      } catch (problem) {
        if (isThere(pid)) throw problem;
      }
    }
  }

  /** Bytes of the largest file of its tables. */
  largestFile(): number {
    const base = join(this.data, "base");
    const files = readdirSync(base, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    // Some go while one looks.
    return Math.max(...files.map((file) => statSync(join(file.parentPath, file.name), { throwIfNoEntry: false })?.size ?? 0));
  }

  /** Every process of it at once, as when the power fails; done when the last is gone. */
  async kill(): Promise<void> {
    const processes = this.processes();
    for (const pid of processes) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It ended by itself meanwhile.
      }
    }
    await until("the end of PostgreSQL", () => processes.every((pid) => !isThere(pid)));
    // What it left says that it still runs, and the number may be somebody else's by now.
    rmSync(join(this.data, "postmaster.pid"), { force: true });
  }

  /** Starts it where it was stopped or killed; it recovers by its own log. */
  again(): void {
    const options = `-p ${this.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''`;
    this.run("pg_ctl", ["start", "--wait", "--pgdata", this.data, "--log", join(this.folder, "log"), "--options", options]);
  }

  remove(): void {
    this.run("pg_ctl", ["stop", "--mode=immediate", "--wait", "--pgdata", this.data]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private run(program: string, words: string[]): void {
    this.as(join(this.bin, program), words);
  }

  /** As whoever it runs as. */
  private as(program: string, words: string[]): void {
    const [command, all] = process.getuid?.() === 0 ? ["runuser", ["-u", "postgres", "--", program, ...words]] : [program, words];
    execFileSync(command, all, { cwd: this.folder, stdio: "ignore" });
  }
}

/** A process that has ended and whose parent has not looked yet holds nothing any more. */
function isThere(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
