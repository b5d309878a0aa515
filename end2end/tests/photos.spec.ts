// Photos: taken or picked, put away again before saving, and what becomes of one that the server never takes.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Locator, Page } from "@playwright/test";
import { Client } from "../support/api.ts";
import { picture, take } from "../support/camera.ts";
import { clusterOf, openTicket } from "../support/demo.ts";
import { expect, test, watchFaults } from "../support/fixtures.ts";
import {
  badge,
  button,
  choice,
  expectSynced,
  expectWaitingOffline,
  fillCompletion,
  sheet,
  signIn,
  submitCompletion,
  visit,
} from "../support/pages.ts";
import { pattern, t } from "../support/texts.ts";

const CAMERA = () => t("kit.photo_take", { label: t("common.photos") });
const GALLERY = () => t("kit.photo_pick", { label: t("common.photos") });

async function fillTicket(page: Page, description: string): Promise<void> {
  await visit(page, "/tickets/new");
  await choice(page, "tickets.category", "tickets.category_leak").click();
  const publicPlace = choice(page, "tickets.place_kind", "tickets.place_public");
  if (await publicPlace.isVisible()) await publicPlace.click();
  await page.getByLabel(t("tickets.public_place"), { exact: true }).fill("二号井");
  await page.getByLabel(t("tickets.description"), { exact: true }).fill(description);
}

async function save(page: Page): Promise<void> {
  await button(page, "tickets.submit_open").click();
  await expect(page).not.toHaveURL(/\/tickets\/new/);
}

/** Adds pictures by the button of that name; tells whether it asked for the camera. */
async function add(page: Page, name: string, pictures: string[]): Promise<boolean> {
  const before = await page.locator(".photo img").count();
  const [chooser] = await Promise.all([
    page.waitForEvent("filechooser"),
    page.getByRole("button", { name, exact: true }).click(),
  ]);
  const camera = (await chooser.element().getAttribute("capture")) !== null;
  await chooser.setFiles(pictures.map(picture));
  await expect(page.locator(".photo img")).toHaveCount(before + pictures.length);
  return camera;
}

/** What a picture shows, small: bytes of a photo cannot be read back from the page, what is drawn can. */
async function seen(image: Locator): Promise<string> {
  await expect.poll(() => image.evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBeGreaterThan(0);
  return image.evaluate((image) => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [16, 16];
    const context = canvas.getContext("2d")!;
    context.drawImage(image as HTMLImageElement, 0, 0, 16, 16);
    return [...context.getImageData(0, 0, 16, 16).data].join();
  });
}

/** How far two pictures are apart: the mean of what their colours differ by. */
function apart(one: string, other: string): number {
  const [a, b] = [one, other].map((picture) => picture.split(",").map(Number));
  return a.reduce((sum, value, index) => sum + Math.abs(value - b[index]), 0) / a.length;
}

async function ticketOf(office: Client, description: string): Promise<Record<string, any>> {
  const found = (await office.records("ticket")).filter((one) => one.description === description);
  expect(found).toHaveLength(1);
  return found[0];
}

async function arrived(office: Client): Promise<string[]> {
  return (await office.records("blob_arrival")).map((blob) => blob.sha256 as string);
}

test("pictures come from the camera and from the gallery, and one that is put away again is not sent", async ({
  server,
  phone,
}) => {
  const office = await Client.signIn(server.url, "zhuguan1");
  const context = await phone();
  const page = await context.newPage();
  await signIn(page, server.url, "guanjia1");
  await context.setOffline(true);
  await fillTicket(page, "相册与相机");
  expect(await add(page, CAMERA(), ["leak-before"])).toBe(true);
  expect(await add(page, GALLERY(), ["door-before", "electric-before"])).toBe(false);
  const shown = page.locator(".photo img");
  const [first, second, third] = [await seen(shown.nth(0)), await seen(shown.nth(1)), await seen(shown.nth(2))];
  expect(new Set([first, second, third]).size).toBe(3);
  await page.getByRole("button", { name: t("kit.photo_remove", { label: t("common.photos"), n: 2 }) }).click();
  await expect(shown).toHaveCount(2);
  expect([await seen(shown.nth(0)), await seen(shown.nth(1))]).toEqual([first, third]);
  await save(page);
  // The ticket and its two pictures.
  await expectWaitingOffline(page, 3);

  await context.setOffline(false);
  await expectSynced(page);
  const ticket = await ticketOf(office, "相册与相机");
  expect(ticket.photos).toHaveLength(2);
  const here = await arrived(office);
  for (const photo of ticket.photos) expect(here).toContain(photo.sha256);
  await visit(page, `/tickets/${ticket.id}`);
  const kept = page.getByRole("group", { name: t("common.photos"), exact: true }).locator(".photo img");
  await expect(kept).toHaveCount(2);
  expect([await seen(kept.nth(0)), await seen(kept.nth(1))]).toEqual([first, third]);
});

