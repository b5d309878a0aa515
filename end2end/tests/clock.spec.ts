// Phones whose clock is years off, and phones that are full.

import type { CDPSession, Page } from "@playwright/test";
import { Client } from "../support/api.ts";
import { largePicture, picture, take } from "../support/camera.ts";
import { shiftClock } from "../support/clock.ts";
import { expect, test, watchFaults } from "../support/fixtures.ts";
import {
  badge,
  button,
  choice,
  expectSynced,
  expectWaitingOffline,
  openTicket,
  signIn,
  visit,
} from "../support/pages.ts";
import { pattern, t } from "../support/texts.ts";

const YEARS = 365 * 86_400_000;

for (const [name, years, account] of [
  ["behind", -10, "guanjia1"],
  ["ahead", 10, "guanjia2"],
] as const) {
  test(`a clock ten years ${name} loses nothing: times are corrected and the phone says so`, async ({ server, phone }) => {
    const office = await Client.signIn(server.url, "zhuguan1");
    const context = await phone();
    await shiftClock(context, years * YEARS);
    const page = await context.newPage();
    await signIn(page, server.url, account);
    await context.setOffline(true);
    await openTicket(page, "南门", `时钟 ${name}`);
    await context.setOffline(false);
    await expectSynced(page);
    await expect
      .poll(async () => (await office.records("ticket")).filter((one) => one.description === `时钟 ${name}`).length)
      .toBe(1);
    const ticket = (await office.records("ticket")).find((one) => one.description === `时钟 ${name}`)!;
    expect(Math.abs(ticket.opened_at - Date.now())).toBeLessThan(120_000);
    await visit(page, "/outbox");
    await expect(page.locator(".notice.late").first()).toHaveText(pattern("refusals.client_clock_off"));
  });
}

test("a full phone refuses a photo in words, and still records without one", async ({ server, phone }) => {
  const office = await Client.signIn(server.url, "zhuguan1");
  const context = await phone();
  const page = await context.newPage();
  await signIn(page, server.url, "guanjia3");
  await context.setOffline(true);
  await visit(page, "/tickets/new");
  await choice(page, "tickets.category", "tickets.category_leak").click();
  const publicPlace = choice(page, "tickets.place_kind", "tickets.place_public");
  if (await publicPlace.isVisible()) await publicPlace.click();
  await page.getByLabel(t("tickets.public_place"), { exact: true }).fill("北门");
  await page.getByLabel(t("tickets.description"), { exact: true }).fill("存储已满");
  await take(
    page,
    () => page.locator(".photo.add").click(),
    [{ name: "large.jpg", mimeType: "image/jpeg", buffer: await largePicture(page) }],
  );
  await expect(page.locator(".photo img")).toHaveCount(1);
  // What is there may stay; nothing more fits. Chromium checks a quota against a remembered estimate, so a quota
  // lowered under a running page shows late: what the phone says of its room is what is changed here.
  await page.evaluate(() => {
    const storage = navigator.storage as any;
    storage.realEstimate = storage.estimate;
    storage.estimate = async () => {
      const { usage } = await storage.realEstimate();
      return { usage, quota: usage + 30_000 };
    };
  });
  await button(page, "tickets.submit_open").click();
  await expect(page.locator(".notice.late")).toHaveText(t("refusals.client_quota_full"));
  // The form is still there with everything in it.
  await expect(page.getByLabel(t("tickets.description"), { exact: true })).toHaveValue("存储已满");
  await page.getByRole("button", { name: t("kit.photo_remove", { label: t("common.photos"), n: 1 }) }).click();
  await expect(page.locator(".photo img")).toHaveCount(0);
  await button(page, "tickets.submit_open").click();
  await expect(page).not.toHaveURL(/\/tickets\/new/);
  await page.evaluate(() => {
    const storage = navigator.storage as any;
    storage.estimate = storage.realEstimate;
  });
  await context.setOffline(false);
  await expect(badge(page)).not.toHaveText(/离线/);
  await expectSynced(page);
  const found = (await office.records("ticket")).filter((one) => one.description === "存储已满");
  expect(found).toHaveLength(1);
});

/** What the browser itself allows this site; without a number, as much as ever. */
async function allow(browser: CDPSession, origin: string, quotaSize?: number): Promise<void> {
  await browser.send("Storage.overrideQuotaForOrigin", quotaSize === undefined ? { origin } : { origin, quotaSize });
}

