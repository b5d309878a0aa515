// Phones of every release, as they lay on the disk with unsent work (fixtures/, made by freeze/phone.freeze.ts): what was
// recorded with an app of that day is shown by today's and drains by itself, everything once. The server has never
// heard of the phone and is of another epoch, as after a restore: answered commands are told again, the base is fetched anew.

import { createHash } from "node:crypto";
import type { Page } from "@playwright/test";
import { Client, type Session } from "../support/api.ts";
import { disk, halves, type KeptCommand } from "../support/disk.ts";
import { PASSWORD } from "../support/env.ts";
import { expect, test, watchFaults } from "../support/fixtures.ts";
import { bytesOf, freeze, frozenReleases, parsed, readImage, recent, rowsOf, thaw } from "../support/frozen.ts";
import { Recorder, reckon } from "../support/ledger.ts";
import { badge, expectSynced, visit } from "../support/pages.ts";
import { t } from "../support/texts.ts";
import { description, pictures } from "../support/ticket_form.ts";

/** What a command of that kind makes: its record, and where its payload has the record's id. */
const MADE: Record<string, [kind: string, id: string]> = {
  "tickets.open": ["ticket", "ticket"],
  "rounds.start": ["round", "round"],
  "rounds.record_checkpoint": ["round", "round"],
  "visits.record": ["visit", "visit"],
  "fees.record_call": ["fee_call", "call"],
};

/** As many pictures as that, none of them broken. */
async function expectPictures(page: Page, count: number): Promise<void> {
  await expect(pictures(page)).toHaveCount(count);
  const seen = () => pictures(page).evaluateAll((all) => all.map((one) => (one as HTMLImageElement).naturalWidth > 0));
  await expect.poll(seen).toEqual(Array(count).fill(true));
}

test("there is a phone of every release", () => expect(frozenReleases()).not.toEqual([]));

