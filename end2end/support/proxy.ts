// A network that fails in every way a connection can: in front of a server, one fault a connection.

import { connect, createServer, type Server as Listener, type Socket } from "node:net";

/** What befalls a connection, once so many bytes have passed. */
export const FAULTS = [
  // The request is taken and goes nowhere; nobody says so.
  "stalled",
  // The request is cut off in the middle.
  "cut request",
  // The server has done it, and its answer is lost.
  "lost answer",
  // The answer is cut off in the middle.
  "cut answer",
  // The server's side is closed, the other stays open; the rest of the answer never comes.
  "half-closed",
  // Everything arrives, a few bytes at a time.
  "slow",
] as const;
export type Fault = (typeof FAULTS)[number];

export class FaultyNetwork {
  /** Most bytes that a connection carries in peace. */
  peace = 25_000;
  /** Whether anything befalls anybody at all. */
  rough = true;
  /** How often each has happened. */
  readonly happened = new Map<Fault, number>();
  private readonly listener: Listener;
  private readonly open = new Set<Socket>();

  private constructor(listener: Listener) {
    this.listener = listener;
  }

  /** In front of a port of this machine. */
  static async before(port: number): Promise<FaultyNetwork> {
    const listener = createServer({ allowHalfOpen: true });
    const network = new FaultyNetwork(listener);
    listener.on("connection", (socket) => network.join(socket, port));
    await new Promise<void>((done) => listener.listen(0, "127.0.0.1", done));
    return network;
  }

  get url(): string {
    const address = this.listener.address();
    return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  }

  async end(): Promise<void> {
    for (const socket of this.open) socket.destroy();
    await new Promise<void>((done) => this.listener.close(() => done()));
  }

  private join(near: Socket, port: number): void {
    const far = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    for (const socket of [near, far]) {
      this.open.add(socket);
      socket.setNoDelay(true);
      socket.on("close", () => this.open.delete(socket));
      // A reset is one of the things that happen.
      socket.on("error", () => undefined);
    }
    const fault = FAULTS[Math.floor(Math.random() * FAULTS.length)];
    // Connections are used for many requests: somewhere in the course of them.
    let left = Math.floor(Math.random() * this.peace);
    let struck = false;
    let dripped: Promise<unknown> = Promise.resolve();
    const strikes = (bytes: number): boolean => {
      if (!this.rough) return false;
      left -= bytes;
      if (struck || left > 0) return false;
      struck = true;
      // Whoever is slow is given up in the end, too.
      if (fault === "slow") setTimeout(both, 2_000).unref();
      this.happened.set(fault, (this.happened.get(fault) ?? 0) + 1);
      return true;
    };
    const both = (): void => {
      near.destroy();
      far.destroy();
    };
    near.on("data", (chunk) => {
      const now = fault === "stalled" || fault === "cut request" ? strikes(chunk.length) : false;
      if (struck && fault === "stalled") return;
      if (now && fault === "cut request") {
        far.write(chunk.subarray(0, Math.floor(chunk.length / 2)), both);
        return;
      }
      far.write(chunk);
    });
    far.on("data", (chunk) => {
      const now = fault === "lost answer" || fault === "cut answer" || fault === "half-closed" || fault === "slow" ? strikes(chunk.length) : false;
      const half = chunk.subarray(0, Math.floor(chunk.length / 2));
      if (now && fault === "lost answer") both();
      else if (now && fault === "cut answer") near.write(half, both);
      else if (now && fault === "half-closed") {
        near.write(half);
        far.end();
      } else if (struck && fault === "half-closed") return;
      else if (struck && fault === "slow") dripped = dripped.then(() => drip(near, chunk));
      else near.write(chunk);
    });
    near.on("end", () => far.end());
    near.on("close", () => far.destroy());
    far.on("end", () => {
      if (!(struck && (fault === "stalled" || fault === "half-closed"))) near.end();
    });
    far.on("close", () => {
      if (!(struck && (fault === "stalled" || fault === "half-closed"))) near.destroy();
    });
  }
}

async function drip(to: Socket, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length && !to.destroyed; at += 128) {
    to.write(bytes.subarray(at, at + 128));
    await new Promise((later) => setTimeout(later, 4));
  }
}
