// Who is signed in: wrong passwords, sessions that end, phones that two people share.

import type { BrowserContext, Page } from "@playwright/test";
import { Client, userOf } from "../support/api.ts";
import { PASSWORD } from "../support/env.ts";
import { expect, test } from "../support/fixtures.ts";
import {
  badge,
  button,
  expectSynced,
  expectWaitingOffline,
  openTicket,
  sheet,
  signIn,
  signInAgain,
  typeAccount,
  visit,
} from "../support/pages.ts";
import { pattern, t } from "../support/texts.ts";

async function described(office: Client, text: string): Promise<string[]> {
  const found = (await office.records("ticket")).filter((ticket) => String(ticket.description).startsWith(text));
  return found.map((ticket) => ticket.description as string).sort();
}

test("a wrong password says so, and too many lock the account for a while", async ({ server, phone }) => {
  const page = await (await phone()).newPage();
  await page.goto(server.url);
  await typeAccount(page, "menwei1", "not-the-password");
  await expect(page.locator(".notice.late")).toHaveText(pattern("refusals.session_wrong_password"));
  for (let attempt = 0; attempt < 10; attempt += 1) {
    await fetch(`${server.url}/api/v1/session`, {
      method: "POST",
      headers: { "x-guanjia": "1", "content-type": "application/json" },
      body: JSON.stringify({
        account: "menwei1",
        password: "guessed",
        device: { id: crypto.randomUUID(), name: "guesser" },
      }),
    });
  }
  // Locked means locked: the right password does not help before the time is over.
  await typeAccount(page, "menwei1", PASSWORD);
  await expect(page.locator(".notice.late")).toHaveText(pattern("refusals.session_locked"));
  // Others are not locked out with it.
  await typeAccount(page, "kefu1", PASSWORD);
  await expect(badge(page)).toBeVisible();
});

test("a session that ends with a full outbox costs nothing: recording goes on, signing in again sends it", async ({
  server,
  phone,
}) => {
  const office = await Client.signIn(server.url, "zhuguan1");
  const context = await phone();
  const page = await context.newPage();
  await signIn(page, server.url, "guanjia2");
  await context.setOffline(true);
  for (const n of [1, 2, 3]) await openTicket(page, "东大堂", `过期 ${n}`);
  await expectWaitingOffline(page, 3);

  // Ended from elsewhere, as by an administrator.
  const cookie = (await context.cookies()).find((cookie) => cookie.name === "__Host-guanjia")!;
  const ended = await fetch(`${server.url}/api/v1/session`, {
    method: "DELETE",
    headers: { "x-guanjia": "1", cookie: `${cookie.name}=${cookie.value}` },
  });
  expect(ended.status).toBe(204);
  await context.setOffline(false);
  await expect(badge(page)).toHaveText(t("frame.badge_paused"), { timeout: 40_000 });

  await openTicket(page, "东大堂", "过期 4");
  expect(await described(office, "过期 ")).toEqual([]);
  await page.reload();
  await expect(badge(page)).toHaveText(t("frame.badge_paused"), { timeout: 40_000 });

  await visit(page, "/outbox");
  await expect(page.getByText(t("sync.paused_sign_in")).first()).toBeVisible();
  await signInAgain(page);
  await expectSynced(page);
  expect(await described(office, "过期 ")).toEqual(["过期 1", "过期 2", "过期 3", "过期 4"]);
});

