// A steward's phone of this release, offline with unsent work, as the app itself leaves it on the disk; it goes into
// fixtures/ and is opened by every later build (tests/frozen_phone.spec.ts). On it: an answered command that is not yet
// backed up, with its photo; one that was refused and that nobody has dealt with; a ticket with two photos, a round
// that was begun, a visit and a call with a promise, all unsent; half a ticket with a photo; the whole replica.
//
// It names nothing but what every demo company has, on whatever day it is made: units, clusters, templates,
// checkpoints, accounts. So no planned round, whose schedule begins when the company does, and no code on a wall,
// which each company signs with a key of its own.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { Client } from "../support/api.ts";
import { giveClusters, nextFriday, openTicket, TEMPLATE } from "../support/demo.ts";
import { disk, halves } from "../support/disk.ts";
import { run } from "../support/env.ts";
import { expect, test, watchFaults } from "../support/fixtures.ts";
import { freeze, frozenReleases, parsed, rowsOf, thisRelease, writeImage } from "../support/frozen.ts";
import {
  badge,
  button,
  choice,
  expectSynced,
  noteCall,
  pickUnit,
  sessionOf,
  sheet,
  signIn,
  visit,
  walkPoint,
} from "../support/pages.ts";
import { t } from "../support/texts.ts";
import { fill, save } from "../support/ticket_form.ts";

/** The smallest replica of all stewards. */
const ACCOUNT = "guanjia5";
const [CLUSTER, ELSEWHERE] = ["F", "A"];

/** Pictures that take little room, each another. */
async function pictures(page: Page, ...colours: string[]): Promise<{ name: string; mimeType: string; buffer: Buffer }[]> {
  const drawn = await page.evaluate((colours) => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [200, 150];
    const context = canvas.getContext("2d")!;
    return colours.map((colour) => {
      context.fillStyle = colour;
      context.fillRect(0, 0, 200, 150);
      return canvas.toDataURL("image/jpeg", 0.8).split(",")[1];
    });
  }, colours);
  return drawn.map((base64, index) => ({
    name: `${index}.jpg`,
    mimeType: "image/jpeg",
    buffer: Buffer.from(base64, "base64"),
  }));
}

const release = thisRelease();

// Servers of this process keep back-ups: without, phones let go of what was answered at once.
test.beforeAll(() => {
  const folder = join(run(), "backup");
  mkdirSync(folder, { recursive: true });
  process.env.GUANJIA_BACKUP_DIR = folder;
});

test(`a phone of ${release}, offline with unsent work`, async ({ server, phone }) => {
  expect(frozenReleases(), "an image of a release is never written again").not.toContain(release);
  const context = await phone();
  const page = await context.newPage();
  const faults = watchFaults(page);
  await signIn(page, server.url, ACCOUNT);
  const { user, clusters } = (await sessionOf(page)).actor;
  const kept = () => disk(page, user);

  await test.step("a ticket with a photo is answered, and stays in the journal until the next back-up", async () => {
    await visit(page, "/tickets/new");
    await fill(page, "冻结之前:已送达的报修", await pictures(page, "#a33"));
    await save(page);
    await expect.poll(async () => (await kept()).photos.map(({ state }) => state), { timeout: 120_000 }).toEqual(["confirmed"]);
    await expectSynced(page);
    expect((await kept()).journal).toHaveLength(1);
  });

  await test.step("one is refused: while she was offline the cluster had been given to somebody else", async () => {
    await context.setOffline(true);
    await visit(page, "/tickets/new");
    await fill(page, "冻结之前:被拒绝的报修");
    await save(page);
    await giveClusters(server.url, ACCOUNT, [ELSEWHERE]);
    await context.setOffline(false);
    await expect(badge(page)).toHaveText(t("frame.badge_attention", { n: 1 }), { timeout: 60_000 });
    await giveClusters(server.url, ACCOUNT, [CLUSTER]);
    await expect.poll(async () => (await sessionOf(page)).actor.clusters, { timeout: 60_000 }).toEqual(clusters);
    await page.reload();
    await expect.poll(async () => (await kept()).outbox, { timeout: 60_000 }).toEqual([]);
    await visit(page, "/fees");
    await expect(page.locator("main a[href^='/fees/']").first()).toBeVisible({ timeout: 60_000 });
  });

  await test.step("what the office has just opened came behind the snapshot", async () => {
    const office = await Client.signIn(server.url, "zhuguan1");
    const { ticket, payload } = openTicket(clusters[0]);
    await office.apply(office.project, [{ kind: "tickets.open", payload }]);
    await visit(page, `/tickets/${ticket}`);
    await expect(page.locator("main")).toContainText(String((payload as { description: string }).description));
  });

  await context.setOffline(true);
  await test.step("a ticket with two photos", async () => {
    await visit(page, "/tickets/new");
    await fill(page, "冻结:未送出的报修,两张照片", await pictures(page, "#3a3", "#33a"));
    await save(page);
  });

  await test.step("a round, begun and not finished", async () => {
    await visit(page, "/rounds");
    await button(page, "rounds.extra_round").click();
    await sheet(page).getByLabel(t("rounds.template"), { exact: true }).selectOption({ label: TEMPLATE });
    await button(sheet(page), "rounds.start").click();
    await walkPoint(page, { byHand: "rounds.reason_damaged" });
  });

  await test.step("a visit", async () => {
    const client = await Client.signIn(server.url, ACCOUNT);
    const { label } = (await client.records("household"))[0];
    await visit(page, "/visits/new");
    await pickUnit(page, label);
    await page.locator('[data-topic="need"]').click();
    await choice(page, "visits.result", "visits.result_answered").click();
    await page.getByLabel(t("visits.note"), { exact: true }).fill("冻结:上门走访");
    await page.locator(".action-bar button").click();
    await expect(page).not.toHaveURL(/\/visits\/new/);
  });

  await test.step("a call with a promise", async () => {
    await visit(page, "/fees");
    await page.locator("main a[href^='/fees/']").first().click();
    await page.getByLabel(t("common.note"), { exact: true }).fill("冻结:答应缴费");
    await noteCall(page, { outcome: "connected", promised: nextFriday(), reason: "no_time" });
  });

  await test.step("half a ticket, with a photo", async () => {
    await visit(page, "/tickets/new");
    await fill(page, "冻结:写到一半的报修", await pictures(page, "#aa3"));
    await expect.poll(async () => Object.values((await kept()).drafts).join(), { timeout: 10_000 }).toContain("写到一半");
    // A moment after one typed everything is written down.
    await page.waitForTimeout(1_000);
  });

  expect(faults).toEqual([]);
  expect(halves(await kept())).toEqual([]);
  const image = { release, frozen_at: Date.now(), ...(await freeze(page)) };
  expect(parsed(image, "outbox").map(({ kind }) => kind)).toEqual([
    "tickets.open",
    "rounds.start",
    "rounds.record_checkpoint",
    "visits.record",
    "fees.record_call",
  ]);
  expect(parsed(image, "journal").map(({ outcome }) => outcome.outcome)).toEqual(["applied", "refused"]);
  expect(parsed(image, "attention")).toHaveLength(1);
  for (const store of ["base", "delta", "drafts"]) expect(rowsOf(image, store), store).not.toEqual([]);
  console.log(`the phone of ${release}: ${Math.ceil(writeImage(image) / 1000)} kB`);
});
