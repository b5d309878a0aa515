// The office: assigning many at once, accounts, devices that are lost, a briefing, finding a household.

import type { Page } from "@playwright/test";
import { Client } from "../support/api.ts";
import { clusterOf, openTicket, uuid } from "../support/demo.ts";
import { PASSWORD } from "../support/env.ts";
import { expect, test } from "../support/fixtures.ts";
import {
  assign,
  badge,
  button,
  expectSynced,
  expectWaitingOffline,
  openTicket as openOnPhone,
  sheet,
  signIn,
  signInAgain,
  typeAccount,
  visit,
} from "../support/pages.ts";
import { pattern, t } from "../support/texts.ts";

test("several tickets are found, picked and given to one person, whose phone shows them", async ({
  server,
  phone,
  desk,
}) => {
  const client = await Client.signIn(server.url, "kefu1");
  const cluster = await clusterOf(client, "D");
  const tickets = [0, 1, 2].map((index) => openTicket(cluster, { place: { label: `格林地库 ${index}` } }));
  await client.apply(
    client.project,
    tickets.map(({ payload }) => ({ kind: "tickets.open", payload })),
  );
  const technician = await (await phone()).newPage();
  await signIn(technician, server.url, "weixiu3");
  await visit(technician, "/tickets");
  const page = await (await desk()).newPage();
  await signIn(page, server.url, "zhuguan1");
  await visit(page, "/office/tickets");
  await page.locator("input[type=search]").fill("格林地库");
  await expect(page.locator("tbody tr")).toHaveCount(3);
  await page.getByLabel(t("tickets.pick_all"), { exact: true }).check();
  await page.getByRole("button", { name: t("tickets.assign_picked", { n: 3 }) }).click();
  await sheet(page).getByRole("button", { name: "刘大勇" }).click();
  await button(sheet(page), "tickets.assign_confirm").click();
  await expect(page.locator("tbody tr").filter({ hasText: "刘大勇" })).toHaveCount(3);
  for (const { ticket } of tickets) {
    await expect(technician.locator(`.tickets a[href^='/tickets/${ticket}']`)).toBeVisible();
  }
});

test("a new colleague gets an account, and a lost phone is shut out without losing what is on it", async ({
  server,
  phone,
  desk,
}) => {
  const admin = await (await desk()).newPage();
  await signIn(admin, server.url, "admin1");
  await button(admin, "accounts.new").click();
  const form = sheet(admin);
  await form.getByLabel(t("accounts.account"), { exact: true }).fill("guanjia6");
  await form.getByLabel(t("accounts.name"), { exact: true }).fill("新同事");
  await form.getByLabel(t("accounts.first_password"), { exact: true }).fill("long-enough-2026");
  await form.getByLabel(t("frame.role_steward"), { exact: true }).check();
  await form.getByLabel(/^A /).check();
  await button(form, "accounts.save").click();
  await expect(form).toHaveCount(0);
  await expect(admin.locator("main")).toContainText("新同事");

  const context = await phone();
  const page = await context.newPage();
  await page.goto(server.url);
  await typeAccount(page, "guanjia6", "long-enough-2026");
  // What the administrator knows is no password of hers: nothing else is shown until she has chosen one.
  await expect(page.getByRole("heading", { name: t("session.choose_password") })).toBeVisible();
  const own = "only-she-knows-this-1";
  await page.getByLabel(t("more.password_current"), { exact: true }).fill("long-enough-2026");
  await page.getByLabel(t("more.password_new"), { exact: true }).fill(own);
  await page.getByLabel(t("more.password_again"), { exact: true }).fill(own);
  await button(page, "more.change_password").click();
  await expectSynced(page);
  await context.setOffline(true);
  await openOnPhone(page, "后门", "丢失前记录");

  await visit(admin, "/office/devices");
  const row = admin.locator("tr").filter({ hasText: "新同事" });
  await button(row, "devices.revoke").click();
  await button(row, "devices.revoke_sure").click();
  await expect(row).toContainText(t("devices.revoked"));

  await context.setOffline(false);
  await expect(badge(page)).toHaveText(t("frame.badge_paused"), { timeout: 40_000 });
  const office = await Client.signIn(server.url, "zhuguan1");
  const sent = async () => (await office.records("ticket")).filter((one) => one.description === "丢失前记录").length;
  expect(await sent()).toBe(0);
  // Found again: its owner signs in, and what was on it is handed in.
  await visit(page, "/outbox");
  await signInAgain(page, own);
  await expectSynced(page);
  expect(await sent()).toBe(1);
});

