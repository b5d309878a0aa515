// Faults of the browser itself: tabs that crash while they save, a quota that is used up. Two tabs at once and versions that
// arrive in part are in browser_faults_tabs.spec.ts; the queue and its database in browser_faults_queue.spec.ts.

import type { BrowserContext, Page } from "@playwright/test";
import { Client } from "../support/api.ts";
import { encodeAtOnce, largePicture, picture } from "../support/camera.ts";
import { disk, halves, useUp } from "../support/disk.ts";
import { expect, test, watchFaults } from "../support/fixtures.ts";
import {
  button,
  expectSynced,
  expectWaitingOffline,
  openTicket,
  readyForOffline,
  sessionOf,
  signIn,
  signInAgain,
  typeAccount,
  visit,
} from "../support/pages.ts";
import { Phone } from "../support/profile.ts";
import { t } from "../support/texts.ts";
import { arrived, description, type Files, fill, pictures, save } from "../support/ticket_form.ts";

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

// --- a tab that dies while it saves ------------------------------------------------------------------------------

/** Where in a save everything stands still, until it is killed there. */
type Moment = { photo: number } | "complete" | "any";

/** Makes it possible to stop a page in the middle of the transaction that saves. */
async function stoppable(context: BrowserContext): Promise<void> {
  await encodeAtOnce(context);
  await context.addInitScript(() => {
    const w = window as any;
    const stop = () => {
      w.stopAt = undefined;
      for (const end = performance.now() + 15_000; performance.now() < end; );
    };
    const put = IDBObjectStore.prototype.put;
    let photos = 0;
    w.recorded = [];
    IDBObjectStore.prototype.put = function (...values) {
      const request = put.apply(this, values);
      if (this.name === "outbox") w.recorded.push(this.transaction.durability);
      if (this.name === "blobs" && w.stopAt?.photo === ++photos) stop();
      return request;
    };
    const begin = IDBDatabase.prototype.transaction;
    IDBDatabase.prototype.transaction = function (...values) {
      const transaction = begin.apply(this, values);
      const saves = transaction.objectStoreNames.contains("blobs") && values[2]?.durability === "strict";
      // Before the page is told.
      if (saves) transaction.addEventListener("complete", () => w.stopAt === "complete" && stop());
      return transaction;
    };
  });
}

