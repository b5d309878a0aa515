// Two tabs that record at once, and new versions that arrive in part and while people write.

import type { BrowserContext, Page, Request } from "@playwright/test";
import { Client } from "../support/api.ts";
import { picture } from "../support/camera.ts";
import { disk, halves } from "../support/disk.ts";
import { expect, test } from "../support/fixtures.ts";
import { badge, button, expectSynced, expectWaitingOffline, readyForOffline, sessionOf, signIn, visit } from "../support/pages.ts";
import { publishHalf } from "../support/site.ts";
import { t } from "../support/texts.ts";
import { arrived, description, fill, pictures, save } from "../support/ticket_form.ts";

// --- two tabs at once --------------------------------------------------------------------------------------------

/** Every number that a context sends, with what was sent under it. */
function numbersSent(context: BrowserContext): Map<number, Set<string>> {
  const sent = new Map<number, Set<string>>();
  context.on("request", (request: Request) => {
    if (!request.url().endsWith("/sync/push")) return;
    for (const { n, op } of request.postDataJSON().commands) sent.set(n, (sent.get(n) ?? new Set()).add(op));
  });
  return sent;
}

test("two tabs that record at the same moment give every number once; when the one that sends is closed, the other sends", async ({
  server,
  phone,
}) => {
  test.setTimeout(240_000);
  const office = await Client.signIn(server.url, "zhuguan1");
  const context = await phone();
  const sent = numbersSent(context);
  const first = await context.newPage();
  await signIn(first, server.url, "guanjia3");
  const { user } = (await sessionOf(first)).actor;
  const second = await context.newPage();
  await second.goto(server.url);
  await expectSynced(second);
  await server.stop();
  const { logRows: before } = server.verify();
  await server.start();
  const wanted: string[] = [];
  // Each in a form of its own, pressed in the same moment.
  const both = async (text: string) => {
    for (const [index, page] of [first, second].entries()) {
      await page.bringToFront();
      // Two forms of one kind are one draft: what the other tab leaves there is written over.
      await visit(page, "/tickets/new");
      await fill(page, `${text} ${index + 1}`);
      wanted.push(`${text} ${index + 1}`);
    }
    const press = (page: Page) => button(page, "tickets.submit_open").evaluate((send) => (send as HTMLElement).click());
    await Promise.all([press(first), press(second)]);
    for (const page of [first, second]) await expect(page).not.toHaveURL(/\/tickets\/new/);
  };

  await context.setOffline(true);
  for (const round of [1, 2, 3]) await both(`两页 离线 ${round}`);
  await expectWaitingOffline(first, 6);
  await expectWaitingOffline(second, 6);
  const kept = await disk(second, user);
  expect(halves(kept)).toEqual([]);
  expect(kept.outbox.map(({ n }) => n)).toEqual([1, 2, 3, 4, 5, 6]);

  await test.step("the tab that sends is closed while its push is under way: the answer is lost with it", async () => {
    const pushed = new Promise<Page>((done) => {
      void context.route("**/sync/push", async (route) => {
        await route.fetch();
        done(route.request().frame().page());
        // It never hears of it.
      }, { times: 1 });
    });
    await context.setOffline(false);
    expect(await pushed).toBe(first);
    await first.close();
    await expectSynced(second, 60_000);
  });

  await test.step("online it is the same, with a new tab beside", async () => {
    const third = await context.newPage();
    await third.goto(server.url);
    await expectSynced(third);
    for (const round of [1, 2, 3]) {
      for (const [index, page] of [second, third].entries()) {
        await page.bringToFront();
        await visit(page, "/tickets/new");
        await fill(page, `两页 在线 ${round} ${index + 1}`);
        wanted.push(`两页 在线 ${round} ${index + 1}`);
      }
      await Promise.all([second, third].map((page) => button(page, "tickets.submit_open").evaluate((send) => (send as HTMLElement).click())));
      for (const page of [second, third]) await expect(page).not.toHaveURL(/\/tickets\/new/);
    }
    await expectSynced(second);
    await expectSynced(third);
  });

  const tickets = await arrived(office, "两页 ");
  expect(tickets.map((one) => one.description).sort()).toEqual([...wanted].sort());
  expect([...sent.keys()].sort((a, b) => a - b)).toEqual(wanted.map((_, index) => index + 1));
  for (const [n, ops] of sent) expect(ops.size, `what was sent as ${n}`).toBe(1);
  expect(Object.values((await disk(second, user)).lastN)).toContain(wanted.length);
  await server.stop();
  expect(server.verify().logRows - before).toBe(wanted.length);
  await server.start();
});

