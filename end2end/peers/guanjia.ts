// Guanjia as people have it: the real app in the browser, the real server. Only the form in which a command is recorded is
// left out: a thousand forms would take minutes, so the commands are put where the app puts them, in one durable
// transaction of its own store, and the app is told the way one tab tells another.

import type { Browser, BrowserContext, Page } from "@playwright/test";
import { median } from "../bench/table.ts";
import { Client } from "../support/api.ts";
import { giveClusters } from "../support/demo.ts";
import { PHONE } from "../support/env.ts";
import { badge, button, readyForOffline, signIn, typeAccount, waitingOffline } from "../support/pages.ts";
import { Server, until } from "../support/server.ts";
import { t } from "../support/texts.ts";
import { Counter } from "./counter.ts";
import { CHANGES, COUNTED, type Measured, pause, PAUSE, PUSHED, recorded, type Recorded, type Work } from "./work.ts";

export const ACCOUNT = "guanjia3";

/** The company, its two clusters in one hand: about as many records as a phone is meant to hold. */
async function company(name: string): Promise<Server> {
  const server = await Server.onCopy(name);
  await giveClusters(server.url, ACCOUNT, ["B", "C"]);
  return server;
}

/** What that person's phone holds. */
export async function workOf(): Promise<Work> {
  const server = await company("peers-rows");
  try {
    const client = await Client.signIn(server.url, ACCOUNT);
    const rows: Work["rows"] = [];
    for (const { scope } of client.session.scopes) {
      for (const { k, id, b } of await client.pull(scope)) rows.push({ _id: `${k}/${id}`, k, id, b });
    }
    const { user, clusters } = client.session.actor;
    return { account: ACCOUNT, user, scope: client.project, cluster: clusters[0], rows };
  } finally {
    await server.remove();
  }
}

/** What the measurements use in a page of the app. */
export async function prepare(context: BrowserContext, user: string): Promise<void> {
  await context.addInitScript((name) => {
    const w = window as any;
    const now = () => performance.timeOrigin + performance.now();
    const done = <T>(request: IDBRequest<T>) =>
      new Promise<T>((found, failed) => {
        request.onsuccess = () => found(request.result);
        request.onerror = () => failed(request.error);
      });
    const within = async <T>(stores: string[], mode: IDBTransactionMode, act: (tx: IDBTransaction) => Promise<T>): Promise<T> => {
      // Opened without a version: it is the app's own, and only used as it is.
      w.database ??= await done(indexedDB.open(name));
      const tx = w.database.transaction(stores, mode, { durability: mode === "readwrite" ? "strict" : "default" }) as IDBTransaction;
      const complete = new Promise((kept, failed) => {
        tx.oncomplete = kept;
        tx.onabort = () => failed(tx.error);
      });
      const found = await act(tx);
      await complete;
      return found;
    };
    const tell = () => {
      w.tabs ??= new BroadcastChannel(name);
      w.tabs.postMessage("queue");
    };
    w.peer = {
      /** Milliseconds from the click on the button until the badge says so. */
      shown: (text: string) =>
        new Promise((found) => {
          let began = 0;
          document.addEventListener("click", (click) => (began = click.timeStamp), { capture: true, once: true });
          const look = () => {
            if (document.querySelector(".sync-badge")?.textContent?.trim() !== text) return;
            watch.disconnect();
            found(performance.now() - began);
          };
          const watch = new MutationObserver(look);
          watch.observe(document, { childList: true, subtree: true, characterData: true });
        }),
      /** How many rows lie in the store. */
      rows: () =>
        within(["meta"], "readonly", async (tx) => {
          const range = IDBKeyRange.bound("scope/", "scope0");
          const scopes = (await done(tx.objectStore("meta").getAll(range))).map((text) => JSON.parse(text));
          return scopes.reduce((sum, scope) => sum + scope.base_rows + scope.delta_rows, 0);
        }),
      /** Records; gives the time before. */
      record: async (scope: string, commands: Recorded[]) => {
        const began = now();
        await within(["meta", "outbox", "ops"], "readwrite", async (tx) => {
          const row = JSON.parse(await done(tx.objectStore("meta").get(`scope/${scope}`)));
          for (const { kind, at_device, payload } of commands) {
            const [op, n] = [crypto.randomUUID(), ++row.meta.last_n];
            const entry = { scope, n, op, kind, at_device, offset: null, payload: JSON.stringify(payload), blobs: [] };
            tx.objectStore("outbox").put(JSON.stringify(entry), [scope, n]);
            tx.objectStore("ops").put(String(n), [scope, op]);
          }
          tx.objectStore("meta").put(JSON.stringify(row), `scope/${scope}`);
        });
        tell();
        return began;
      },
      /** Milliseconds from the network's return until every command has been answered and the answers are kept. */
      sent: () =>
        new Promise((found) => {
          window.addEventListener(
            "online",
            async () => {
              const began = now();
              while ((await within(["outbox"], "readonly", (tx) => done(tx.objectStore("outbox").count()))) > 0) {
                await new Promise((later) => setTimeout(later, 4));
              }
              found(now() - began);
            },
            { once: true },
          );
        }),
      /** Notes every time the app has kept rows that it pulled, and every time it is done with them. */
      listen: () => {
        w.heard = [];
        w.done = [];
        const put = IDBObjectStore.prototype.put;
        IDBObjectStore.prototype.put = function (...words) {
          if (this.name === "delta") {
            this.transaction.addEventListener("complete", () => {
              w.heard.push(now());
              w.told?.();
            });
          }
          return put.apply(this, words);
        };
        w.pulls = new BroadcastChannel(name);
        w.pulls.onmessage = ({ data }: MessageEvent<string>) => data.startsWith("rows ") && w.done.push(now());
      },
      /** When the change with that number, from 1, had arrived here. */
      arrived: (number: number) =>
        new Promise((found) => {
          w.told = () => w.heard.length >= number && found(w.heard[number - 1]);
          w.told();
        }),
    };
  }, `guanjia-${user}`);
}

