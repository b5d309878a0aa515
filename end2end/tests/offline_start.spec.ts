// The app opens without a network, on every page, and gets new versions without hurting anybody's work.

import type { Page } from "@playwright/test";
import { Client } from "../support/api.ts";
import { expect, test, watchFaults } from "../support/fixtures.ts";
import {
  badge,
  button,
  choice,
  expectSynced,
  expectWaitingOffline,
  openTicket,
  readyForOffline,
  signIn,
  startRound,
  visit,
  walkPoint,
} from "../support/pages.ts";
import { ROUND, routesOf } from "../support/routes.ts";
import { publish } from "../support/site.ts";
import { t } from "../support/texts.ts";

test("every page of the phone opens from a cold start without a server", async ({ server, phone }) => {
  test.setTimeout(180_000);
  const office = await Client.signIn(server.url, "zhuguan1");
  const routes = await routesOf(office);
  for (const [account, addresses] of [
    ["guanjia1", routes.steward],
    ["weixiu1", routes.technician],
  ] as const) {
    const context = await phone();
    const first = await context.newPage();
    await signIn(first, server.url, account);
    await first.close();
    await server.stop();
    for (const address of addresses) {
      await test.step(`${account} ${address}`, async () => {
        // A tab of its own for each: nothing is warm but the service worker's cache.
        const page = await context.newPage();
        const faults = watchFaults(page);
        await page.goto(server.url + address);
        await expect(badge(page)).toHaveText(/离线/);
        await expect(page.locator("main h1, .app-bar h1").first()).not.toBeEmpty();
        await expect(page.getByText(t("frame.not_found"), { exact: true })).toHaveCount(0);
        await expect(page.locator("main .skeleton")).toHaveCount(0);
        await expect(page.locator("main .page")).not.toBeEmpty();
        expect(new URL(page.url()).pathname).toBe(new URL(server.url + address).pathname);
        expect(faults).toEqual([]);
        await page.close();
      });
    }
    await server.start();
    await context.close();
  }
});

test("how long there has been no network is told from its beginning, over reloads, until there is one", async ({ server, phone }) => {
  const page = await (await phone()).newPage();
  await signIn(page, server.url, "guanjia1");
  await readyForOffline(page);
  // The badge tells minutes; what it tells is kept to the millisecond.
  const since = () => page.evaluate(() => Number(localStorage.getItem("guanjia.offline_since") ?? "0"));
  expect(await since()).toBe(0);
  await server.stop();
  await page.reload();
  await expect(badge(page)).toHaveText(/离线/);
  const first = await since();
  expect(first).toBeGreaterThan(0);
  const told = await badge(page).textContent();
  await page.reload();
  await expect(badge(page)).toHaveText(told!);
  expect(await since()).toBe(first);
  await server.start();
  await page.reload();
  await expect.poll(since).toBe(0);
  await server.stop();
  await page.reload();
  await expect(badge(page)).toHaveText(/离线/);
  expect(await since()).toBeGreaterThan(first);
});

test("the pages of the desk are kept for those who have one, in every later version too", async ({ server, phone, desk }) => {
  const site = await server.useOwnSite();
  const kept = (page: Page) =>
    page.evaluate(async () => {
      const build = document.querySelector('meta[name="guanjia-build"]')?.getAttribute("content");
      const cache = await caches.open(`guanjia-${build}`);
      return (await cache.keys()).some((request) => new URL(request.url).pathname.startsWith("/assets/office."));
    });
  const opensOffline = async (page: Page) => {
    await server.stop();
    await page.goto(`${server.url}/office/templates`);
    await expect(badge(page)).toHaveText(/离线/);
    await expect(page.locator("main tbody tr").first()).toBeVisible();
    await server.start();
  };
  const steward = await (await phone()).newPage();
  await signIn(steward, server.url, "guanjia1");
  const office = await (await desk()).newPage();
  await signIn(office, server.url, "zhuguan1");
  await expect.poll(() => kept(office)).toBe(true);
  expect(await kept(steward)).toBe(false);
  await opensOffline(office);

  publish(site, "feedfacefeedface");
  await office.goto(`${server.url}/office/templates`);
  await office.evaluate(() => window.dispatchEvent(new CustomEvent("guanjia:check-update")));
  await expect(office.getByText(t("frame.update_ready"))).toBeVisible({ timeout: 40_000 });
  await button(office, "frame.update_now").click();
  await expect
    .poll(() => office.locator('meta[name="guanjia-build"]').getAttribute("content"))
    .toBe("feedfacefeedface");
  // At once, before the app could ask for them.
  expect(await kept(office)).toBe(true);
  await opensOffline(office);
});

test("a shared address that the person may not see says so instead of breaking", async ({ server, phone }) => {
  const page = await (await phone()).newPage();
  const faults = watchFaults(page);
  await signIn(page, server.url, "menwei1");
  for (const address of [
    "/no/such/page",
    `/tickets/${crypto.randomUUID()}`,
    `/households/${crypto.randomUUID()}`,
    `/rounds/${crypto.randomUUID()}`,
    "/tickets/not-an-id",
  ]) {
    await visit(page, address);
    await expect(page.locator("main .empty")).toBeVisible();
  }
  expect(faults).toEqual([]);
});

