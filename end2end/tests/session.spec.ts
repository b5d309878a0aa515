// Who is signed in: wrong passwords, sessions that end, phones that two people share.

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

  // The first one is back: what she recorded is still hers, and goes out under her name.
  await typeAccount(page, "guanjia3");
  await expectSynced(page);
  await expect.poll(() => described(office, "同机 ")).toEqual(["同机 1", "同机 2", "同机 别人的"]);
  const hers = (await office.records("ticket")).find((ticket) => ticket.description === "同机 1")!;
  expect(hers.opened_by).toBe(await userOf(server.url, "guanjia3"));
});