test("rights that are taken away act at once, and what was recorded before is answered in words", async ({
  server,
  phone,
}) => {
  const admin = await Client.signIn(server.url, "admin1");
  const users = await admin.records("user", admin.company);
  const steward = users.find((user) => user.account === "guanjia5")!;
  const page = await (await phone()).newPage();
  await signIn(page, server.url, "guanjia5");
  await page.context().setOffline(true);
  await openOnPhone(page, "广场", "调岗前登记");
  await admin.apply(admin.company, [
    {
      kind: "accounts.update",
      payload: {
        user: steward.id,
        name: steward.name,
        roles: ["cashier"],
        clusters: [],
        disabled: false,
      },
    },
  ]);
  await page.context().setOffline(false);
  await expect(badge(page)).toHaveText(t("frame.badge_attention", { n: 1 }), { timeout: 40_000 });
  await badge(page).click();
  await expect(page.locator(".outbox-reason")).toHaveText(pattern("refusals.common_not_allowed"));
  await expect(page.locator(".outbox-item")).toContainText(t("sync.state_refused"));
  // The bottom bar offers only what is still allowed.
  await expect(page.locator(".bottom-bar a[href='/rounds']")).toHaveCount(0);
});

test("what the office has settled meanwhile is answered in words: whose cluster it is now, and where the ticket stands", async ({
  server,
  phone,
  desk,
}) => {
  const office = await Client.signIn(server.url, "zhuguan1");
  const admin = await Client.signIn(server.url, "admin1");
  const steward = (await admin.records("user", admin.company)).find((user) => user.account === "guanjia2")!;
  const { ticket, payload } = openTicket(await clusterOf(office, "B"), { place: { label: "换岗泵房" } });
  await office.apply(office.project, [{ kind: "tickets.open", payload }]);
  const reason = (page: Page) => page.locator(".outbox-item.late .outbox-reason");

  const page = await (await phone()).newPage();
  await signIn(page, server.url, "guanjia2");
  await page.context().setOffline(true);
  await openOnPhone(page, "换岗门厅", "换组团前登记");
  const lead = await (await desk()).newPage();
  await signIn(lead, server.url, "zhuguan1");
  await visit(lead, `/tickets/${ticket}`);
  await lead.context().setOffline(true);
  await assign(lead, "李国强");
  await expectWaitingOffline(lead, 1);

  // She looks after another cluster from now on; the ticket was turned down at another desk.
  const { name, roles } = steward;
  const clusters = [await clusterOf(office, "C")];
  await admin.apply(admin.company, [
    { kind: "accounts.update", payload: { user: steward.id, name, roles, clusters, disabled: false } },
  ]);
  await office.apply(office.project, [
    { kind: "tickets.decline", payload: { ticket, explanation: "不在服务范围,已向业主说明" } },
  ]);

  for (const one of [page, lead]) {
    await one.context().setOffline(false);
    await expect(badge(one)).toHaveText(t("frame.badge_attention", { n: 1 }), { timeout: 40_000 });
    await badge(one).click();
    await expect(one.locator(".outbox-item.late")).toContainText(t("sync.state_refused"));
  }
  await expect(reason(page)).toHaveText(t("refusals.common_other_cluster"));
  const [state, move] = [t("refusals.state_declined"), t("refusals.move_assign")];
  await expect(reason(lead)).toHaveText(t("refusals.tickets_illegal_move", { state, move }));
  // Neither was recorded, and what she typed is still on her phone for whoever is in charge now.
  const tickets = await office.records("ticket");
  expect(tickets.filter((one) => one.description === "换组团前登记")).toEqual([]);
  expect(tickets.find((one) => one.id === ticket)!.state.name).toBe("declined");
  await button(page.locator(".outbox-item.late"), "outbox.view").click();
  await expect(sheet(page)).toContainText("换组团前登记");
});