test("a tab that crashes or a phone that dies while 20 photos are saved leaves all of it, or the form", async ({ server }) => {
  test.setTimeout(360_000);
  const office = await Client.signIn(server.url, "zhuguan1");
  const phone = await Phone.switchOn("crashed");
  await signIn(phone.page, server.url, "guanjia1");
  const { user } = (await sessionOf(phone.page)).actor;
  const again = async (): Promise<Page> => {
    await phone.start();
    await stoppable(phone.context);
    await phone.context.setOffline(true);
    return phone.page;
  };
  await phone.switchOff();
  let page = await again();
  const open = () => page.goto(`${server.url}/tickets/new`);

  // As long as it takes when nothing happens.
  await open();
  const files: Files = [];
  for (let index = 0; index < 20; index += 1) {
    files.push({ name: `${index}.jpg`, mimeType: "image/jpeg", buffer: await largePicture(phone.page, 512, 384) });
  }
  await fill(page, "保存 0", files);
  await page.waitForTimeout(600);
  const began = Date.now();
  await save(page);
  const took = Date.now() - began;
  // No death of a browser shows whether the disk had it; this does.
  expect(await page.evaluate(() => (window as any).recorded)).toEqual(["strict"]);

  const plan: { moment: Moment; way: "crash" | "die" | "close" }[] = [
    { moment: { photo: 1 }, way: "crash" },
    { moment: { photo: 20 }, way: "die" },
    { moment: "any", way: "close" },
    { moment: "complete", way: "crash" },
    { moment: "any", way: "crash" },
  ];
  let saved = 1;
  let drafts = 0;
  for (const { moment, way } of plan) {
    const text = `保存 ${saved}`;
    await open();
    await expect(description(page)).toBeVisible();
    if ((await description(page).inputValue()) !== text) {
      await fill(page, text, files);
      // Written down a moment after one typed.
      await page.waitForTimeout(600);
    }
    await expect(pictures(page)).toHaveCount(20);
    const stopAt = moment === "any" ? undefined : moment;
    // Pressed from inside: a press from outside is answered only once the page moves again.
    await button(page, "tickets.submit_open").evaluate((send, stopAt) => {
      (window as any).stopAt = stopAt;
      setTimeout(() => (send as HTMLElement).click());
    }, stopAt);
    await pause(moment === "any" ? Math.random() * took * 1.2 : took * 1.5 + 500);
    if (way === "crash") {
      const devtools = await phone.context.newCDPSession(page);
      const crashed = page.waitForEvent("crash");
      void devtools.send("Page.crash").catch(() => undefined);
      await crashed;
      const next = await phone.context.newPage();
      await page.close();
      page = next;
    } else {
      if (way === "die") await phone.die();
      else await phone.switchOff();
      page = await again();
    }

    await open();
    await expect(description(page)).toBeVisible();
    const kept = await disk(page, user);
    expect(halves(kept)).toEqual([]);
    const isSaved = kept.outbox.length === saved + 1;
    expect(kept.outbox).toHaveLength(isSaved ? saved + 1 : saved);
    for (const { blobs } of kept.outbox) expect(blobs).toHaveLength(20);
    // The one or the other, and on the page the same as on the disk.
    await expect(description(page)).toHaveValue(isSaved ? "" : text);
    await expect(pictures(page)).toHaveCount(isSaved ? 0 : 20);
    if (way !== "close" && moment !== "any") expect(isSaved, `killed at ${JSON.stringify(moment)}`).toBe(moment === "complete");
    if (isSaved) saved += 1;
    else drafts += 1;
  }
  console.log(`${plan.length} deaths while saving (${took} ms): ${saved - 1} saved, ${drafts} left the form`);
  if (await description(page).inputValue()) {
    await save(page);
    saved += 1;
  }
  await visit(page, "/outbox");
  await expectWaitingOffline(page, saved * 21);
  await phone.context.setOffline(false);
  await expectSynced(page, 120_000);
  const tickets = await arrived(office, "保存 ");
  expect(tickets.map((one) => one.description)).toEqual(tickets.map((_, index) => `保存 ${index}`));
  expect(tickets.map((one) => one.photos.length)).toEqual(Array(saved).fill(20));
  await phone.switchOff();
});

// --- a phone that dies in the seconds before the browser writes down what it knows --------------------------------

