// A phone that is looked at all day, and one that comes back with a thousand records: the page stays as quick as it was in
// the morning, and holds no more.

import type { BrowserContext, Page } from "@playwright/test";
import { prepare } from "../peers/guanjia.ts";
import { recorded } from "../peers/work.ts";
import { Client } from "../support/api.ts";
import { expect, test } from "../support/fixtures.ts";
import { expectSynced, expectWaitingOffline, go, readyForOffline, signIn } from "../support/pages.ts";
import { pattern, t } from "../support/texts.ts";

/** Makes the memory of the program on the page readable. */
async function weighed(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const w = window as any;
    for (const name of ["instantiateStreaming", "instantiate"] as const) {
      const start = WebAssembly[name] as (...words: unknown[]) => Promise<any>;
      (WebAssembly as any)[name] = async (...words: unknown[]) => {
        const started = await start.apply(WebAssembly, words);
        w.memory ??= (started.instance ?? started).exports.memory;
        return started;
      };
    }
  });
}

const KIB = 1024;
const memory = (page: Page): Promise<number> => page.evaluate(() => (window as any).memory.buffer.byteLength as number);

test("what has been looked at leaves nothing in the memory", async ({ server, phone }) => {
  const context = await phone();
  await weighed(context);
  const page = await context.newPage();
  await signIn(page, server.url, "guanjia3");
  await readyForOffline(page);
  const places = ["nav_tickets", "nav_rounds", "nav_households", "nav_more", "nav_today"];
  const around = async (times: number) => {
    for (let time = 0; time < times; time += 1) {
      for (const place of places) {
        await go(page, `frame.${place}`);
        await expect(page.locator("h1")).toBeVisible();
        await expect(page.locator(".bottom-bar a[aria-current]")).toHaveText(t(`frame.${place}`));
      }
    }
  };
  // Until every list, cache and table has the size that it needs.
  await around(8);
  const before = await memory(page);
  await around(24);
  // When every drawing left its traces, this was more than 700 KiB.
  expect(((await memory(page)) - before) / KIB).toBeLessThan(320);
});

test("thousands of open tickets are sent and answered while the page is in use", async ({ server, phone }) => {
  test.setTimeout(180_000);
  const account = "guanjia3";
  const client = await Client.signIn(server.url, account);
  const context = await phone();
  await prepare(context, client.session.actor.user);
  const page = await context.newPage();
  await signIn(page, server.url, account);
  const section = page.locator(".today-part").filter({ has: page.locator("h2", { hasText: t("today.section_today") }) });
  const lines = section.locator(".list > li");
  const [cycles, each] = [5, 1_000];
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    await context.setOffline(true);
    const tickets = recorded(client.session.actor.clusters[0], each, `离线${cycle}`);
    await page.evaluate(([scope, tickets]) => (window as any).peer.record(scope, tickets), [client.project, tickets] as const);
    await expectWaitingOffline(page, each);
    await context.setOffline(false);
    await expectSynced(page, 30_000);
  }
  // All are counted, the first are drawn, and a press draws more.
  await expect.poll(async () => Number(await section.locator("h2 .number").textContent())).toBeGreaterThan(cycles * each);
  await expect(lines).toHaveCount(30);
  await section.getByRole("button", { name: pattern("kit.show_more") }).click();
  await expect(lines).toHaveCount(60);
  const log = await client.pull(client.session.scopes.find((scope) => scope.project)!.scope);
  const texts = log.filter((row) => row.k === "ticket").map((row) => (row.b as { description?: string }).description ?? "");
  expect(texts.filter((text) => text.startsWith("离线"))).toHaveLength(cycles * each);
});
