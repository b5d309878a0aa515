// WCAG 2.2 AA on every page, in light and in dark; contrast of 7:1 for text in the field; everything by keyboard.

import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { Client } from "../support/api.ts";
import { expect, test } from "../support/fixtures.ts";
import { button, sheet, signIn, startRound, visit } from "../support/pages.ts";
import { ROUND, routesOf } from "../support/routes.ts";
import { t } from "../support/texts.ts";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** Serious and critical findings, one line each. */
async function findings(page: Page, enhanced = false): Promise<string[]> {
  await expect(page.locator("main .skeleton")).toHaveCount(0);
  const builder = new AxeBuilder({ page }).withTags(RULES);
  if (enhanced) builder.options({ rules: { "color-contrast-enhanced": { enabled: true } } });
  const { violations } = await builder.analyze();
  return violations
    .filter((violation) => violation.impact === "serious" || violation.impact === "critical")
    .flatMap((violation) => violation.nodes.map((node) => `${violation.id}: ${node.target.join(" ")} ${node.html.slice(0, 120)}`));
}

async function theme(page: Page, name: "light" | "dark" | "contrast"): Promise<void> {
  await page.evaluate((name) => document.documentElement.setAttribute("data-theme", name), name);
}

async function check(page: Page, addresses: string[], themes: ("light" | "dark" | "contrast")[], enhanced: boolean) {
  const found: Record<string, string[]> = {};
  for (const address of addresses) {
    await visit(page, address);
    for (const one of themes) {
      await theme(page, one);
      const list = await findings(page, enhanced);
      if (list.length) found[`${address} (${one})`] = list;
    }
  }
  expect(found).toEqual({});
}

test("the sign-in page", async ({ server, phone }) => {
  const page = await (await phone()).newPage();
  await page.goto(server.url);
  await expect(button(page, "session.sign_in")).toBeVisible();
  expect(await findings(page)).toEqual([]);
});

test("the steward's pages, a running round and its dialogs", async ({ server, phone }) => {
  test.setTimeout(240_000);
  const routes = await routesOf(await Client.signIn(server.url, "zhuguan1"));
  const page = await (await phone()).newPage();
  await signIn(page, server.url, "guanjia1");
  await check(page, routes.steward, ["light", "dark"], true);
  await theme(page, "light");
  await startRound(page, ROUND);
  expect(await findings(page)).toEqual([]);
  const item = page.locator(".check-item").first();
  await item.getByRole("button", { name: t("rounds.abnormal"), exact: true }).click();
  await button(page, "rounds.by_hand").click();
  expect(await findings(page)).toEqual([]);
  await button(page, "rounds.points_list").click();
  await expect(sheet(page)).toBeVisible();
  expect(await findings(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await expect(sheet(page)).toHaveCount(0);
});

test("the technician's pages", async ({ server, phone }) => {
  const routes = await routesOf(await Client.signIn(server.url, "zhuguan1"));
  const page = await (await phone()).newPage();
  await signIn(page, server.url, "weixiu1");
  await check(page, routes.technician, ["light"], true);
});

test("the office's pages", async ({ server, desk }) => {
  test.setTimeout(180_000);
  const routes = await routesOf(await Client.signIn(server.url, "zhuguan1"));
  const page = await (await desk()).newPage();
  await signIn(page, server.url, "zhuguan1");
  await check(page, routes.supervisor, ["light", "dark"], false);
});

test("the administrator's pages", async ({ server, desk }) => {
  const routes = await routesOf(await Client.signIn(server.url, "zhuguan1"));
  const page = await (await desk()).newPage();
  await signIn(page, server.url, "admin1");
  await check(page, routes.admin, ["light"], false);
});

test("the high-contrast theme", async ({ server, phone }) => {
  const page = await (await phone()).newPage();
  await signIn(page, server.url, "guanjia2");
  await check(page, ["/today", "/tickets", "/households", "/outbox", "/more"], ["contrast"], true);
});

test("nothing on the phone is too small for a gloved thumb, nor wider than the screen", async ({ server, phone }) => {
  const routes = await routesOf(await Client.signIn(server.url, "zhuguan1"));
  const page = await (await phone()).newPage();
  await signIn(page, server.url, "guanjia1");
  const small: Record<string, string[]> = {};
  for (const address of routes.steward) {
    await visit(page, address);
    await expect(page.locator("main .skeleton")).toHaveCount(0);
    const found = await page.evaluate(() => {
      const list: string[] = [];
      for (const element of document.querySelectorAll("button, a.button, a.item, .bottom-bar a, select, input:not([type=checkbox])")) {
        const frame = element.getBoundingClientRect();
        if (frame.width === 0 || frame.height === 0 || element.closest(".visually-hidden,.skip-link")) continue;
        if (frame.height < 44) list.push(`${element.tagName} ${element.className} ${Math.round(frame.height)}px ${element.textContent?.trim().slice(0, 20)}`);
      }
      if (document.documentElement.scrollWidth > window.innerWidth) list.push(`wider than the screen: ${document.documentElement.scrollWidth}`);
      return list;
    });
    if (found.length) small[address] = found;
  }
  expect(small).toEqual({});
});

test("the office works with the keyboard alone", async ({ server, desk }) => {
  const page = await (await desk()).newPage();
  await signIn(page, server.url, "zhuguan1");
  await visit(page, "/office/tickets");
  await expect(page.locator("tbody tr").first()).toBeVisible();
  await page.locator("main h1, .app-bar h1").first().click();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("k");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/tickets\/[0-9a-f-]{36}/);
  await page.goBack();
  await expect(page.locator("tbody tr").first()).toBeVisible();
  await page.keyboard.press("/");
  await expect(page.locator("input[type=search]")).toBeFocused();
  // The way past the navigation.
  await visit(page, "/dashboard");
  await page.keyboard.press("Tab");
  const skip = page.getByRole("link", { name: t("frame.skip_to_content") });
  await skip.focus();
  await expect(skip).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/#main$/);
});