/** Pictures are made no further than `window.made()` lets them. */
async function slowPictures(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const make = window.createImageBitmap.bind(window) as (source: ImageBitmapSource) => Promise<ImageBitmap>;
    const waiting: (() => void)[] = [];
    Object.assign(window, {
      made: () => waiting.splice(0).forEach((go) => go()),
      createImageBitmap: async (source: ImageBitmapSource) => {
        await new Promise<void>((go) => waiting.push(go));
        return make(source);
      },
    });
  });
}

const made = (page: Page) => page.evaluate(() => (window as any).made());

test("a form waits for its pictures, and one that is left while they are made keeps them", async ({ server, phone }) => {
  const office = await Client.signIn(server.url, "zhuguan1");
  const page = await (await phone()).newPage();
  await slowPictures(page);
  await signIn(page, server.url, "guanjia1");
  await fillTicket(page, "照片慢慢来");
  await take(page, () => page.getByRole("button", { name: CAMERA(), exact: true }).click(), picture("leak-before"));
  await expect(page.getByText(t("kit.photo_making", { n: 1 }))).toBeVisible();
  await expect(button(page, "tickets.submit_open")).toBeDisabled();
  await made(page);
  await expect(page.locator(".photo img")).toHaveCount(1);
  await expect(button(page, "tickets.submit_open")).toBeEnabled();

  // Left with a second one half made; it is in the draft when the form is opened again.
  await take(page, () => page.getByRole("button", { name: CAMERA(), exact: true }).click(), picture("door-before"));
  await expect(page.getByText(t("kit.photo_making", { n: 1 }))).toBeVisible();
  await page.goBack();
  await expect(page).not.toHaveURL(/\/tickets\/new/);
  await made(page);
  await expect(async () => {
    await visit(page, "/tickets");
    await visit(page, "/tickets/new");
    await expect(page.locator(".photo img")).toHaveCount(2, { timeout: 2_000 });
  }).toPass({ timeout: 30_000 });
  await save(page);
  await expectSynced(page);
  expect((await ticketOf(office, "照片慢慢来")).photos).toHaveLength(2);
});

test("a picture that this phone has looked at since goes with another record, too, and holds up none", async ({
  server,
  phone,
}) => {
  const office = await Client.signIn(server.url, "zhuguan1");
  const technician = await Client.signIn(server.url, "weixiu3");
  const cluster = await clusterOf(office, "C");
  const contact = { name: "钱女士", phone: "" };
  const jobs = [1, 2].map((n) => openTicket(cluster, { place: { label: `同一签名 ${n}` }, contact }));
  for (const { ticket, payload } of jobs) {
    await office.apply(office.project, [
      { kind: "tickets.open", payload },
      { kind: "tickets.assign", payload: { ticket, to: technician.session.actor.user } },
    ]);
    await technician.apply(technician.project, [
      { kind: "tickets.accept", payload: { ticket } },
      { kind: "tickets.start", payload: { ticket } },
    ]);
  }
  const page = await (await phone()).newPage();
  await signIn(page, server.url, "weixiu3");
  const complete = async (ticket: string): Promise<string[]> => {
    await visit(page, `/tickets/${ticket}/complete`);
    await fillCompletion(page, { action: "紧固接头", signedBy: "钱女士", hand: 0 });
    await submitCompletion(page);
    await expectSynced(page);
    const record = (await office.records("ticket")).find((one) => one.id === ticket)!;
    return record.completion.attachments.map((one: any) => one.sha256);
  };
  const first = await complete(jobs[0].ticket);
  // Seen on the ticket: the browser may keep it for as long as it likes.
  const shown = first.map((sha) =>
    page.waitForResponse((answer) => answer.url().includes(sha) && answer.request().method() === "GET"),
  );
  await page.goto(`${server.url}/tickets/${jobs[0].ticket}`);
  await Promise.all(shown);
  const second = await complete(jobs[1].ticket);
  expect(second.filter((sha) => first.includes(sha))).toHaveLength(1);
  const there = await arrived(office);
  for (const sha of second) expect(there).toContain(sha);
});

