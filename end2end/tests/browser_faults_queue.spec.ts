// What befalls a phone's queue and its database: connections that are closed under the page, sessions and people that
// change over a full queue, a clock that jumps, a whole day without a network. The size of that day can be set
// (GUANJIA_DAY, commands; default 500, with a tenth as many photos).

import type { BrowserContext, Page } from "@playwright/test";
import { Client, userOf } from "../support/api.ts";
import { picture, take } from "../support/camera.ts";
import { shiftClock } from "../support/clock.ts";
import { disk, halves, recordDay } from "../support/disk.ts";
import { expect, test, watchFaults } from "../support/fixtures.ts";
import { Recorder, reckon } from "../support/ledger.ts";
import {
  badge,
  button,
  choice,
  expectSynced,
  expectWaitingOffline,
  openTicket,
  sessionOf,
  sheet,
  signIn,
  signInAgain,
  typeAccount,
  visit,
} from "../support/pages.ts";
import { Phone } from "../support/profile.ts";
import { Server } from "../support/server.ts";
import { pattern, t } from "../support/texts.ts";

const DAY = Number(process.env.GUANJIA_DAY || 500);
const HOUR = 3_600_000;

const description = (page: Page) => page.getByLabel(t("tickets.description"), { exact: true });

async function fill(page: Page, text: string): Promise<void> {
  await visit(page, "/tickets/new");
  await choice(page, "tickets.category", "tickets.category_leak").click();
  const publicPlace = choice(page, "tickets.place_kind", "tickets.place_public");
  if (await publicPlace.isVisible()) await publicPlace.click();
  await page.getByLabel(t("tickets.public_place"), { exact: true }).fill("五号井");
  await description(page).fill(text);
}

async function save(page: Page): Promise<void> {
  await button(page, "tickets.submit_open").click();
  await expect(page).not.toHaveURL(/\/tickets\/new/);
}

async function described(office: Client, text: string): Promise<string[]> {
  const found = (await office.records("ticket")).filter((ticket) => String(ticket.description).startsWith(text));
  return found.map((ticket) => ticket.description as string).sort();
}

// --- the database is closed under the page -----------------------------------------------------------------------

/** A page of this origin that is not the app: most addresses are, once a phone has it. */
async function away(page: Page, url: string): Promise<Page> {
  await page.goto(`${url}/healthz`);
  return page;
}

/** Somebody wants another version of the database: the browser tells every page to close it. Not kept in the end. */
async function wantsTheDatabase(page: Page, user: string, forMs = 0): Promise<void> {
  await page.evaluate(
    ([user, forMs]) =>
      new Promise<void>((done) => {
        const open = indexedDB.open(`guanjia-${user}`, 99);
        open.onupgradeneeded = () => {
          const end = performance.now() + forMs;
          // As long as it is asked something the change of version goes on, and everybody else waits.
          const hold = () => {
            if (performance.now() >= end) open.transaction!.abort();
            else open.transaction!.objectStore("meta").count().onsuccess = hold;
          };
          hold();
        };
        open.onerror = () => done();
      }),
    [user, forMs] as const,
  );
}

test("the database is closed under the page, also in the middle of saving: it opens it again and goes on", async ({ server, phone }) => {
  test.setTimeout(180_000);
  const office = await Client.signIn(server.url, "zhuguan1");
  const context = await phone();
  const page = await context.newPage();
  const faults = watchFaults(page);
  await signIn(page, server.url, "guanjia1");
  const { user } = (await sessionOf(page)).actor;
  const elsewhere = await away(await context.newPage(), server.url);
  await page.bringToFront();
  await context.setOffline(true);
  await page.evaluate(() => ((window as any).sameDocument = true));
  await fill(page, "断库 1");
  await wantsTheDatabase(elsewhere, user);
  await save(page);
  await expectWaitingOffline(page, 1);

  await test.step("while somebody has it, saving waits; nothing is said to be saved before it is", async () => {
    await fill(page, "断库 2");
    const gone = wantsTheDatabase(elsewhere, user, 3_000);
    await page.waitForTimeout(500);
    const pressed = button(page, "tickets.submit_open").click();
    await page.waitForTimeout(500);
    await expect(page).toHaveURL(/\/tickets\/new/);
    await pressed;
    await gone;
    await expect(page).not.toHaveURL(/\/tickets\/new/);
    await expectWaitingOffline(page, 2);
  });

  await test.step("again and again while it sends and pulls", async () => {
    await context.setOffline(false);
    for (let times = 0; times < 10; times += 1) {
      await wantsTheDatabase(elsewhere, user, 100);
      await page.waitForTimeout(100);
    }
    await expectSynced(page, 60_000);
    await openTicket(page, "五号井", "断库 3");
    await expectSynced(page, 60_000);
  });
  expect(await described(office, "断库 ")).toEqual(["断库 1", "断库 2", "断库 3"]);
  // Without having been loaded anew.
  expect(await page.evaluate(() => (window as any).sameDocument)).toBe(true);
  expect(faults).toEqual([]);
});

