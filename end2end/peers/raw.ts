// The limit that nobody gets below: the same bytes over plain HTTP, read, and kept in one transaction.

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "@playwright/test";
import { PHONE, run } from "../support/env.ts";
import { Child } from "./child.ts";
import { Counter } from "./counter.ts";
import { CHANGES, COUNTED, type Measured, pause, PAUSE, PUSHED, recorded, type Recorded, type Work } from "./work.ts";

async function open(browser: Browser, url: string): Promise<Page> {
  const context = await browser.newContext(PHONE);
  await context.addInitScript(() => {
    const w = window as any;
    const now = () => performance.timeOrigin + performance.now();
    const within = (mode: IDBTransactionMode, durability: string, act: (tx: IDBTransaction) => void) =>
      new Promise<void>((done, failed) => {
        const tx = w.database.transaction(["base", "outbox"], mode, { durability });
        tx.oncomplete = () => done();
        tx.onabort = () => failed(tx.error);
        act(tx);
      });
    const send = async (lines: string[]) => {
      const answer = await fetch("/push", { method: "POST", body: `[${lines.join()}]` });
      if (!answer.ok) throw new Error(String(answer.status));
      return answer.json();
    };
    w.peer = {
      open: () =>
        new Promise<void>((done, failed) => {
          const request = indexedDB.open("raw", 1);
          request.onupgradeneeded = () => {
            request.result.createObjectStore("base");
            request.result.createObjectStore("outbox");
          };
          request.onsuccess = () => {
            w.database = request.result;
            done();
          };
          request.onerror = () => failed(request.error);
        }),
      first: async () => {
        const began = now();
        const rows = JSON.parse(await (await fetch("/rows")).text()) as object[];
        await within("readwrite", "relaxed", (tx) => {
          for (let at = 0; at < rows.length; at += 500) {
            tx.objectStore("base").put(JSON.stringify(rows.slice(at, at + 500)), at);
          }
        });
        return now() - began;
      },
      record: (lines: Recorded[]) =>
        within("readwrite", "strict", (tx) => {
          for (const line of lines) tx.objectStore("outbox").put(JSON.stringify(line), line.id);
        }),
      push: async () => {
        const began = now();
        let lines: string[] = [];
        await within("readonly", "default", (tx) => {
          const all = tx.objectStore("outbox").getAll();
          all.onsuccess = () => (lines = all.result);
        });
        await send(lines);
        await within("readwrite", "relaxed", (tx) => tx.objectStore("outbox").clear());
        return now() - began;
      },
      change: async (line: Recorded) => {
        const began = now();
        await w.peer.record([line]);
        await send([JSON.stringify(line)]);
        return began;
      },
      listen: () => {
        w.heard = new Map();
        const events = new EventSource("/live");
        events.onmessage = async ({ data }) => {
          const line = JSON.parse(data);
          await within("readwrite", "relaxed", (tx) => tx.objectStore("base").put(data, line.id));
          w.heard.set(line.id, now());
          w.told?.();
        };
        return new Promise<void>((done) => (events.onopen = () => done()));
      },
      arrived: (id: string) =>
        new Promise((done) => {
          w.told = () => w.heard.has(id) && done(w.heard.get(id));
          w.told();
        }),
    };
  });
  const page = await context.newPage();
  await page.goto(url);
  await page.evaluate(() => (window as any).peer.open());
  return page;
}

const call = <T>(page: Page, what: string, ...words: unknown[]): Promise<T> =>
  page.evaluate(([what, words]) => (window as any).peer[what](...words), [what, words] as const) as Promise<T>;

export async function raw(browser: Browser, work: Work, counted: boolean): Promise<Measured> {
  const folder = join(run(), "raw");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const rows = join(folder, "rows.json");
  writeFileSync(rows, JSON.stringify(work.rows.map(({ k, id, b }) => ({ k, id, b }))));
  const server = await Child.start("raw-server.mjs", folder, rows);
  const counter = counted ? await Counter.before(server.port) : null;
  const url = `http://127.0.0.1:${counter?.port ?? server.port}`;
  const take = () => counter?.take() ?? 0;
  try {
    const writer = await open(browser, url);
    await pause(500);
    take();
    const first = await call<number>(writer, "first");
    const bytes = { first: take(), live: 0, push: 0 };

    const reader = await open(browser, url);
    await call(reader, "listen");
    await pause(500);
    const changes = counted ? COUNTED : CHANGES;
    const live: number[] = [];
    take();
    for (const one of recorded(work.cluster, changes, "改动")) {
      const arrived = call<number>(reader, "arrived", one.id);
      const began = await call<number>(writer, "change", one);
      live.push((await arrived) - began);
      await pause(PAUSE);
    }
    bytes.live = take() / changes;
    await reader.context().close();

    await call(writer, "record", recorded(work.cluster, PUSHED, "离线"));
    await pause(1_000);
    take();
    const push = await call<number>(writer, "push");
    bytes.push = take();
    await writer.context().close();
    return { noted: { first, live, push }, bytes };
  } finally {
    await counter?.end();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