test("a photo that the server never takes waits for a person, stops no other, and can be saved and sent again", async ({
  server,
  phone,
}) => {
  const office = await Client.signIn(server.url, "zhuguan1");
  const context = await phone();
  const page = await context.newPage();
  await signIn(page, server.url, "guanjia2");
  await context.setOffline(true);
  await fillTicket(page, "不收的照片");
  await add(page, CAMERA(), ["leak-before", "place-before"]);
  await save(page);
  await fillTicket(page, "照收的照片");
  await add(page, CAMERA(), ["door-before"]);
  await save(page);
  await expectWaitingOffline(page, 5);

  // The first photo of that ticket is none to this server, however often it comes.
  let refused = "";
  let times = 0;
  await context.route("**/api/v1/blobs/*", async (route) => {
    const request = route.request();
    const sha256 = new URL(request.url()).pathname.split("/").at(-1)!;
    if (request.method() !== "PATCH" || (refused && refused !== sha256)) return route.continue();
    // They come in the order of their hashes, after their commands.
    const own = (await ticketOf(office, "不收的照片")).photos.some((photo: any) => photo.sha256 === sha256);
    if (!own || (refused && refused !== sha256)) return route.continue();
    refused = sha256;
    times += 1;
    await route.fulfill({
      status: 415,
      contentType: "application/json",
      headers: { "x-guanjia-code": "blob.type_not_allowed" },
      body: JSON.stringify({ error: { code: "blob.type_not_allowed", params: {}, request_id: "journey" } }),
    });
  });
  const item = page.locator(".outbox-item.late");

  await test.step("it is raised, with the reason; the others are on the server", async () => {
    await context.setOffline(false);
    await expect(badge(page)).toHaveText(t("frame.badge_attention", { n: 1 }), { timeout: 40_000 });
    await badge(page).click();
    await expect(page.getByRole("heading", { name: new RegExp(`^${t("outbox.attention")}`) })).toBeVisible();
    await expect(item).toHaveCount(1);
    await expect(item).toContainText(t("sync.state_photo_refused"));
    await expect(item.locator(".outbox-reason")).toHaveText(t("refusals.blob_type_not_allowed"));
    const named = [await ticketOf(office, "不收的照片"), await ticketOf(office, "照收的照片")];
    const photos = named.flatMap((ticket) => ticket.photos.map((photo: any) => photo.sha256 as string));
    expect(photos).toHaveLength(3);
    expect(photos).toContain(refused);
    const others = photos.filter((sha256) => sha256 !== refused);
    await expect.poll(() => arrived(office)).toEqual(expect.arrayContaining(others));
    expect(await arrived(office)).not.toContain(refused);
  });

  await test.step("it is not asked for again and again, and a reload forgets nothing", async () => {
    await page.reload();
    await expect(badge(page)).toHaveText(t("frame.badge_attention", { n: 1 }));
    await expect(item).toHaveCount(1);
    const asked = page.waitForResponse((answer) => answer.url().includes("/sync/pull"));
    await button(page, "sync.sync_now").click();
    await asked;
    await expect(page.getByRole("heading", { name: new RegExp(`^${t("outbox.attention")}`) })).toBeVisible();
    expect(times).toBe(1);
  });

  await test.step("it can be looked at, and saved as a file", async () => {
    await button(item, "outbox.view").click();
    await expect(sheet(page).getByText(pattern("outbox.blob_refused"))).toHaveCount(1);
    await expect(sheet(page).getByText(pattern("outbox.blob_arrived"))).toHaveCount(1);
    await sheet(page).getByRole("button", { name: t("frame.close"), exact: true }).click();
    const [download] = await Promise.all([page.waitForEvent("download"), button(item, "outbox.export").click()]);
    const file = JSON.parse(readFileSync(await download.path(), "utf8"));
    const saved = file.blobs.find((blob: any) => blob.sha256 === refused);
    const bytes = Buffer.from(saved.base64, "base64");
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(refused);
    expect(JSON.stringify(file.commands)).toContain("不收的照片");
    // On the record it is what everybody else does not have yet.
    const ticket = await ticketOf(office, "不收的照片");
    await visit(page, `/tickets/${ticket.id}`);
    const strip = page.getByRole("group", { name: t("common.photos"), exact: true });
    await expect(strip.locator(".photo img")).toHaveCount(2);
    for (const image of await strip.locator(".photo img").all()) await seen(image);
    await expect(strip).toContainText(t("kit.photos_arrived", { total: 2, arrived: 1 }));
  });

  await test.step("sent again while it is still refused it is back; afterwards it goes", async () => {
    await visit(page, "/outbox");
    await button(item, "outbox.resend").click();
    await expect.poll(() => times).toBe(2);
    await expect(item).toHaveCount(1);
    await context.unroute("**/api/v1/blobs/*");
    await button(item, "outbox.resend").click();
    await expectSynced(page);
    await expect(item).toHaveCount(0);
    await expect.poll(async () => (await arrived(office)).filter((sha256) => sha256 === refused)).toHaveLength(1);
  });
});