/** A build of next year has opened this database, and will not be back: this one cannot read it any more. */
async function takeTheDatabase(page: Page, user: string): Promise<void> {
  await page.evaluate(
    (user) =>
      new Promise<void>((done) => {
        const open = indexedDB.open(`guanjia-${user}`, 99);
        open.onsuccess = () => {
          open.result.close();
          done();
        };
      }),
    user,
  );
}

test("a database that cannot be opened any more: saving says so in words and keeps the form, and what waits is not forgotten", async ({
  server,
  phone,
}) => {
  const context = await phone();
  const page = await context.newPage();
  await signIn(page, server.url, "guanjia1");
  const { user } = (await sessionOf(page)).actor;
  const elsewhere = await away(await context.newPage(), server.url);
  await page.bringToFront();
  await context.setOffline(true);
  await openTicket(page, "五号井", "打不开 1");
  await fill(page, "打不开 2");
  await takeTheDatabase(elsewhere, user);
  await button(page, "tickets.submit_open").click();
  await expect(page.locator(".notice.late")).toHaveText(t("refusals.client_storage_failed"));
  await expect(description(page)).toHaveValue("打不开 2");
  await expectWaitingOffline(page, 1);
});

test("such a database is told at the next start, too, instead of a sign-in as if nobody had ever been there", async ({ server, phone }) => {
  test.setTimeout(60_000);
  const context = await phone();
  const page = await context.newPage();
  await signIn(page, server.url, "guanjia1");
  const { user } = (await sessionOf(page)).actor;
  await takeTheDatabase(await away(await context.newPage(), server.url), user);
  await context.setOffline(true);
  await page.bringToFront();
  await page.reload();
  await expect(page.getByText(t("session.store_shut"))).toBeVisible({ timeout: 10_000 });
});

test("a database that the browser has cleared under the page is no other person's: recording and sending go on without a reload", async ({
  server,
  phone,
}) => {
  test.setTimeout(120_000);
  const office = await Client.signIn(server.url, "zhuguan1");
  const context = await phone();
  const page = await context.newPage();
  await signIn(page, server.url, "guanjia2");
  await context.setOffline(true);
  const browser = await context.newCDPSession(page);
  await openTicket(page, "五号井", "清库之前");
  await browser.send("Storage.clearDataForOrigin", { origin: server.url, storageTypes: "indexeddb" });
  // What the page still knew is stored again, sooner or later than the next record, and that the browser did it is told.
  const told = expect(page.getByText(pattern("sync.cleared"))).toBeVisible({ timeout: 60_000 });
  await openTicket(page, "五号井", "清库之后");
  await told;
  await visit(page, "/outbox");
  await expect(page.locator(".outbox-item")).toHaveCount(2);
  await expect(page.getByText(t("sync.paused_other_user"))).toHaveCount(0, { timeout: 10_000 });
  await context.setOffline(false);
  await expectSynced(page, 30_000);
  expect((await described(office, "清库之")).sort()).toEqual(["清库之前", "清库之后"].sort());
});

test("rows that cannot be read any more are fetched again, and what was recorded is there before", async ({ server, phone }) => {
  test.setTimeout(120_000);
  const office = await Client.signIn(server.url, "zhuguan1");
  const context = await phone();
  const page = await context.newPage();
  await signIn(page, server.url, "guanjia2");
  const { user } = (await sessionOf(page)).actor;
  const beside = await away(await context.newPage(), server.url);
  await page.bringToFront();
  await context.setOffline(true);
  await openTicket(page, "五号井", "坏块之前");
  await page.goto("about:blank");
  await beside.evaluate(async (user) => {
    const asked = <T>(request: IDBRequest<T>) =>
      new Promise<T>((done, failed) => {
        request.onsuccess = () => done(request.result);
        request.onerror = () => failed(request.error);
      });
    const db = await asked(indexedDB.open(`guanjia-${user}`));
    const base = db.transaction("base", "readwrite").objectStore("base");
    // Half of every block, as a disk that is worn out gives it.
    for (const key of await asked(base.getAllKeys())) {
      const block: Uint8Array = await asked(base.get(key));
      await asked(base.put(block.slice(0, block.length / 2), key));
    }
    db.close();
  }, user);
  await page.goto(`${server.url}/outbox`);
  await expect(page.locator(".outbox-item")).toHaveCount(1);
  // Without the register there is no place to choose from; with a network it is back by itself.
  await context.setOffline(false);
  await expectSynced(page, 60_000);
  await openTicket(page, "五号井", "坏块之后");
  await expectSynced(page, 60_000);
  expect(await described(office, "坏块之")).toEqual(["坏块之前", "坏块之后"].sort());
  await visit(page, "/households");
  await expect(page.locator("section.building").first()).toBeVisible();
});

