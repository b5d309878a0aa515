// Phones whose clock is years off, and phones that are full.

import { Client } from "../support/api.ts";
import { largePicture, take } from "../support/camera.ts";
import { shiftClock } from "../support/clock.ts";
import { expect, test } from "../support/fixtures.ts";
import { badge, button, choice, expectSynced, openTicket, signIn, visit } from "../support/pages.ts";
import { t } from "../support/texts.ts";

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
    await expect(page.locator(".notice.late").first()).toContainText(t("sync.clock_off").slice(0, 8));
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
  await expect(page.locator(".notice.late, .toast.late").first()).toBeVisible();
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