test("a photo that the way to the server changes is sent again, set aside when that does not help, and is whole in the end", async ({
  server,
  phone,
}) => {
  const office = await Client.signIn(server.url, "zhuguan1");
  const context = await phone();
  const page = await context.newPage();
  const faults = watchFaults(page);
  await signIn(page, server.url, "guanjia3");
  await context.setOffline(true);
  await fillTicket(page, "途中损坏的照片");
  await add(page, CAMERA(), ["leak-before", "door-before"]);
  const shown = page.locator(".photo img");
  const taken = [await seen(shown.nth(0)), await seen(shown.nth(1))];
  await save(page);
  await expectWaitingOffline(page, 3);

  // One byte of what is sent: of one photo the first time only, of the other one each time.
  const codes = new Map<string, string[]>();
  let corrupting = true;
  await context.route("**/api/v1/blobs/*", async (route) => {
    const request = route.request();
    if (request.method() !== "PATCH") return route.continue();
    const sha256 = new URL(request.url()).pathname.split("/").at(-1)!;
    const tries = codes.get(sha256) ?? [];
    codes.set(sha256, tries);
    const recovers = sha256 === [...codes.keys()][0];
    const bytes = Buffer.from(request.postDataBuffer()!);
    if (corrupting && (!recovers || tries.length === 0)) bytes[bytes.length >> 1] ^= 1;
    const answer = await route.fetch({ postData: bytes });
    tries.push(answer.headers()["x-guanjia-code"] ?? String(answer.status()));
    await route.fulfill({ response: answer });
  });
  const item = page.locator(".outbox-item.late");
  let [once, always] = ["", ""];

  await test.step("each is tried again; the one that never comes through is raised, with the reason", async () => {
    await context.setOffline(false);
    await expect(badge(page)).toHaveText(t("frame.badge_attention", { n: 1 }), { timeout: 90_000 });
    [once, always] = [...codes.keys()];
    expect(codes.get(once)).toEqual(["blob.hash_mismatch", "204"]);
    // No more than a person would: then somebody has to look.
    expect(codes.get(always)).toEqual(Array(3).fill("blob.hash_mismatch"));
    await badge(page).click();
    await expect(item).toHaveCount(1);
    await expect(item).toContainText(t("sync.state_photo_refused"));
    await expect(item.locator(".outbox-reason")).toHaveText(t("refusals.blob_hash_mismatch"));
    // Nothing that is not what was taken is on the server.
    await expect.poll(() => arrived(office)).toContain(once);
    expect(await arrived(office)).not.toContain(always);
  });

  await test.step("the ticket is there, and the phone still shows both photos as they were taken", async () => {
    const ticket = await ticketOf(office, "途中损坏的照片");
    expect(ticket.photos.map((photo: any) => photo.sha256).sort()).toEqual([once, always].sort());
    await visit(page, `/tickets/${ticket.id}`);
    const strip = page.getByRole("group", { name: t("common.photos"), exact: true });
    expect([await seen(strip.locator(".photo img").nth(0)), await seen(strip.locator(".photo img").nth(1))]).toEqual(taken);
    await expect(strip).toContainText(t("kit.photos_arrived", { total: 2, arrived: 1 }));
  });

  await test.step("sent again on a better way it arrives as it was taken", async () => {
    corrupting = false;
    await visit(page, "/outbox");
    await button(item, "outbox.resend").click();
    await expectSynced(page);
    await expect(item).toHaveCount(0);
    expect(codes.get(always)!.slice(3)).toEqual(["204"]);
    await expect.poll(() => arrived(office)).toEqual(expect.arrayContaining([once, always]));
    // What the office is shown is the picture, from the server.
    const other = await (await phone()).newPage();
    await signIn(other, server.url, "guanjia3");
    const ticket = await ticketOf(office, "途中损坏的照片");
    await visit(other, `/tickets/${ticket.id}`);
    const strip = other.getByRole("group", { name: t("common.photos"), exact: true });
    // Made small for the strip there, so not to the last bit; another picture is far from it.
    expect(apart(taken[0], taken[1])).toBeGreaterThan(8);
    for (const [index, picture] of taken.entries()) {
      expect(apart(await seen(strip.locator(".photo img").nth(index)), picture)).toBeLessThan(4);
    }
  });
  expect(faults).toEqual([]);
});