// --- a session that ends over a full queue -----------------------------------------------------------------------

test("a cookie that is gone over 300 commands: sending waits, the page asks to sign in, and then all go once", async ({ phone }) => {
  test.setTimeout(300_000);
  const server = await Server.onCopy("cookie");
  const before = await server.logRows();
  const context = await phone();
  const page = await context.newPage();
  await signIn(page, server.url, "guanjia3");
  const session = await sessionOf(page);
  const { scope } = session.scopes.find((one) => one.project)!;
  await recordDay(await away(page, server.url), {
    user: session.actor.user,
    scope,
    cluster: session.actor.clusters[0],
    commands: 300,
    photos: 10,
    text: "过夜",
    began: Date.now() - 8 * HOUR,
  });
  const kept = await disk(page, session.actor.user);
  expect(halves(kept)).toEqual([]);
  expect(kept.outbox).toHaveLength(300);
  const recorder = Recorder.ofPhone(page, server.url, session, kept.outbox);

  await context.clearCookies();
  await page.goto(`${server.url}/today`);
  await expect(badge(page)).toHaveText(t("frame.badge_paused"), { timeout: 40_000 });
  await visit(page, "/outbox");
  await expect(page.getByText(t("sync.paused_sign_in")).first()).toBeVisible();
  // Recording goes on, behind the 300.
  await openTicket(page, "五号井", "过夜 之后");
  await visit(page, "/outbox");
  const all = (await disk(page, session.actor.user)).outbox;
  expect(all.map(({ n }) => n)).toEqual([...Array(301)].map((_, index) => index + 1));
  recorder.fromDisk(all.slice(300));
  expect(recorder.pushes).toBe(0);

  await signInAgain(page);
  await expectSynced(page, 120_000);
  await recorder.adopt(page);
  expect(recorder.told.size).toBe(301);
  expect((await reckon(server, [recorder], before, 10)).wrong).toEqual([]);
  await server.remove();
});

// --- somebody else's phone for a while ---------------------------------------------------------------------------

test("unsent photos of the one before are not sent by the next, who may even restart the phone; they go when their owner is back", async ({
  server,
}) => {
  test.setTimeout(240_000);
  const office = await Client.signIn(server.url, "zhuguan1");
  const phone = await Phone.switchOn("shared");
  await signIn(phone.page, server.url, "guanjia4");
  await phone.context.setOffline(true);
  await fill(phone.page, "借用 1");
  await take(phone.page, () => phone.page.locator(".photo.add").click(), ["leak-before", "door-before"].map(picture));
  await expect(phone.page.locator(".photo img")).toHaveCount(2);
  await save(phone.page);
  await expectWaitingOffline(phone.page, 3);
  const leave = async (page: Page) => {
    await visit(page, "/more");
    await button(page, "more.sign_out").click();
  };
  await leave(phone.page);
  const [download] = await Promise.all([
    phone.page.waitForEvent("download"),
    button(sheet(phone.page), "sync.export").click(),
  ]);
  await download.path();
  await button(sheet(phone.page), "more.sign_out_anyway").click();
  await expect(button(phone.page, "session.sign_in")).toBeVisible();

  await phone.context.setOffline(false);
  const sent: string[] = [];
  const watch = () =>
    phone.context.on("request", (request) => {
      if (request.url().includes("/api/v1/blobs/")) sent.push(request.url());
      if (request.url().endsWith("/sync/push")) sent.push(request.postData() ?? "");
    });
  watch();
  await signIn(phone.page, server.url, "guanjia5");
  await openTicket(phone.page, "五号井", "借用 别人的");
  await expectSynced(phone.page);
  await phone.switchOff();
  await phone.start();
  watch();
  await phone.page.goto(server.url);
  await expectSynced(phone.page);
  expect(await described(office, "借用 ")).toEqual(["借用 别人的"]);
  expect(sent.filter((what) => what.includes("/api/v1/blobs/"))).toEqual([]);
  expect(sent.filter((what) => what.includes("借用 1"))).toEqual([]);
  expect(sent.some((what) => what.includes("借用 别人的"))).toBe(true);

  await leave(phone.page);
  await expect(button(phone.page, "session.sign_in")).toBeVisible();
  await typeAccount(phone.page, "guanjia4");
  await expectSynced(phone.page, 60_000);
  const ticket = (await office.records("ticket")).find((one) => one.description === "借用 1")!;
  expect(ticket.opened_by).toBe(await userOf(server.url, "guanjia4"));
  expect(ticket.photos).toHaveLength(2);
  const there = (await office.records("blob_arrival")).map((blob) => blob.sha256);
  for (const { sha256 } of ticket.photos) expect(there).toContain(sha256);
  await phone.switchOff();
});