for (const release of frozenReleases()) {
  test(`a phone of ${release} with unsent work opens without a network, shows it, and drains by itself, everything once`, async ({
    server,
    phone,
  }) => {
    test.setTimeout(240_000);
    const image = recent(readImage(release));
    const session: Session = JSON.parse(image.localStorage["guanjia.session"]);
    const { user } = session.actor;
    const outbox = parsed<KeptCommand>(image, "outbox");
    const answered = parsed<KeptCommand>(image, "journal");
    const attention = parsed<KeptCommand>(image, "attention");
    const blobs = parsed<{ sha256: string; state: string }>(image, "blob_meta");
    const drafts = Object.fromEntries(rowsOf(image, "drafts")) as Record<string, string>;
    const tickets = outbox.filter(({ kind }) => kind === "tickets.open").map(({ payload }) => JSON.parse(payload));

    const before = await server.logRows();
    const context = await phone();
    const page = await context.newPage();
    const faults = watchFaults(page);
    // What the app says when it cannot open its store.
    const told: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error" && message.text().includes("store")) told.push(message.text());
    });

    await test.step("the phone is made before the app has ever run on it, and the app loaded without being opened", async () => {
      await page.goto(`${server.url}/robots.txt`);
      await thaw(page, image);
      const { databases, localStorage } = image;
      expect(await freeze(page)).toEqual({ databases, localStorage });
      await page.evaluate(async () => {
        await navigator.serviceWorker.register("/service-worker.js", { scope: "/", updateViaCache: "none" });
        await navigator.serviceWorker.ready;
      });
      // Signed in on that device, as the phone was.
      const answer = await context.request.post(`${server.url}/api/v1/session`, {
        headers: { "x-guanjia": "1" },
        data: { account: session.account, password: PASSWORD, device: session.device },
      });
      expect(answer.status()).toBe(200);
    });

    const recorder = Recorder.ofPhone(page, server.url, session, [...answered, ...outbox]);
    await test.step("without a network everything unsent is there", async () => {
      await context.setOffline(true);
      await page.goto(`${server.url}/outbox`);
      const number = page.locator("#waiting .number");
      const waiting = outbox.length + blobs.filter(({ state }) => state === "pending").length;
      const shown = async () => told[0] ?? (await number.allTextContents()).join();
      await expect.poll(shown, "what waits, records and photos").toBe(String(waiting));
      const items = (section: string) => page.locator(`section[aria-labelledby="${section}"] .outbox-item`);
      await expect(items("waiting")).toHaveCount(outbox.length);
      await expect(items("attention")).toHaveCount(attention.length);
      if (attention.length > 0) {
        await expect(badge(page)).toHaveText(t("frame.badge_attention", { n: attention.length }));
      }
    });
    await test.step("tickets with their photos", async () => {
      for (const { ticket, description, photos } of tickets) {
        await visit(page, `/tickets/${ticket}`);
        await expect(page.locator("main")).toContainText(description);
        await expectPictures(page, photos?.length ?? 0);
      }
    });
    await test.step("the round as far as it was walked; the visit and the call in their household's history", async () => {
      const payloads = (of: string) => outbox.filter(({ kind }) => kind === of).map(({ payload }) => JSON.parse(payload));
      for (const { round } of payloads("rounds.start")) {
        const walked = payloads("rounds.record_checkpoint").filter((one) => one.round === round);
        await visit(page, `/rounds/${round}`);
        await expect(page.getByRole("progressbar")).toHaveAttribute("aria-valuenow", String(walked.length));
      }
      for (const [kind, process] of [
        ["visits.record", "visit"],
        ["fees.record_call", "call"],
      ]) {
        for (const { unit, note } of payloads(kind)) {
          await visit(page, `/households/${unit}`);
          await expect(page.locator(`.household-history li.${process}`).filter({ hasText: note })).toHaveCount(1);
        }
      }
    });
    const expectDraft = async () => {
      await visit(page, "/tickets/new");
      await expect(description(page)).toHaveValue(JSON.parse(drafts["ticket:new:"]).description);
      await expectPictures(page, JSON.parse(drafts["ticket:new:/photos"]).length);
    };
    await test.step("and the form that was left half filled", expectDraft);
    await visit(page, "/outbox");
    expect(halves(await disk(page, user))).toEqual([]);

    await test.step("with one everything goes by itself", async () => {
      await context.setOffline(false);
      const unsent = async () => (await disk(page, user)).outbox.map(({ kind }) => kind);
      await expect.poll(unsent, { timeout: 90_000 }).toEqual([]);
      // Nothing needs a person: what was refused on its day, for a cluster that she did not have then, is asked for
      // again by a server that does not know it, and taken.
      const raised = async () => parsed(await freeze(page), "attention").map(({ kind, outcome }) => [kind, outcome.reason]);
      await expect.poll(raised).toEqual([]);
      await expectSynced(page, 60_000);
      await expect.poll(async () => (await disk(page, user)).bytes, { timeout: 60_000 }).toEqual([]);
      await expectDraft();
      expect((await disk(page, user)).drafts).toEqual(drafts);
    });

    await test.step("the office has what was recorded, each photo whole", async () => {
      const office = await Client.signIn(server.url, "zhuguan1");
      const records = await office.pull(office.project);
      for (const { kind, payload } of [...answered, ...outbox]) {
        const [record, id] = MADE[kind];
        const found = records.filter((row) => row.k === record && row.id === JSON.parse(payload)[id]);
        expect(found, `${record} of ${kind}`).toHaveLength(1);
        expect(found[0].b, record).toMatchObject({ [record === "ticket" ? "opened_by" : "by"]: user });
      }
      for (const [sha256, bytes] of rowsOf(image, "blobs")) {
        const answer = await office.ask("GET", `/api/v1/blobs/${String(sha256)}`);
        const arrived = Buffer.from(await answer.arrayBuffer());
        expect(createHash("sha256").update(arrived).digest("hex")).toBe(sha256);
        expect(arrived.equals(bytesOf(bytes))).toBe(true);
      }
    });

    await test.step("and in its log every command is once", async () => {
      await recorder.adopt(page);
      const { commands, wrong } = await reckon(server, [recorder], before, blobs.length);
      expect(wrong).toEqual([]);
      expect(commands).toBe(outbox.length + answered.length);
    });
    expect(faults).toEqual([]);
  });
}