test("signing out with unsent work is stopped, and the next person on the phone never sends it", async ({
  server,
  phone,
}) => {
  const office = await Client.signIn(server.url, "zhuguan1");
  const context = await phone();
  const page = await context.newPage();
  await signIn(page, server.url, "guanjia3");
  await context.setOffline(true);
  for (const n of [1, 2]) await openTicket(page, "西大堂", `同机 ${n}`);

  await visit(page, "/more");
  await button(page, "more.sign_out").click();
  await expect(sheet(page)).toContainText(t("more.sign_out_stopped"));
  await expect(sheet(page)).toContainText(t("sync.sign_out_unsent", { commands: 2, attachments: 0 }));
  // Only after the work was put somewhere safe may one leave anyway.
  await expect(button(sheet(page), "more.sign_out_anyway")).toHaveCount(0);
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    button(sheet(page), "sync.export").click(),
  ]);
  const { readFileSync } = await import("node:fs");
  expect(readFileSync(await download.path(), "utf8")).toContain("同机 2");
  await button(sheet(page), "more.sign_out_anyway").click();
  await expect(button(page, "session.sign_in")).toBeVisible();

  await context.setOffline(false);
  await typeAccount(page, "guanjia4");
  await expectSynced(page);
  await visit(page, "/outbox");
  await expect(page.locator(".outbox-item")).toHaveCount(0);
  await openTicket(page, "西大堂", "同机 别人的");
  await expectSynced(page);
  expect(await described(office, "同机 ")).toEqual(["同机 别人的"]);
  await visit(page, "/more");
  await button(page, "more.sign_out").click();
  await expect(button(page, "session.sign_in")).toBeVisible();
  await expect(page).toHaveURL(/:\d+\/$/);

  // The first one is back: what she recorded is still hers, and goes out under her name.
  await typeAccount(page, "guanjia3");
  await expectSynced(page);
  await expect.poll(() => described(office, "同机 ")).toEqual(["同机 1", "同机 2", "同机 别人的"]);
  const hers = (await office.records("ticket")).find((ticket) => ticket.description === "同机 1")!;
  expect(hers.opened_by).toBe(await userOf(server.url, "guanjia3"));
});

/** A tab that hears nothing of what happens in others, as one that the browser has put to sleep. */
async function sleeping(page: Page): Promise<void> {
  await page.addInitScript(() => {
    window.addEventListener("storage", (event) => event.stopImmediatePropagation(), true);
  });
}

/** Only this tab's network, not that of the others. */
async function cutOff(page: Page): Promise<(offline: boolean) => Promise<void>> {
  const browser = await page.context().newCDPSession(page);
  await browser.send("Network.enable");
  return async (offline) => {
    await browser.send("Network.emulateNetworkConditions", {
      offline,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: -1,
    });
  };
}

async function nameOf(office: Client, account: string): Promise<string> {
  const user = await userOf(office.url, account);
  return (await office.records("user", office.company)).find((one) => one.id === user)!.name as string;
}

test("a tab that slept while its person left and another came sends nothing as the other, and loses nothing", async ({
  server,
  phone,
}) => {
  const office = await Client.signIn(server.url, "zhuguan1");
  const [hers, theirs] = [await nameOf(office, "guanjia5"), await nameOf(office, "guanjia1")];
  const context = await phone();
  const old = await context.newPage();
  await sleeping(old);
  await signIn(old, server.url, "guanjia5");
  const offline = await cutOff(old);
  await offline(true);
  await openTicket(old, "北大堂", "旧标签 1");

  const fresh = await context.newPage();
  await test.step("in another tab she leaves, and somebody else comes", async () => {
    await fresh.goto(`${server.url}/more`);
    await button(fresh, "more.sign_out").click();
    await expect(sheet(fresh)).toContainText(t("sync.sign_out_unsent", { commands: 1, attachments: 0 }));
    const [download] = await Promise.all([fresh.waitForEvent("download"), button(sheet(fresh), "sync.export").click()]);
    await download.path();
    await button(sheet(fresh), "more.sign_out_anyway").click();
    await typeAccount(fresh, "guanjia1");
    await expectSynced(fresh);
  });

  await test.step("the old tab knows nothing of it: what is recorded there is hers", async () => {
    await openTicket(old, "北大堂", "旧标签 2");
    await expectWaitingOffline(old, 2);
    await visit(old, "/more");
    await expect(old.locator("main")).toContainText(hers);
  });

  await test.step("back online it is told, sends nothing, and is the other person's as all tabs are", async () => {
    const told = old.waitForResponse((response) => response.status() === 409);
    await offline(false);
    expect((await (await told).json()).error.code).toBe("sync.wrong_device");
    // Whoever is signed in now is at their own first page, not where the one before was.
    await expect(old).toHaveURL(/\/today$/);
    await visit(old, "/more");
    await expect(old.locator("main")).toContainText(theirs);
    await expect(old.locator("main")).not.toContainText(hers);
    await expectSynced(old);
    await visit(old, "/outbox");
    await expect(old.locator(".outbox-item")).toHaveCount(0);
    await visit(old, "/tickets");
    await old.getByLabel(t("tickets.search"), { exact: true }).fill("旧标签");
    await expect(old.locator(".tickets a")).toHaveCount(0);
    expect(await described(office, "旧标签 ")).toEqual([]);
  });

  await test.step("she signs in again: both go out under her name", async () => {
    await visit(fresh, "/more");
    await button(fresh, "more.sign_out").click();
    await typeAccount(fresh, "guanjia5");
    await expectSynced(fresh);
    await expect.poll(() => described(office, "旧标签 ")).toEqual(["旧标签 1", "旧标签 2"]);
    const user = await userOf(server.url, "guanjia5");
    const sent = (await office.records("ticket")).filter((ticket) => String(ticket.description).startsWith("旧标签 "));
    for (const ticket of sent) expect(ticket.opened_by).toBe(user);
  });
});