// --- a version that arrives in part, and while people write -----------------------------------------------------

test("a version that is there in part is not taken; once whole, no tab loses unsent work or a half-filled form to it", async ({
  server,
  phone,
}) => {
  test.setTimeout(240_000);
  const site = await server.useOwnSite();
  const office = await Client.signIn(server.url, "zhuguan1");
  const context = await phone();
  const page = await context.newPage();
  await signIn(page, server.url, "guanjia4");
  const other = await context.newPage();
  await other.goto(server.url);
  await expectSynced(other);
  const build = (page: Page) => page.locator('meta[name="guanjia-build"]').getAttribute("content");
  const before = await build(page);
  // The network is there, and nothing can be sent all the same.
  await context.route("**/api/v1/sync/push", (route) => route.abort());
  await page.bringToFront();
  await visit(page, "/tickets/new");
  await fill(page, "换版 已保存", picture("leak-before"));
  await save(page);
  await other.bringToFront();
  await visit(other, "/tickets/new");
  await fill(other, "换版 写到一半", picture("door-before"));
  await other.evaluate(() => ((window as any).sameDocument = true));

  /** Looks for a new version until the browser has made up its mind about it. */
  const look = (page: Page) =>
    page.evaluate(async () => {
      const registration = (await navigator.serviceWorker.getRegistration())!;
      const found = new Promise<ServiceWorker>((done) =>
        registration.addEventListener("updatefound", () => done(registration.installing!), { once: true }),
      );
      const later = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));
      await registration.update();
      const worker = await Promise.race([found, later(30_000)]);
      for (let times = 0; worker?.state === "installing" && times < 600; times += 1) await later(50);
      return worker?.state ?? "nothing new";
    });

  await test.step("half copied it is dropped, and the old one opens without a server, with everything", async () => {
    const copyTheRest = publishHalf(site, "0123456789abcdef");
    expect(await look(page)).toBe("redundant");
    for (const tab of [page, other]) await expect(tab.getByText(t("frame.update_ready"))).toHaveCount(0);
    await server.stop();
    await page.goto(`${server.url}/outbox`);
    await expectWaitingOffline(page, 2);
    expect(await build(page)).toBe(before);
    await expect(page.locator(".outbox-item")).toHaveCount(1);
    await server.start();
    copyTheRest();
  });

  await test.step("whole, it is taken by the tab that is asked; the other one stays as it is", async () => {
    await page.reload();
    expect(await look(page)).toBe("installed");
    for (const tab of [page, other]) await expect(tab.getByText(t("frame.update_ready"))).toBeVisible();
    await button(page, "frame.update_now").click();
    await expect.poll(() => build(page)).toBe("0123456789abcdef");
    await expect(page.locator(".outbox-item")).toHaveCount(1);
    expect(await other.evaluate(() => (window as any).sameDocument)).toBe(true);
    await expect(description(other)).toHaveValue("换版 写到一半");
    await expect(pictures(other)).toHaveCount(1);
  });

  await test.step("reloaded in the middle of the form it is the new version, with the form and its photo", async () => {
    await other.bringToFront();
    await other.reload();
    expect(await build(other)).toBe("0123456789abcdef");
    await expect(description(other)).toHaveValue("换版 写到一半");
    await expect(pictures(other)).toHaveCount(1);
    await save(other);
    await context.unroute("**/api/v1/sync/push");
    await visit(other, "/outbox");
    await button(other, "sync.sync_now").click();
    await expectSynced(other, 60_000);
    await expectSynced(page, 60_000);
  });
  const tickets = await arrived(office, "换版 ");
  expect(tickets.map((one) => [one.description, one.photos.length])).toEqual([
    ["换版 写到一半", 1],
    ["换版 已保存", 1],
  ].sort());
  await readyForOffline(page);
  await expect(badge(page)).toHaveText(t("frame.badge_synced"));
});
