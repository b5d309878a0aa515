// From one client's command to another client, through commit, event stream and pull.

import { test } from "@playwright/test";
import { Client } from "../support/api.ts";
import { clusterOf, openTicket } from "../support/demo.ts";
import { DESK } from "../support/env.ts";
import { signIn, visit } from "../support/pages.ts";
import { Server } from "../support/server.ts";
import { type Figure, percentile, print } from "./table.ts";

const RUNS = 300;

/** Calls back with every head that the server announces. */
async function listen(client: Client, heard: (head: { scope: string; head: number }) => void): Promise<() => void> {
  const stop = new AbortController();
  const answer = await fetch(`${client.url}/api/v1/events`, {
    headers: { cookie: client.cookie, accept: "text/event-stream" },
    signal: stop.signal,
  });
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  void (async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += value;
      const events = rest.split("\n\n");
      rest = events.pop() ?? "";
      for (const event of events) {
        const data = event.split("\n").find((line) => line.startsWith("data:"));
        if (data) heard(JSON.parse(data.slice(5)));
      }
    }
  })().catch(() => undefined);
  return () => stop.abort();
}

test("commit to the dashboard of somebody who looks at it", async ({ browser }) => {
  const server = await Server.onCopy("bench-board");
  const context = await browser.newContext(DESK);
  try {
    const page = await context.newPage();
    await signIn(page, server.url, "zhuguan1");
    await visit(page, "/dashboard");
    const figure = page.locator(".figure-card").first().locator(".figure");
    await figure.waitFor();
    await page.waitForTimeout(2_000);
    await page.evaluate(() => {
      const shown = document.querySelector("main")!;
      const w = window as unknown as { changes: { at: number; figure: string }[] };
      w.changes = [];
      const look = () => {
        const figure = shown.querySelector(".figure-card .figure")?.textContent ?? "";
        if (figure !== "" && figure !== w.changes.at(-1)?.figure) w.changes.push({ at: Date.now(), figure });
      };
      look();
      new MutationObserver(look).observe(shown, { childList: true, subtree: true, characterData: true });
    });
    const desk = await Client.signIn(server.url, "kefu1");
    const cluster = await clusterOf(desk, "A");
    const took: number[] = [];
    for (let run = 0; run < 20; run += 1) {
      const before = Number(await figure.textContent());
      await desk.apply(desk.project, [{ kind: "tickets.open", payload: openTicket(cluster, { description: `看板 ${run}` }).payload }]);
      const answered = Date.now();
      const wanted = String(before + 1);
      const at = await page.waitForFunction(
        (wanted) => (window as unknown as { changes: { at: number; figure: string }[] }).changes.find((one) => one.figure === wanted)?.at,
        wanted,
        { polling: 50 },
      );
      // Both clocks are this machine's; what was on the screen before the answer came counts as at once.
      took.push(Math.max(0, ((await at.jsonValue()) as number) - answered));
      // Away from the rhythm of the page's own throttle.
      await page.waitForTimeout(400 + 37 * run);
    }
    print("A command acknowledged → the open dashboard of another person shows it", [
      { measure: "p50", value: percentile(took, 0.5), unit: "ms" },
      { measure: "p95", value: percentile(took, 0.95), unit: "ms", target: 1_000 },
    ]);
  } finally {
    await context.close();
    await server.remove();
  }
});

test("commit to another client", async () => {
  const server = await Server.onCopy("bench-live");
  try {
    const desk = await Client.signIn(server.url, "kefu1");
    const steward = await Client.signIn(server.url, "guanjia1");
    const cluster = await clusterOf(desk, "A");
    const scope = desk.project;
    let cursor = "";
    for (;;) {
      const query = new URLSearchParams({ scope, cursor });
      const page = await steward.json(`/api/v1/sync/pull?${query}`);
      cursor = page.cursor;
      if (!page.more) break;
    }
    let told: (at: number) => void = () => undefined;
    let wanted = 0;
    const stop = await listen(steward, (event) => {
      if (event.scope === scope && event.head >= wanted) told(performance.now());
    });
    const pushed: number[] = [];
    const heard: number[] = [];
    const shown: number[] = [];
    for (let run = 0; run < RUNS + 20; run += 1) {
      const { payload } = openTicket(cluster, { description: `测量 ${run}` });
      // The head that this command makes is the next one.
      const event = new Promise<number>((resolve) => {
        told = resolve;
      });
      wanted = 0;
      const began = performance.now();
      const [, at] = await Promise.all([
        desk.apply(scope, [{ kind: "tickets.open", payload }]).then(() => {
          if (run >= 20) pushed.push(performance.now() - began);
        }),
        event,
      ]);
      const page = await steward.json(`/api/v1/sync/pull?${new URLSearchParams({ scope, cursor })}`);
      cursor = page.cursor;
      if (run < 20) continue;
      heard.push(at - began);
      shown.push(performance.now() - began);
    }
    stop();
    const figures: Figure[] = [
      { measure: "push → answer, p50", value: percentile(pushed, 0.5), unit: "ms" },
      { measure: "push → answer, p95", value: percentile(pushed, 0.95), unit: "ms" },
      { measure: "push → commit → event at the other client, p50", value: percentile(heard, 0.5), unit: "ms" },
      { measure: "push → commit → event at the other client, p95", value: percentile(heard, 0.95), unit: "ms", target: 20 },
      { measure: "… and pulled there, p50", value: percentile(shown, 0.5), unit: "ms" },
      { measure: "… and pulled there, p95", value: percentile(shown, 0.95), unit: "ms" },
    ];
    print(`One node, SQLite, ${RUNS} commands one after the other`, figures);
  } finally {
    await server.remove();
  }
});
