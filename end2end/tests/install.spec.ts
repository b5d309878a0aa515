// The app on the home screen, and whether the browser promises to keep what is stored.

import type { BrowserContext, Page } from "@playwright/test";
import { expect, test, watchFaults } from "../support/fixtures.ts";
import { button, signIn, visit } from "../support/pages.ts";
import { t } from "../support/texts.ts";

/** The browser would install the app: what Chrome does when it thinks so, and a headless one never does. */
async function offerInstalling(page: Page, outcome: "accepted" | "dismissed"): Promise<boolean> {
  return page.evaluate((answer) => {
    const counts = window as unknown as { prompts?: number };
    const event = Object.assign(new Event("beforeinstallprompt", { cancelable: true }), {
      prompt: async () => {
        counts.prompts = (counts.prompts ?? 0) + 1;
      },
      userChoice: Promise.resolve({ outcome: answer, platform: "web" }),
    });
    window.dispatchEvent(event);
    // Prevented: no banner of the browser's lies over somebody's work.
    return event.defaultPrevented;
  }, outcome);
}

const prompts = (page: Page) => page.evaluate(() => (window as unknown as { prompts?: number }).prompts ?? 0);

/** A browser that answers so when it is asked to keep the storage, and counts how often it is asked. */
async function keepingStorage(context: BrowserContext, granted: boolean): Promise<void> {
  await context.addInitScript((answer) => {
    const counts = window as unknown as { asked: number };
    counts.asked = 0;
    // Through the prototype: the storage object itself may be handed out anew.
    StorageManager.prototype.persisted = async () => false;
    StorageManager.prototype.persist = async () => {
      counts.asked += 1;
      return answer;
    };
  }, granted);
}

const asked = (page: Page) => page.evaluate(() => (window as unknown as { asked: number }).asked);

test("the app is offered for installing where the browser would, asks once, and the offer goes away", async ({
  server,
  phone,
}) => {
  const page = await (await phone()).newPage();
  const faults = watchFaults(page);
  await signIn(page, server.url, "guanjia1");
  await visit(page, "/more");
  const install = button(page, "more.install");
  // Until then only the way through the browser's own menu is told.
  await expect(page.getByText(t("more.install_menu"))).toBeVisible();
  await expect(install).toHaveCount(0);
  expect(await offerInstalling(page, "accepted")).toBe(true);
  await install.click();
  await expect(install).toHaveCount(0);
  await expect(page.getByText(t("more.install_menu"))).toBeVisible();
  expect(await prompts(page)).toBe(1);
  expect(faults).toEqual([]);
});

test("an offer that was declined may come again, and is asked once again", async ({ server, phone }) => {
  const page = await (await phone()).newPage();
  await signIn(page, server.url, "guanjia1");
  await visit(page, "/more");
  const install = button(page, "more.install");
  for (const time of [1, 2]) {
    await offerInstalling(page, "dismissed");
    await install.click();
    await expect(install).toHaveCount(0);
    expect(await prompts(page)).toBe(time);
  }
});

test("an offer that comes before its page is opened is kept until then, and ends when the app is installed", async ({
  server,
  phone,
}) => {
  const page = await (await phone()).newPage();
  await signIn(page, server.url, "guanjia1");
  await offerInstalling(page, "accepted");
  await visit(page, "/more");
  const install = button(page, "more.install");
  await expect(install).toBeVisible();
  // From the browser's own menu, without the app being asked.
  await page.evaluate(() => window.dispatchEvent(new Event("appinstalled")));
  await expect(install).toHaveCount(0);
  expect(await prompts(page)).toBe(0);
});

for (const granted of [true, false]) {
  test(`the browser is asked at the start to keep what is stored, and its ${granted ? "yes" : "no"} is told`, async ({
    server,
    phone,
  }) => {
    const context = await phone();
    await keepingStorage(context, granted);
    const page = await context.newPage();
    await page.goto(server.url);
    // Before anybody signs in: whatever comes after it is to be kept.
    await expect.poll(() => asked(page)).toBeGreaterThan(0);
    await signIn(page, server.url, "guanjia1");
    await visit(page, "/more");
    const phoneCard = page.getByRole("region", { name: t("more.phone"), exact: true });
    await expect(phoneCard).toContainText(t(granted ? "sync.storage_persistent" : "sync.storage_not_persistent"));
  });
}