test("a new version asks first, never interrupts a form, and keeps draft and outbox", async ({ server, phone }) => {
  test.setTimeout(240_000);
  const site = await server.useOwnSite();
  const office = await Client.signIn(server.url, "zhuguan1");
  const context = await phone();
  const page = await context.newPage();
  await signIn(page, server.url, "guanjia1");
  const build = () => page.locator('meta[name="guanjia-build"]').getAttribute("content");
  const old = await build();
  await context.setOffline(true);
  await openTicket(page, "车库入口", "更新前离线登记");
  await visit(page, "/tickets/new");
  await page.getByLabel(t("tickets.description"), { exact: true }).fill("写到一半的报修");
  await page.evaluate(() => {
    (window as any).sameDocument = true;
  });

  publish(site, "feedfacefeedface");
  await context.setOffline(false);
  await page.evaluate(() => window.dispatchEvent(new CustomEvent("guanjia:check-update")));
  await expect(page.getByText(t("frame.update_ready"))).toBeVisible({ timeout: 40_000 });
  // Asked, not done: the form is as it was.
  expect(await page.evaluate(() => (window as any).sameDocument)).toBe(true);
  await expect(page.getByLabel(t("tickets.description"), { exact: true })).toHaveValue("写到一半的报修");
  await button(page, "frame.update_later").click();
  await expect(page.getByText(t("frame.update_ready"))).toHaveCount(0);

  // It is offered again when one looks, and taken this time.
  await visit(page, "/more");
  await button(page, "frame.update_now").click();
  await expect.poll(build).toBe("feedfacefeedface");
  expect(old).not.toBe("feedfacefeedface");
  await expectSynced(page);
  await visit(page, "/tickets/new");
  await expect(page.getByLabel(t("tickets.description"), { exact: true })).toHaveValue("写到一半的报修");
  const sent = (await office.records("ticket")).filter((one) => one.description === "更新前离线登记");
  expect(sent).toHaveLength(1);

  // And the new version opens without a server, too.
  await readyForOffline(page);
  await server.stop();
  await page.goto(`${server.url}/today`);
  await expect(badge(page)).toHaveText(/离线/);
  expect(await build()).toBe("feedfacefeedface");
  await server.start();
});

test("below the oldest accepted version recording goes on, and sending waits for the update", async ({
  server,
  phone,
}) => {
  const site = await server.useOwnSite();
  const office = await Client.signIn(server.url, "zhuguan1");
  const context = await phone();
  const page = await context.newPage();
  await signIn(page, server.url, "guanjia2");
  publish(site, "0ddba11000000000", 99);
  await page.reload();
  await expect(badge(page)).toHaveText(t("frame.badge_update"), { timeout: 40_000 });
  await openTicket(page, "车库出口", "版本太旧时登记");
  await visit(page, "/outbox");
  await expect(page.getByText(t("sync.paused_update")).first()).toBeVisible();
  await expect(page.locator(".outbox-item")).toHaveCount(1);
  expect((await office.records("ticket")).filter((one) => one.description === "版本太旧时登记")).toHaveLength(0);
  publish(site, "0ddba11000000001", 1);
  await page.reload();
  await expectSynced(page);
  expect((await office.records("ticket")).filter((one) => one.description === "版本太旧时登记")).toHaveLength(1);
});

test("two tabs of one phone number their work without a collision", async ({ server, phone }) => {
  const office = await Client.signIn(server.url, "zhuguan1");
  const context = await phone();
  const first = await context.newPage();
  await signIn(first, server.url, "guanjia3");
  const second = await context.newPage();
  await second.goto(server.url);
  await expectSynced(second);
  await context.setOffline(true);
  await openTicket(first, "一号门", "第一页 1");
  await openTicket(second, "二号门", "第二页 1");
  await openTicket(first, "一号门", "第一页 2");
  await openTicket(second, "二号门", "第二页 2");
  // Each page shows what the other one recorded.
  await expectWaitingOffline(first, 4);
  await expectWaitingOffline(second, 4);
  // The page that led the sync goes; the other one takes over.
  await first.close();
  await context.setOffline(false);
  await expectSynced(second);
  const found = (await office.records("ticket")).filter((one) => /^第.页 \d$/.test(one.description));
  expect(found.map((one) => one.description).sort()).toEqual(["第一页 1", "第一页 2", "第二页 1", "第二页 2"]);
});

test("a round that was begun survives a reload at every point", async ({ server, phone }) => {
  const context = await phone();
  const page = await context.newPage();
  await signIn(page, server.url, "guanjia4");
  await context.setOffline(true);
  await startRound(page, ROUND);
  await walkPoint(page, { byHand: "rounds.reason_dark" });
  const point = await page.locator(".point-name").textContent();
  const item = page.locator(".check-item").first();
  await item.getByRole("button", { name: t("rounds.abnormal"), exact: true }).click();
  await item.getByLabel(t("common.note"), { exact: true }).fill("门锁松动");
  await choice(page, "rounds.hand_reason", "rounds.reason_dark")
    .click({ timeout: 1_000 })
    .catch(() => undefined);
  await page.waitForTimeout(500);
  await page.reload();
  await expect(page.locator(".point-name")).toHaveText(point ?? "");
  await expect(item.getByLabel(t("common.note"), { exact: true })).toHaveValue("门锁松动");
});