const call = <T>(page: Page, what: string, ...words: unknown[]): Promise<T> =>
  page.evaluate(([what, words]) => (window as any).peer[what](...words), [what, words] as const) as Promise<T>;

export async function guanjia(browser: Browser, work: Work, counted: boolean): Promise<Measured> {
  const server = await company("peers-guanjia");
  const counter = counted ? await Counter.before(server.port) : null;
  const url = counter ? `http://127.0.0.1:${counter.port}` : server.url;
  const take = () => counter?.take() ?? 0;
  const open = async () => {
    const context = await browser.newContext(PHONE);
    await prepare(context, work.user);
    return context.newPage();
  };
  try {
    const writer = await open();
    await writer.goto(url);
    await button(writer, "session.sign_in").waitFor();
    // The app itself is on the phone, as the peer's library is.
    await readyForOffline(writer);
    await pause(1_000);
    take();
    const shown = call<number>(writer, "shown", t("frame.badge_synced"));
    await typeAccount(writer, work.account);
    const first = await shown;
    const bytes = { first: take(), live: 0, push: 0 };
    const rows = await call<number>(writer, "rows");
    if (rows !== work.rows.length) throw new Error(`${rows} of ${work.rows.length} rows are in the store`);

    const reader = await open();
    await signIn(reader, url, work.account);
    await pause(2_000);
    await call(reader, "listen");
    const changes = counted ? COUNTED : CHANGES;
    const live: number[] = [];
    const starts: number[] = [];
    take();
    for (const one of recorded(work.cluster, changes, "改动")) {
      const arrived = call<number>(reader, "arrived", live.length + 1);
      const began = await call<number>(writer, "record", work.scope, [one]);
      starts.push(began);
      live.push((await arrived) - began);
      await pause(PAUSE);
    }
    bytes.live = take() / changes;
    await pause(1_000);
    const [heard, drawn] = await reader.evaluate(() => [(window as any).heard, (window as any).done] as number[][]);
    if (heard.length !== changes) throw new Error(`${changes} changes were heard of as ${heard.length}`);
    if (!counted && drawn.length === changes) {
      console.log(`Guanjia: live change → the second client has drawn it, p50 ${median(drawn.map((at, index) => at - starts[index])).toFixed(1)} ms`);
    }
    await reader.context().close();

    await writer.context().setOffline(true);
    await call(writer, "record", work.scope, recorded(work.cluster, PUSHED, "离线"));
    await until("counting what waits", async () => (await waitingOffline(writer)) === PUSHED);
    await pause(1_000);
    take();
    const sent = call<number>(writer, "sent");
    await writer.context().setOffline(false);
    const push = await sent;
    bytes.push = take();
    await badge(writer).getByText(t("frame.badge_synced"), { exact: true }).waitFor();
    await expectOnServer(server.url, work, changes + PUSHED);
    await writer.context().close();
    return { noted: { first, live, push }, bytes };
  } finally {
    await counter?.end();
    await server.remove();
  }
}

/** What was recorded is there, each once. */
async function expectOnServer(url: string, work: Work, count: number): Promise<void> {
  const tickets = await (await Client.signIn(url, work.account)).records("ticket", work.scope);
  const before = work.rows.filter((row) => row.k === "ticket").length;
  if (tickets.length !== before + count) throw new Error(`${tickets.length - before} of ${count} tickets are on the server`);
}
