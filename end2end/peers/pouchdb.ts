// PouchDB in the browser against its own server, with the defaults of its replication, running on and on (`live`).

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "@playwright/test";
import { PHONE, run } from "../support/env.ts";
import { Child } from "./child.ts";
import { Counter } from "./counter.ts";
import { CHANGES, COUNTED, type Measured, pause, PAUSE, PUSHED, recorded, type Recorded, type Work } from "./work.ts";

/** A page of the peer's, with an empty database and what the measurements use. */
async function open(browser: Browser, url: string): Promise<Page> {
  const context = await browser.newContext(PHONE);
  await context.addInitScript(() => {
    const w = window as any;
    const now = () => performance.timeOrigin + performance.now();
    let heard: { id: string; at: number } | undefined;
    let pushing: any;
    w.peer = {
      open() {
        w.local = new w.PouchDB("local");
        w.remote = new w.PouchDB(`${location.origin}/db/company`);
        return w.local.info();
      },
      /** Milliseconds until so many documents are kept here; goes on replicating. */
      first: (count: number) =>
        new Promise((done, failed) => {
          const began = now();
          w.local.replicate
            .from(w.remote, { live: true, retry: true })
            .on("change", (info: any) => info.docs_written >= count && done(now() - began))
            .on("error", failed);
        }),
      readable: async () => (await w.local.allDocs({ include_docs: true })).rows.filter((row: any) => row.doc).length,
      /** From now on what is recorded here is sent; gives the milliseconds until the server has answered `count`. */
      push: (count: number) =>
        new Promise((done, failed) => {
          const began = now();
          pushing = w.local.replicate
            .to(w.remote, { live: true, retry: true })
            .on("change", (info: any) => info.docs_written >= count && done(now() - began))
            .on("paused", (problem: any) => (problem ? failed(problem) : count === 0 && done(0)))
            .on("error", failed);
        }),
      hold: () =>
        new Promise((done) => {
          pushing.on("complete", () => done(null));
          pushing.cancel();
        }),
      record: async (documents: object[]) => {
        for (const kept of await w.local.bulkDocs(documents)) if (kept.error) throw new Error(JSON.stringify(kept));
      },
      /** Writes one; gives the time before. */
      change: async (document: object) => {
        const began = now();
        await w.local.put(document);
        return began;
      },
      listen: () => {
        w.local.changes({ since: "now", live: true }).on("change", (change: any) => {
          heard = { id: change.id, at: now() };
          w.told?.();
        });
      },
      /** When that one had arrived here. */
      arrived: (id: string) =>
        new Promise((done) => {
          w.told = () => heard?.id === id && done(heard.at);
          w.told();
        }),
    };
  });
  const page = await context.newPage();
  await page.goto(url);
  await page.evaluate(() => (window as any).peer.open());
  return page;
}

const documentOf = ({ id, ...rest }: Recorded): object => ({ _id: id, ...rest });

const call = <T>(page: Page, what: string, ...words: unknown[]): Promise<T> =>
  page.evaluate(([what, words]) => (window as any).peer[what](...words), [what, words] as const) as Promise<T>;

async function onServer<T>(name: string, work: Work, sync: boolean, counted: boolean, act: (url: string, take: () => number) => Promise<T>): Promise<T> {
  const folder = join(run(), name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const rows = join(folder, "rows.json");
  writeFileSync(rows, JSON.stringify(work.rows.map(({ _id, k, b }) => ({ _id, k, b }))));
  const server = await Child.start("pouchdb-server.mjs", folder, rows, ...(sync ? ["sync"] : []));
  const counter = counted ? await Counter.before(server.port) : null;
  try {
    return await act(`http://127.0.0.1:${counter?.port ?? server.port}`, () => counter?.take() ?? 0);
  } finally {
    await counter?.end();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function expectOnServer(url: string, count: number): Promise<void> {
  const info = (await (await fetch(`${url}/db/company`)).json()) as { doc_count: number };
  if (info.doc_count !== count) throw new Error(`the peer's server has ${info.doc_count} documents, not ${count}`);
}

async function push(page: Page, work: Work): Promise<number> {
  await call(page, "record", recorded(work.cluster, PUSHED, "离线").map(documentOf));
  await pause(1_000);
  return call(page, "push", PUSHED);
}

export function pouchdb(browser: Browser, work: Work, counted: boolean): Promise<Measured> {
  return onServer("pouchdb", work, false, counted, async (url, take) => {
    const writer = await open(browser, url);
    await pause(500);
    take();
    const first = await call<number>(writer, "first", work.rows.length);
    const bytes = { first: take(), live: 0, push: 0 };
    const readable = await call<number>(writer, "readable");
    if (readable !== work.rows.length) throw new Error(`${readable} of ${work.rows.length} documents can be read`);

    const reader = await open(browser, url);
    await call(reader, "first", work.rows.length);
    await call(reader, "listen");
    await call(writer, "push", 0);
    await pause(1_000);
    const changes = counted ? COUNTED : CHANGES;
    const live: number[] = [];
    take();
    for (const one of recorded(work.cluster, changes, "改动")) {
      const arrived = call<number>(reader, "arrived", one.id);
      const began = await call<number>(writer, "change", documentOf(one));
      live.push((await arrived) - began);
      await pause(PAUSE);
    }
    bytes.live = take() / changes;
    await reader.context().close();

    await call(writer, "hold");
    await pause(1_000);
    take();
    const pushed = await push(writer, work);
    bytes.push = take();
    await expectOnServer(url, work.rows.length + changes + PUSHED);
    await writer.context().close();
    return { noted: { first, live, push: pushed }, bytes };
  });
}

/** The push alone, to a server whose every write waits for the disk. */
export function pouchdbDurable(browser: Browser, work: Work): Promise<number> {
  return onServer("pouchdb-sync", work, true, false, async (url) => {
    const page = await open(browser, url);
    // As in the other: it holds everything and goes on listening.
    await call(page, "first", work.rows.length);
    await call(page, "push", 0);
    await call(page, "hold");
    await pause(1_000);
    const took = await push(page, work);
    await expectOnServer(url, work.rows.length + PUSHED);
    await page.context().close();
    return took;
  });
}