/** Whether the browser refuses to keep anything more: it goes by a remembered estimate for a while. */
async function refusesToStore(page: Page): Promise<boolean> {
  return page.evaluate(
    () =>
      new Promise<boolean>((told) => {
        const open = indexedDB.open("journey-probe");
        open.onupgradeneeded = () => open.result.createObjectStore("bytes");
        open.onerror = () => told(open.error?.name === "QuotaExceededError");
        open.onsuccess = () => {
          const end = (full: boolean) => {
            open.result.close();
            told(full);
          };
          const write = open.result.transaction("bytes", "readwrite");
          write.objectStore("bytes").put(crypto.getRandomValues(new Uint8Array(4_096)), 1);
          write.oncomplete = () => end(false);
          write.onabort = () => end(write.error?.name === "QuotaExceededError");
        };
      }),
  );
}

test("a browser that has nothing left refuses in words, keeps the form and all that was saved, and goes on with room", async ({
  server,
  phone,
}) => {
  const office = await Client.signIn(server.url, "zhuguan1");
  const described = async () =>
    (await office.records("ticket"))
      .map((one) => String(one.description))
      .filter((text) => text.startsWith("配额"))
      .sort();
  const context = await phone();
  const page = await context.newPage();
  const faults = watchFaults(page);
  await signIn(page, server.url, "guanjia4");
  await context.setOffline(true);
  await openTicket(page, "东门", "配额 之前");
  await expectWaitingOffline(page, 1);

  const browser = await context.newCDPSession(page);
  await allow(browser, server.url, 1);
  await expect.poll(() => refusesToStore(page), { timeout: 60_000 }).toBe(true);
  const description = page.getByLabel(t("tickets.description"), { exact: true });
  const full = page.locator(".notice.late").filter({ hasText: t("refusals.client_quota_full") });

  await test.step("with a photo it is told, and everything stays in the form", async () => {
    await visit(page, "/tickets/new");
    await choice(page, "tickets.category", "tickets.category_leak").click();
    const publicPlace = choice(page, "tickets.place_kind", "tickets.place_public");
    if (await publicPlace.isVisible()) await publicPlace.click();
    await page.getByLabel(t("tickets.public_place"), { exact: true }).fill("东门");
    await description.fill("配额 用完");
    await take(page, () => page.locator(".photo.add").click(), picture("leak-before"));
    await expect(page.locator(".photo img")).toHaveCount(1);
    await button(page, "tickets.submit_open").click();
    await expect(full).toBeVisible();
    await expect(description).toHaveValue("配额 用完");
    await expect(page.locator(".photo img")).toHaveCount(1);
  });

  await test.step("without one it is the same: here it is the store that has no room", async () => {
    await page.getByRole("button", { name: t("kit.photo_remove", { label: t("common.photos"), n: 1 }) }).click();
    await expect(page.locator(".photo img")).toHaveCount(0);
    await description.fill("配额 用完,没有照片");
    // It is said until the next try; what comes then is another one.
    await full.evaluate((notice) => notice.setAttribute("data-before", ""));
    await button(page, "tickets.submit_open").click();
    await expect(page.locator(".notice.late:not([data-before])")).toHaveText(t("refusals.client_quota_full"));
    await expect(page).toHaveURL(/\/tickets\/new/);
    await expect(description).toHaveValue("配额 用完,没有照片");
    // Nothing of it was recorded, and what was recorded before is still there.
    await expectWaitingOffline(page, 1);
  });

  await test.step("with room again the same tap saves it, photo and all, and both go out", async () => {
    await allow(browser, server.url);
    await expect.poll(() => refusesToStore(page), { timeout: 60_000 }).toBe(false);
    await take(page, () => page.locator(".photo.add").click(), picture("leak-before"));
    await expect(page.locator(".photo img")).toHaveCount(1);
    await button(page, "tickets.submit_open").click();
    await expect(page).not.toHaveURL(/\/tickets\/new/);
    // Two tickets and a picture.
    await expectWaitingOffline(page, 3);
    await context.setOffline(false);
    await expectSynced(page);
    expect(await described()).toEqual(["配额 之前", "配额 用完,没有照片"]);
    const ticket = (await office.records("ticket")).find((one) => one.description === "配额 用完,没有照片")!;
    expect(ticket.photos).toHaveLength(1);
    const arrived = (await office.records("blob_arrival")).map((blob) => blob.sha256);
    expect(arrived).toContain(ticket.photos[0].sha256);
  });
  expect(faults).toEqual([]);
});
