// A phone whose storage was copied: two phones that believe to be the same one.

import type { Page } from "@playwright/test";
import { Client } from "../support/api.ts";
import { expect, test } from "../support/fixtures.ts";
import { badge, choice, expectSynced, expectWaitingOffline, pickUnit, signIn, visit } from "../support/pages.ts";
import { Phone } from "../support/profile.ts";
import { t } from "../support/texts.ts";

const ACCOUNT = "guanjia1";

async function recordVisit(page: Page, note: string): Promise<void> {
  await visit(page, "/visits/new");
  await pickUnit(page, "2-1-5");
  await page.locator('[data-topic="need"]').click();
  await page.getByLabel(t("visits.note"), { exact: true }).fill(note);
  await choice(page, "visits.result", "visits.result_answered").click();
  await page.locator(".action-bar button").click();
  await expect(page).not.toHaveURL(/\/visits\/new/);
}

/** What this phone believes to be. */
async function deviceOf(page: Page): Promise<string> {
  return page.evaluate((account) => JSON.parse(localStorage.getItem(`guanjia.device.${account}`)!), ACCOUNT);
}

async function openOffline(phone: Phone, url: string): Promise<Page> {
  await phone.start();
  await phone.context.setOffline(true);
  await phone.page.goto(`${url}/visits`);
  await expect(badge(phone.page)).toHaveText(/离线/);
  return phone.page;
}

test("a phone and its copy both send what they recorded, once, and the copy goes on as a device of its own", async ({
  server,
}) => {
  test.setTimeout(180_000);
  const office = await Client.signIn(server.url, "zhuguan1");
  const notes = async () => {
    const visits = (await office.records("visit")).map((visit) => String(visit.note));
    return visits.filter((note) => note.startsWith("复制")).sort();
  };
  const original = await Phone.switchOn("original");
  await signIn(original.page, server.url, ACCOUNT);
  await original.context.setOffline(true);
  await recordVisit(original.page, "复制之前");
  await original.switchOff();
  const copy = original.copied("copy");

  const first = await openOffline(original, server.url);
  const second = await openOffline(copy, server.url);
  const device = await deviceOf(first);

  await test.step("without a network both go on under the same name and the same numbers", async () => {
    expect(await deviceOf(second)).toBe(device);
    await expectWaitingOffline(second, 1);
    await recordVisit(first, "复制后 本机");
    await recordVisit(second, "复制后 副本一");
    await recordVisit(second, "复制后 副本二");
    await expectWaitingOffline(first, 2);
    await expectWaitingOffline(second, 3);
  });

  await test.step("the first one is back and sends", async () => {
    await original.context.setOffline(false);
    await expectSynced(first);
    expect(await notes()).toEqual(["复制之前", "复制后 本机"].sort());
  });

  await test.step("the copy finds its numbers taken, and nobody has to help it", async () => {
    const pushes: number[] = [];
    second.on("response", (response) => {
      if (response.url().includes("/sync/push")) pushes.push(response.status());
    });
    const registered = second.waitForResponse((response) => response.url().endsWith("/api/v1/session/device"));
    await copy.context.setOffline(false);
    expect((await registered).status()).toBe(200);
    await expectSynced(second);
    expect(pushes).toContain(409);
    expect(await deviceOf(second)).not.toBe(device);
    expect(await deviceOf(first)).toBe(device);
    // What both had is there once.
    expect(await notes()).toEqual(["复制之前", "复制后 副本一", "复制后 副本二", "复制后 本机"].sort());
  });

  await test.step("neither has signed the other out: both go on, and see each other's visits", async () => {
    await recordVisit(first, "复制很久后 本机");
    await recordVisit(second, "复制很久后 副本");
    await expectSynced(first);
    await expectSynced(second);
    await expect.poll(notes).toHaveLength(6);
    for (const page of [first, second]) {
      await visit(page, "/visits");
      await expect(page.locator("main")).toContainText("复制很久后 本机");
      await expect(page.locator("main")).toContainText("复制很久后 副本");
    }
  });

  await test.step("the office sees two devices", async () => {
    const devices = await office.json<any>("/api/v1/views/devices");
    const known = JSON.stringify(devices);
    expect(known).toContain(device);
    expect(known).toContain(await deviceOf(second));
  });
  await original.switchOff();
  await copy.switchOff();
});