// --- a clock that jumps over a queue -----------------------------------------------------------------------------

test("a clock that jumps by years over a queue, and back, keeps order and times, and the phone goes on", async ({ server, phone }) => {
  test.setTimeout(180_000);
  const office = await Client.signIn(server.url, "zhuguan1");
  const context = await phone();
  const page = await context.newPage();
  const faults = watchFaults(page);
  const began = Date.now();
  await signIn(page, server.url, "guanjia5");
  // A battery that was empty: the clock begins somewhere, and what was measured before is not true any more.
  const years = 365 * 24 * HOUR;
  await context.setOffline(true);
  await openTicket(page, "五号井", "跳钟 1");
  for (const [index, shift] of [-10 * years, 10 * years, 0].entries()) {
    await shiftClock(context, shift);
    await page.reload();
    await openTicket(page, "五号井", `跳钟 ${index + 2}`);
    await expectWaitingOffline(page, index + 2);
  }
  await context.setOffline(false);
  await expectSynced(page, 60_000);
  const tickets = (await office.records("ticket")).filter((one) => String(one.description).startsWith("跳钟 "));
  expect(tickets.map((one) => one.description).sort()).toEqual(["跳钟 1", "跳钟 2", "跳钟 3", "跳钟 4"]);
  for (const ticket of tickets) {
    expect(ticket.opened_at, ticket.description).toBeGreaterThan(began - 60_000);
    expect(ticket.opened_at, ticket.description).toBeLessThan(Date.now() + 60_000);
  }
  expect(faults).toEqual([]);
});

// --- a day without a network -------------------------------------------------------------------------------------

test(`a day offline with ${DAY} commands and ${DAY / 10} photos drains without a hand, everything once`, async ({ phone }) => {
  test.setTimeout(240_000 + DAY * 400);
  const photos = Math.floor(DAY / 10);
  const server = await Server.onCopy("day");
  const before = await server.logRows();
  const context = await phone();
  const page = await context.newPage();
  const faults = watchFaults(page);
  await signIn(page, server.url, "guanjia1");
  const session = await sessionOf(page);
  const { scope } = session.scopes.find((one) => one.project)!;
  await recordDay(await away(page, server.url), {
    user: session.actor.user,
    scope,
    cluster: session.actor.clusters[0],
    commands: DAY,
    photos,
    text: "一整天",
    began: Date.now() - 10 * HOUR,
  });
  const kept = await disk(page, session.actor.user);
  expect(halves(kept)).toEqual([]);
  const recorder = Recorder.ofPhone(page, server.url, session, kept.outbox);

  // It opens with all of that, without a network, and is usable.
  await context.setOffline(true);
  const opening = Date.now();
  await page.goto(`${server.url}/tickets`);
  await expect(badge(page)).toHaveText(t("frame.badge_offline_waiting", { n: DAY + photos }), { timeout: 120_000 });
  const opened = Date.now() - opening;
  await openTicket(page, "五号井", "一整天 最后一张");
  await expect(badge(page)).toHaveText(t("frame.badge_offline_waiting", { n: DAY + photos + 1 }), { timeout: 60_000 });
  recorder.fromDisk((await disk(page, session.actor.user)).outbox.slice(DAY));
  expect(recorder.recorded).toBe(DAY + 1);

  const sending = Date.now();
  await context.setOffline(false);
  await expectSynced(page, 120_000 + DAY * 200);
  const drained = Date.now() - sending;
  await recorder.adopt(page);
  // Nothing is kept that is not needed, and nothing has gone that is.
  const left = await disk(page, session.actor.user);
  expect(left.outbox).toEqual([]);
  expect(halves(left)).toEqual([]);
  const office = await Client.signIn(server.url, "zhuguan1");
  const there = new Set((await office.records("blob_arrival")).map((blob) => blob.sha256));
  expect(kept.photos.filter(({ sha256 }) => !there.has(sha256))).toEqual([]);
  expect(recorder.told.size).toBe(DAY + 1);
  const { commands, wrong } = await reckon(server, [recorder], before, photos);
  console.log(`${commands} commands and ${photos} photos: opened after ${opened} ms, drained in ${drained} ms with ${recorder.pushes} pushes`);
  expect(wrong).toEqual([]);
  expect(faults).toEqual([]);
  await server.remove();
});