test("a steward finds a household by what she remembers, and everything about it is there", async ({ server, phone }) => {
  const office = await Client.signIn(server.url, "zhuguan1");
  const cluster = await clusterOf(office, "A");
  const household = (await office.records("household")).find(
    (one) => one.cluster === cluster && one.contacts.length > 0 && one.label === "3-2-1501",
  )!;
  const page = await (await phone()).newPage();
  await signIn(page, server.url, "guanjia1");
  await page.context().setOffline(true);
  await visit(page, "/households");
  const search = page.getByLabel(t("households.search"), { exact: true });
  const hit = page.locator(`a[href^='/households/${household.id}']`);
  const contact = household.contacts[0];
  for (const query of ["3-2-1501", "321501", contact.name, contact.phone.slice(-4)]) {
    await search.fill(query);
    await expect(hit, query).toBeVisible();
  }
  await hit.click();
  await expect(page.locator("main")).toContainText(contact.name);
  await expect(page.locator(`a[href='tel:${contact.phone}']`).first()).toBeVisible();
});

test("the morning briefing is recorded without a network and read by the office", async ({ server, phone, desk }) => {
  const office = await Client.signIn(server.url, "zhuguan1");
  const page = await (await phone()).newPage();
  await signIn(page, server.url, "guanjia4");
  await page.context().setOffline(true);
  await visit(page, "/briefing");
  await page.getByLabel(t("rounds.briefing_said"), { exact: true }).fill("二栋电梯夜间停运,已通知维保");
  await button(page, "rounds.add_line").click();
  await button(page, "rounds.briefing_save").click();
  await expect(page.locator(".toasts")).toContainText(t("rounds.briefing_saved"));
  await page.context().setOffline(false);
  await expectSynced(page);
  const briefings = await office.records("briefing");
  expect(JSON.stringify(briefings)).toContain("二栋电梯夜间停运");

  const supervisor = await (await desk()).newPage();
  await signIn(supervisor, server.url, "zhuguan1");
  await visit(supervisor, "/office/rounds");
  await supervisor.getByRole("link", { name: t("rounds.briefings"), exact: true }).click();
  await expect(supervisor).toHaveURL(/\/office\/briefings/);
  // Cluster by cluster: who held it, and that another one has not.
  const card = supervisor.locator("main section.card").filter({ hasText: "二栋电梯夜间停运" });
  await expect(card.getByRole("heading", { level: 2 })).toHaveText(/^D /);
  const held = briefings.find((briefing) => JSON.stringify(briefing).includes("二栋电梯夜间停运"))!;
  await expect(card).toContainText(held.by_name);
  await expect(card.getByRole("heading", { name: t("rounds.briefing_added") })).toBeVisible();
  await button(supervisor, "rounds.day_before").click();
  await expect(supervisor.locator("main")).not.toContainText("二栋电梯夜间停运");
  await button(supervisor, "rounds.day_after").click();
  await expect(card).toBeVisible();
});

test("what another site sends in somebody's name is refused", async ({ server }) => {
  const client = await Client.signIn(server.url, "guanjia1");
  const attempt = (headers: Record<string, string>) =>
    fetch(`${server.url}/api/v1/sync/push`, {
      method: "POST",
      headers: { cookie: client.cookie, "content-type": "application/json", ...headers },
      body: JSON.stringify({
        protocol: 1,
        scope: client.project,
        device: client.session.device.id,
        user: client.session.actor.user,
        commands: [],
      }),
    });
  expect((await attempt({})).status).toBe(403);
  expect((await attempt({ "x-guanjia": "1", origin: "https://evil.example" })).status).toBe(403);
  expect((await attempt({ "x-guanjia": "1" })).status).toBe(200);
  // Somebody else's device is not theirs to speak for, whatever the password.
  const stolen = await fetch(`${server.url}/api/v1/session`, {
    method: "POST",
    headers: { "x-guanjia": "1", "content-type": "application/json" },
    body: JSON.stringify({
      account: "guanjia2",
      password: PASSWORD,
      device: { id: client.session.device.id, name: uuid() },
    }),
  });
  expect(stolen.status).toBe(409);
  expect((await stolen.json()).error.code).toBe("sync.wrong_device");
});