test("a phone that dies as soon as somebody has signed in, or out, still knows it without a network", async ({ server }) => {
  test.setTimeout(180_000);
  const phone = await Phone.switchOn("signed-in");
  await phone.page.goto(server.url);
  await readyForOffline(phone.page);
  const signedIn = () => phone.page.getByRole("link", { name: t("frame.nav_rounds"), exact: true });
  const signInPage = () => button(phone.page, "session.sign_in");
  const smallStorage = (): Promise<Record<string, string>> => phone.page.evaluate(() => ({ ...localStorage }));
  /** It dies, and of its small storage there is what had been written down by then. */
  const dieWith = async (written: Record<string, string>) => {
    await phone.die();
    await phone.start();
    // An address that the app does not answer, or it would start there.
    await phone.page.goto(`${server.url}/api/v1/openapi.json`);
    await phone.page.evaluate((written) => {
      localStorage.clear();
      for (const [key, text] of Object.entries(written)) localStorage.setItem(key, text);
    }, written);
    await phone.context.setOffline(true);
    await phone.page.goto(server.url);
  };
  const stores = () =>
    phone.page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name).filter((name) => name?.startsWith("guanjia-")));

  const nobody = await smallStorage();
  await typeAccount(phone.page, "guanjia1");
  await expect(signedIn()).toBeVisible();
  await dieWith(nobody);
  await expect(signedIn()).toBeVisible();
  await expect(signInPage()).toHaveCount(0);

  const somebody = await smallStorage();
  expect(Object.keys(somebody)).toContain("guanjia.session");
  // What a browser has of its cookies after that is luck.
  await phone.context.clearCookies();
  await phone.context.setOffline(false);
  await signInAgain(phone.page);
  await expectSynced(phone.page);
  await visit(phone.page, "/more");
  await button(phone.page, "more.sign_out").click();
  await expect(signInPage()).toBeVisible();
  await dieWith(somebody);
  await expect(signInPage()).toBeVisible();
  await expect(signedIn()).toHaveCount(0);
  // Nothing of the person who left stays behind.
  await expect.poll(stores).toEqual([]);

  // But for what another tab put into the store in the moment between, which is only there.
  await phone.context.setOffline(false);
  await signIn(phone.page, server.url, "guanjia2");
  const { user } = (await sessionOf(phone.page)).actor;
  const another = await smallStorage();
  await visit(phone.page, "/more");
  await phone.page.evaluate(() => {
    IDBFactory.prototype.deleteDatabase = () => new EventTarget() as IDBOpenDBRequest;
  });
  await button(phone.page, "more.sign_out").click();
  await expect(signInPage()).toBeVisible();
  await phone.page.evaluate(async (name) => {
    const opened = indexedDB.open(name);
    await new Promise((done) => (opened.onsuccess = done));
    const tx = opened.result.transaction("drafts", "readwrite");
    tx.objectStore("drafts").put('{"text":"from the other tab"}', "visit");
    await new Promise((done) => (tx.oncomplete = done));
  }, `guanjia-${user}`);
  await dieWith(another);
  await expect(signInPage()).toBeVisible();
  await phone.context.setOffline(false);
  await typeAccount(phone.page, "guanjia2");
  await expectSynced(phone.page);
  expect(await stores()).toEqual([`guanjia-${user}`]);
  const drafts = await phone.page.evaluate(async (name) => {
    const opened = indexedDB.open(name);
    await new Promise((done) => (opened.onsuccess = done));
    const all = opened.result.transaction("drafts").objectStore("drafts").getAll();
    await new Promise((done) => (all.onsuccess = done));
    return all.result as string[];
  }, `guanjia-${user}`);
  expect(drafts).toContain('{"text":"from the other tab"}');
  await phone.switchOff();
});

// --- a phone that is nearly full ---------------------------------------------------------------------------------

// What the browser allows is real here; what it says of it is real only without its static quota, which tells every
// site of 5 GB or 10 GB that nobody has.
const TELLS = ["--disable-features=StaticStorageQuota"];

/** A picture as large as a photo gets. */
const noise = async (page: Page) => ({ name: "large.jpg", mimeType: "image/jpeg", buffer: await largePicture(page, 640, 480) });

/** So many photos that what they leave is room for another: as a draft, in the outbox, and what a database wastes. */
const MANY = 8;

