// Counts what goes over the wire: a door in front of a server that lets everything pass.

import { connect, createServer, type Server, type Socket } from "node:net";

export class Counter {
  private readonly listener: Server;
  private readonly open = new Set<Socket>();
  private bytes = 0;

  private constructor(port: number) {
    this.listener = createServer((near) => {
      const far = connect({ port, host: "127.0.0.1" });
      for (const [from, to] of [
        [near, far],
        [far, near],
      ]) {
        this.open.add(from);
        from.setNoDelay(true);
        from.on("data", (chunk) => {
          this.bytes += chunk.length;
          to.write(chunk);
        });
        from.on("end", () => to.end());
        from.on("error", () => to.destroy());
        from.on("close", () => {
          this.open.delete(from);
          to.destroy();
        });
      }
    });
  }

  /** In front of a port of this machine. */
  static async before(port: number): Promise<Counter> {
    const counter = new Counter(port);
    await new Promise<void>((done) => counter.listener.listen(0, "127.0.0.1", done));
    return counter;
  }

  get port(): number {
    const address = this.listener.address();
    return typeof address === "object" && address ? address.port : 0;
  }

  /** Bytes of both directions, HTTP's headers and all, since it was asked last. */
  take(): number {
    const bytes = this.bytes;
    this.bytes = 0;
    return bytes;
  }

  async end(): Promise<void> {
    for (const socket of this.open) socket.destroy();
    await new Promise<void>((done) => this.listener.close(() => done()));
  }
}
