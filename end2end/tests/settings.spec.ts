// The company's settings: what the administrator sets holds for what begins afterwards.

import type { Page } from "@playwright/test";
import { Client } from "../support/api.ts";
import { clusterOf, openTicket } from "../support/demo.ts";
import { expect, test } from "../support/fixtures.ts";
import { button, expectSynced, sheet, signIn, visit } from "../support/pages.ts";
import { t } from "../support/texts.ts";

const HOUR = 3_600_000;

interface Due {
  clock: { started: number; due: number };
}

const field = (page: Page, name: string) => page.getByLabel(t(`refusals.field_${name}`), { exact: true });

async function dueHours(client: Client, ticket: string): Promise<number> {
  const scope = client.session.scopes.find((scope) => scope.project)!.scope;
  const row = (await client.pull(scope)).find((row) => row.k === "ticket" && row.id === ticket);
  const { clock } = row!.b as unknown as Due;
  return (clock.due - clock.started) / HOUR;
}

test("a limit that the administrator sets holds for what begins afterwards, and for nothing that runs", async ({ server, desk }) => {
  const client = await Client.signIn(server.url, "kefu1");
  const cluster = await clusterOf(client, "A");
  const complain = async () => {
    const { ticket, payload } = openTicket(cluster, { kind: "complaint", category: "noise" });
    await client.apply(client.project, [{ kind: "tickets.open", payload }]);
    return ticket;
  };
  const before = await complain();
  const page = await (await desk()).newPage();
  await signIn(page, server.url, "admin1");
  await page.locator(".side-bar").getByRole("link", { name: t("frame.nav_settings"), exact: true }).click();
  await expect(button(page, "company.save")).toBeDisabled();

  // What cannot be is said at its field, and nothing is sent.
  await field(page, "complaint_hours").fill("0");
  await field(page, "company").fill(" ");
  await button(page, "company.save").click();
  await expect(field(page, "complaint_hours")).toHaveAttribute("aria-invalid", "true");
  await expect(field(page, "company")).toHaveAttribute("aria-invalid", "true");
  await expectSynced(page);

  // Half-filled, it survives a reload.
  await field(page, "company").fill("万兴物业");
  await field(page, "complaint_hours").fill("12");
  await page.getByLabel(t("company.holidays"), { exact: true }).fill("2027-01-01");
  await page.locator(".add-day").first().getByRole("button", { name: t("company.add_day"), exact: true }).click();
  await expect(page.locator(".chip.day")).toHaveCount(1);
  await page.waitForTimeout(600);
  await page.reload();
  await expect(field(page, "complaint_hours")).toHaveValue("12");
  await expect(page.locator(".chip.day")).toHaveCount(1);

  await button(page, "company.save").click();
  await expect(page.getByText(t("company.saved"))).toBeVisible();
  await expect(button(page, "company.save")).toBeDisabled();
  await expectSynced(page);
  await page.reload();
  await expect(field(page, "complaint_hours")).toHaveValue("12");
  await expect(field(page, "company")).toHaveValue("万兴物业");

  expect(await dueHours(client, before)).toBe(24);
  expect(await dueHours(client, await complain())).toBe(12);
});

test("two administrators who change different settings both get theirs, and are told when it is the same one", async ({ server, desk }) => {
  const one = await (await desk()).newPage();
  await signIn(one, server.url, "admin1");
  await visit(one, "/office/settings");
  const other = await (await desk()).newPage();
  await signIn(other, server.url, "admin1");
  await visit(other, "/office/settings");

  await field(other, "enquiry_hours").fill("8");
  await field(one, "quality_line_hours").fill("48");
  await button(one, "company.save").click();
  await expectSynced(one);
  // Told, with what is being typed left alone.
  await expect(other.getByText(t("company.overtaken"))).toBeVisible();
  await expect(field(other, "enquiry_hours")).toHaveValue("8");
  await button(other, "company.save").click();
  await expectSynced(other);
  // Into a form that nobody has touched they come by themselves.
  await expect(field(one, "enquiry_hours")).toHaveValue("8");
  await expect(field(other, "quality_line_hours")).toHaveValue("48");

  await field(other, "quality_line_hours").fill("36");
  await field(one, "quality_line_hours").fill("60");
  await button(one, "company.save").click();
  await expectSynced(one);
  await expect(other.getByText(t("company.overtaken"))).toBeVisible();
  await button(other, "company.save").click();
  await expect(other.locator("main")).toContainText(t("refusals.company_changed_meanwhile", { field: t("refusals.field_quality_line_hours") }));
  await expect(sheet(other)).toHaveCount(0);
});

test("settings are nobody's but the administrator's", async ({ server, desk }) => {
  const page = await (await desk()).newPage();
  await signIn(page, server.url, "zhuguan1");
  await expect(page.locator(".side-bar").getByRole("link", { name: t("frame.nav_settings"), exact: true })).toHaveCount(0);
  await page.goto(`${server.url}/office/settings`);
  await expect(page.getByText(t("common.no_right"), { exact: true })).toBeVisible();
});