test("where photos no longer fit, words still do, and sending what is there makes room for photos again", async ({ server }) => {
  test.setTimeout(240_000);
  const office = await Client.signIn(server.url, "zhuguan1");
  const phone = await Phone.switchOn("full", TELLS);
  const { page, context } = phone;
  await encodeAtOnce(context);
  const faults = watchFaults(page);
  await signIn(page, server.url, "guanjia2");
  const { user } = (await sessionOf(page)).actor;
  const room = () =>
    page.evaluate(async () => {
      const { usage, quota } = await navigator.storage.estimate();
      return quota! - usage!;
    });
  await context.setOffline(true);
  await visit(page, "/tickets/new");
  const many = await Promise.all(Array.from({ length: MANY }, () => noise(page)));
  await fill(page, "余地 1", many);
  await save(page);
  await expectWaitingOffline(page, MANY + 1);

  // The reserve, and room for less than one photo more.
  const browser = await context.newCDPSession(page);
  const { usage } = await browser.send("Storage.getUsageAndQuota", { origin: server.url });
  await browser.send("Storage.overrideQuotaForOrigin", { origin: server.url, quotaSize: usage + 8_050_000 });
  await expect.poll(room).toBeLessThan(8_100_000);

  await test.step("a photo is refused in words; without it the same form is saved", async () => {
    await visit(page, "/tickets/new");
    await fill(page, "余地 2", [await noise(page)]);
    await button(page, "tickets.submit_open").click();
    await expect(page.locator(".notice.late")).toHaveText(t("refusals.client_quota_full"));
    await expect(description(page)).toHaveValue("余地 2");
    await expect(pictures(page)).toHaveCount(1);
    await page.getByRole("button", { name: t("kit.photo_remove", { label: t("common.photos"), n: 1 }) }).click();
    await save(page);
    await expectWaitingOffline(page, MANY + 2);
  });

  await test.step("and so is the work of a day, in the reserve; opened anew the phone has all of it", async () => {
    for (let index = 3; index < 9; index += 1) await openTicket(page, "东大堂", `余地 ${index}`);
    await page.reload();
    await expectWaitingOffline(page, MANY + 8);
    const kept = await disk(page, user);
    expect(halves(kept)).toEqual([]);
    const texts = kept.outbox.map((one) => JSON.parse(one.payload).description);
    expect(texts).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((n) => `余地 ${n}`));
  });

  await test.step("sent, they make room: the next photo is saved on the same quota", async () => {
    await context.setOffline(false);
    await expectSynced(page, 60_000);
    await expect.poll(async () => (await disk(page, user)).bytes, { timeout: 60_000 }).toEqual([]);
    await expect.poll(room, { timeout: 60_000 }).toBeGreaterThan(8_600_000);
    await context.setOffline(true);
    await visit(page, "/tickets/new");
    await fill(page, "余地 9", [await noise(page)]);
    await save(page);
    await context.setOffline(false);
    await expectSynced(page, 60_000);
    const tickets = await arrived(office, "余地 ");
    expect(tickets.map((one) => one.description)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => `余地 ${n}`));
    expect(tickets.map((one) => one.photos?.length ?? 0)).toEqual([MANY, 0, 0, 0, 0, 0, 0, 0, 1]);
  });
  expect(faults).toEqual([]);
  await phone.switchOff();
});

test("a phone without any room left still saves words, and sends what it has", async ({ server }) => {
  // Chromium tells of room that is not there. What helps is held by the app itself, and given up: else not even the
  // answers of the server could be stored, and nothing would ever leave the outbox.
  test.setTimeout(180_000);
  const office = await Client.signIn(server.url, "zhuguan1");
  const phone = await Phone.switchOn("brim");
  await signIn(phone.page, server.url, "guanjia5");
  await expect.poll(() => phone.page.evaluate(() => localStorage.getItem("guanjia.reserve")), { timeout: 60_000 }).toBe("true");
  await phone.context.setOffline(true);
  await visit(phone.page, "/tickets/new");
  await fill(phone.page, "装满 1", picture("leak-before"));
  await save(phone.page);
  await phone.switchOff();

  // A browser that has just been started goes by the quota that it is given, and not by one that it remembers.
  await phone.start();
  const { page, context } = phone;
  await context.setOffline(true);
  const browser = await context.newCDPSession(page);
  const { usage } = await browser.send("Storage.getUsageAndQuota", { origin: server.url });
  await browser.send("Storage.overrideQuotaForOrigin", { origin: server.url, quotaSize: usage + 1_000_000 });
  await page.goto(`${server.url}/tickets/new`);
  await expectWaitingOffline(page, 2);
  await useUp(page);
  const full = page.locator(".notice.late");

  await test.step("a photo is refused in words; without it the same form is saved", async () => {
    await fill(page, "装满 2", picture("door-before"));
    await button(page, "tickets.submit_open").click();
    await expect(full).toHaveText(t("refusals.client_quota_full"));
    await page.getByRole("button", { name: t("kit.photo_remove", { label: t("common.photos"), n: 1 }) }).click();
    await save(page);
    await expectWaitingOffline(page, 3);
  });
  await test.step("with a network everything goes", async () => {
    await context.setOffline(false);
    await expectSynced(page, 30_000);
    const tickets = await arrived(office, "装满 ");
    expect(tickets.map((one) => one.photos?.length ?? 0)).toEqual([1, 0]);
  });
  await phone.switchOff();
});