/** Signs in beside the app: all that its tabs can notice is what the server says. */
async function signInBeside(context: BrowserContext, url: string, account: string): Promise<void> {
  const beside = await context.newPage();
  await beside.goto(`${url}/robots.txt`);
  const status = await beside.evaluate(
    async ([account, password]) => {
      const device = { id: crypto.randomUUID(), name: "同一浏览器" };
      const answer = await fetch("/api/v1/session", {
        method: "POST",
        headers: { "x-guanjia": "1", "content-type": "application/json" },
        body: JSON.stringify({ account, password, device }),
      });
      return answer.status;
    },
    [account, PASSWORD],
  );
  expect(status).toBe(200);
}

test("a tab whose cookie has become another's says whose it is, shows nothing of theirs, and goes on with a password", async ({
  server,
  phone,
}) => {
  const office = await Client.signIn(server.url, "zhuguan1");
  const hers = await nameOf(office, "guanjia5");
  const context = await phone();
  const page = await context.newPage();
  await signIn(page, server.url, "guanjia5");
  await signInBeside(context, server.url, "guanjia1");
  await page.bringToFront();
  await openTicket(page, "北门厅", "别人的饼干 1");
  await expect(badge(page)).toHaveText(t("frame.badge_paused"), { timeout: 40_000 });
  await openTicket(page, "北门厅", "别人的饼干 2");
  await visit(page, "/outbox");
  await expect(page.getByText(t("sync.paused_other_user")).first()).toBeVisible();
  await expect(page.locator(".outbox-item")).toHaveCount(2);
  await visit(page, "/more");
  await expect(page.locator("main")).toContainText(hers);
  expect(await described(office, "别人的饼干 ")).toEqual([]);

  await visit(page, "/outbox");
  await signInAgain(page);
  await expectSynced(page);
  await expect.poll(() => described(office, "别人的饼干 ")).toEqual(["别人的饼干 1", "别人的饼干 2"]);
  const user = await userOf(server.url, "guanjia5");
  const sent = (await office.records("ticket")).filter((one) => String(one.description).startsWith("别人的饼干 "));
  for (const ticket of sent) expect(ticket.opened_by).toBe(user);
});

// The other page is a tab of the app as well, and takes the lead while the first one reloads: what a tab is not told by
// the server, the one that leads has to tell it.
test("such a tab still says so after a reload, although another tab leads", async ({ server, phone }) => {
  const context = await phone();
  const page = await context.newPage();
  await signIn(page, server.url, "guanjia5");
  await signInBeside(context, server.url, "guanjia1");
  await page.bringToFront();
  await openTicket(page, "北门厅", "重开之后");
  await expect(badge(page)).toHaveText(t("frame.badge_paused"), { timeout: 40_000 });
  await page.reload();
  await expect(badge(page)).toHaveText(t("frame.badge_paused"), { timeout: 40_000 });
  await visit(page, "/outbox");
  await signInAgain(page);
  await expectSynced(page);
});
