// Ten thousand phones listening at once: what one costs the server, and how soon the last of them hears.

import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { test } from "@playwright/test";
import { Client } from "../support/api.ts";
import { clusterOf, openTicket } from "../support/demo.ts";
import { Server, until } from "../support/server.ts";
import { percentile, print } from "./table.ts";

const STREAMS = Number(process.env.GUANJIA_STREAMS || 10_000);
const AT_ONCE = 100;

/** Resident memory of a process, in KiB. */
function resident(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(line?.[1] ?? Number.NaN);
}

interface Stream {
  socket: Socket;
  /** When it heard of each head. */
  heard: Map<number, number>;
}

function open(port: number, cookie: string, scope: string): Promise<Stream> {
  return new Promise((opened, failed) => {
    const socket = connect(port, "127.0.0.1");
    const stream: Stream = { socket, heard: new Map() };
    socket.setEncoding("utf8");
    socket.once("error", failed);
    socket.on("data", (text: string) => {
      if (text.startsWith("HTTP/1.1") && !text.startsWith("HTTP/1.1 200")) failed(new Error(text.slice(0, 200)));
      for (const [, data] of text.matchAll(/data: ?(\{.*\})/g)) {
        const event = JSON.parse(data) as { scope: string; head: number };
        if (event.scope === scope && !stream.heard.has(event.head)) stream.heard.set(event.head, performance.now());
      }
      if (stream.heard.size > 0) opened(stream);
    });
    socket.write(`GET /api/v1/events HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncookie: ${cookie}\r\naccept: text/event-stream\r\n\r\n`);
  });
}

test("streams held", async () => {
  test.setTimeout(600_000);
  const server = await Server.onCopy("bench-streams");
  const streams: Stream[] = [];
  try {
    const desk = await Client.signIn(server.url, "kefu1");
    const cluster = await clusterOf(desk, "A");
    // What a server keeps that has served a little while is not the streams'.
    for (let few = 0; few < 200; few += 1) {
      const { socket } = await open(server.port, desk.cookie, desk.project);
      socket.destroy();
    }
    const before = resident(server.pid);
    const began = performance.now();
    while (streams.length < STREAMS) {
      const more = Array.from({ length: Math.min(AT_ONCE, STREAMS - streams.length) }, () => open(server.port, desk.cookie, desk.project));
      streams.push(...(await Promise.all(more)));
    }
    const opened = performance.now() - began;
    const after = resident(server.pid);
    const last: number[] = [];
    const typical: number[] = [];
    for (let run = 0; run < 10; run += 1) {
      const known = Math.max(...streams[0].heard.keys());
      const sent = performance.now();
      await desk.apply(desk.project, [{ kind: "tickets.open", payload: openTicket(cluster).payload }]);
      const all = () => streams.every(({ heard }) => heard.has(known + 1));
      await until("the last stream's event", all, 60_000);
      const took = streams.map(({ heard }) => heard.get(known + 1)! - sent);
      last.push(Math.max(...took));
      typical.push(percentile(took, 0.5));
    }
    print(`${STREAMS} event streams held by one node`, [
      { measure: "opened, streams/s", value: (STREAMS / opened) * 1_000, unit: "" },
      { measure: "memory of the server a stream", value: (after - before) / STREAMS, unit: "KiB", target: 12 },
      { measure: "push → event, the stream in the middle, median of 10", value: percentile(typical, 0.5), unit: "ms" },
      { measure: "push → event, the last of all, median of 10", value: percentile(last, 0.5), unit: "ms" },
    ]);
  } finally {
    for (const { socket } of streams) socket.destroy();
    await server.remove();
  }
});
