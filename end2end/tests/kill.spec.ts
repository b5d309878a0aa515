// Tabs, phones and servers that die at the worst moment. Whatever was said to be saved is there afterwards, once.

import type { Page, Request } from "@playwright/test";
import { Client } from "../support/api.ts";
import { picture, take } from "../support/camera.ts";
import { expect, test } from "../support/fixtures.ts";
import { button, choice, expectSynced, go, signIn, visit } from "../support/pages.ts";
import { Phone } from "../support/profile.ts";
import { t } from "../support/texts.ts";

const PICTURES = ["door-before", "electric-before"];

async function fillTicket(page: Page, description: string): Promise<void> {
  await choice(page, "tickets.category", "tickets.category_leak").click();
  const publicPlace = choice(page, "tickets.place_kind", "tickets.place_public");
  if (await publicPlace.isVisible()) await publicPlace.click();
  await page.getByLabel(t("tickets.public_place"), { exact: true }).fill("三号井");
  await page.getByLabel(t("tickets.description"), { exact: true }).fill(description);
  await take(
    page,
    () => page.getByRole("button", { name: t("kit.photo_take", { label: t("common.photos") }) }).click(),
    PICTURES.map(picture),
  );
  await expect(page.locator(".photo img")).toHaveCount(PICTURES.length);
}

/** The description that is in the form after it was opened anew: a draft, or nothing. */
async function draftOf(page: Page): Promise<string> {
  const field = page.getByLabel(t("tickets.description"), { exact: true });
  await expect(field).toBeVisible();
  return field.inputValue();
}

test("a tab that is killed while it saves has saved everything, or has it as a draft", async ({ server }) => {
  test.setTimeout(180_000);
  const office = await Client.signIn(server.url, "zhuguan1");
  const phone = await Phone.switchOn("killed");
  await signIn(phone.page, server.url, "guanjia1");
  await phone.switchOff();
  await phone.start();
  await phone.context.setOffline(true);
  let page = phone.page;
  const wanted: string[] = [];
  let drafts = 0;
  // From before the click is handled until after the transaction is complete.
  const delays = [0, 1, 3, 6, 10, 16, 25, 40, 80, 160];
  for (const [index, delay] of delays.entries()) {
    const text = `第 ${index} 次中断`;
    wanted.push(text);
    await page.goto(`${server.url}/tickets/new`);
    await fillTicket(page, text);
    // The draft itself is written a moment after one typed; that it is on the disk is what the page promises.
    await page.waitForTimeout(400);
    await page.evaluate(
      ([name, delay]) => {
        const send = [...document.querySelectorAll("button")].find((button) => button.textContent?.trim() === name)!;
        send.click();
        const end = performance.now() + delay;
        return new Promise<void>((done) => {
          const wait = () => (performance.now() >= end ? done() : setTimeout(wait, 0));
          wait();
        });
      },
      [t("tickets.submit_open"), delay] as const,
    );
    if (index % 4 === 3) {
      await phone.die();
      await phone.start();
      await phone.context.setOffline(true);
      page = phone.page;
    } else {
      const next = await phone.context.newPage();
      await page.close({ runBeforeUnload: false });
      page = next;
    }
    await page.goto(`${server.url}/tickets/new`);
    const draft = await draftOf(page);
    if (draft) {
      drafts += 1;
      // All of it, pictures too: one press sends it.
      expect(draft).toBe(text);
      await expect(page.locator(".photo img")).toHaveCount(PICTURES.length);
      await button(page, "tickets.submit_open").click();
      await expect(page).not.toHaveURL(/\/tickets\/new/);
    }
  }
  console.log(`${delays.length} kills while saving: ${drafts} left a draft, ${delays.length - drafts} had saved`);
  await go(page, "frame.nav_tickets").catch(() => visit(page, "/tickets"));
  await page.getByLabel(t("tickets.search"), { exact: true }).fill("次中断");
  await expect(page.locator(".tickets a")).toHaveCount(wanted.length);
  await phone.context.setOffline(false);
  await expectSynced(page);
  const found = (await office.records("ticket")).filter((ticket) => String(ticket.description).includes("次中断"));
  expect(found.map((ticket) => ticket.description).sort()).toEqual([...wanted].sort());
  const arrived = new Set((await office.records("blob_arrival")).map((blob) => blob.sha256));
  for (const ticket of found) {
    expect(ticket.photos).toHaveLength(PICTURES.length);
    for (const photo of ticket.photos) expect(arrived).toContain(photo.sha256);
  }
  await phone.switchOff();
});

test("a server that is killed in the middle of a sync loses nothing and does nothing twice", async ({ server, phone }) => {
  test.setTimeout(180_000);
  const office = await Client.signIn(server.url, "zhuguan1");
  const page = await (await phone()).newPage();
  await signIn(page, server.url, "guanjia2");
  await server.stop();
  const before = server.verify();
  await server.start();
  await page.context().setOffline(true);
  const wanted: string[] = [];
  for (let index = 0; index < 5; index += 1) {
    const text = `断电 ${index}`;
    wanted.push(text);
    await visit(page, "/tickets/new");
    await fillTicket(page, text);
    await button(page, "tickets.submit_open").click();
    await expect(page).not.toHaveURL(/\/tickets\/new/);
  }
  // In the middle of the first push; then in the middle of a photo; then just after one. The phone is quick, so every
  // kill is planned before it goes online, and falls on the first request that fits after the one before.
  const push = (request: Request) => request.url().includes("/sync/push");
  const upload = (request: Request) => request.url().includes("/api/v1/blobs/") && request.method() === "PATCH";
  const plan = [
    { on: "request", what: push },
    { on: "request", what: upload },
    { on: "response", what: upload },
  ];
  let kills = 0;
  let busy = false;
  const strike = (on: string, request: Request) => {
    const next = plan[0];
    if (busy || !next || next.on !== on || !next.what(request)) return;
    busy = true;
    plan.shift();
    void (async () => {
      await server.kill();
      kills += 1;
      await server.start();
      busy = false;
    })();
  };
  page.on("request", (request) => strike("request", request));
  page.on("response", (response) => strike("response", response.request()));
  await page.context().setOffline(false);
  await expect.poll(() => kills, { timeout: 90_000 }).toBe(3);
  await expect.poll(() => busy, { timeout: 60_000 }).toBe(false);
  await expectSynced(page, 90_000);
  console.log(`server killed ${kills} times in one sync`);
  const found = (await office.records("ticket")).filter((ticket) => String(ticket.description).startsWith("断电 "));
  expect(found.map((ticket) => ticket.description).sort()).toEqual(wanted);
  const photos = new Set<string>(found.flatMap((ticket) => ticket.photos.map((photo: any) => photo.sha256)));
  const arrivals = (await office.records("blob_arrival")).map((blob) => blob.sha256).filter((sha) => photos.has(sha));
  expect(arrivals.sort()).toEqual([...photos].sort());
  await server.stop();
  // Every command is in the log exactly once: the tickets, and one arrival for each picture.
  expect(server.verify().logRows - before.logRows).toBe(wanted.length + photos.size);
  await server.start();
});
