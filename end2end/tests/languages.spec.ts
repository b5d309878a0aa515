// Three languages at run time, without a key or a placeholder to be seen; themes; both are kept.

import type { Page } from "@playwright/test";
import { Client } from "../support/api.ts";
import { expect, test } from "../support/fixtures.ts";
import { badge, choice, expectSynced, LANGUAGE_NAMES, signIn, switchTo, visit } from "../support/pages.ts";
import { routesOf } from "../support/routes.ts";
import { type Language, LANGUAGES, t } from "../support/texts.ts";

/** What looks like a key, a placeholder, or a code that got no name. */
async function leftovers(page: Page): Promise<string[]> {
  const text = await page.evaluate(() => {
    const spoken = [...document.querySelectorAll("[aria-label],[placeholder],[title],[alt]")].flatMap((element) =>
      ["aria-label", "placeholder", "title", "alt"].map((name) => element.getAttribute(name) ?? ""),
    );
    // What a person recorded, and ids in it, is not ours to translate.
    return [document.body.innerText, document.title, ...spoken].join("\n");
  });
  const found = text.match(/\{\w*\}|\b[a-z]+_[a-z_]+\b|\b(?:common|frame|kit|sync|tickets|rounds|fees|visits|households|outbox|more|session|today|dashboard|refusals)\.[a-z_]+\b/g);
  return [...new Set(found ?? [])];
}

test("every page speaks the chosen language, at once and after a reload", async ({ server, phone, desk }) => {
  test.setTimeout(420_000);
  const office = await Client.signIn(server.url, "zhuguan1");
  const routes = await routesOf(office);
  const page = await (await phone()).newPage();
  await signIn(page, server.url, "guanjia1");
  const technician = await (await phone()).newPage();
  await signIn(technician, server.url, "weixiu1");
  const supervisor = await (await desk()).newPage();
  await signIn(supervisor, server.url, "zhuguan1");
  const admin = await (await desk()).newPage();
  await signIn(admin, server.url, "admin1");
  const seen = new Map<string, string>();
  for (const language of LANGUAGES) {
    for (const [who, addresses] of [
      [page, routes.steward],
      [technician, routes.technician],
      [supervisor, routes.supervisor],
      [admin, routes.admin],
    ] as const) {
      await switchTo(who, language);
      await expect(badge(who)).toHaveText(t("frame.badge_synced", {}, language));
      for (const address of addresses) {
        await visit(who, address);
        await expect(who.locator("main .skeleton")).toHaveCount(0);
        expect(await leftovers(who), `${language} ${address}`).toEqual([]);
      }
      const title = (await who.locator(".app-bar h1").textContent()) ?? "";
      expect(title.length).toBeGreaterThan(0);
    }
    await visit(page, "/today");
    const nav = (await page.locator(".bottom-bar").textContent()) ?? "";
    seen.set(language, nav);
    expect(nav).toContain(t("frame.nav_households", {}, language));
    await page.reload();
    await expect(page.locator("html")).toHaveAttribute("lang", language);
    await expect(page.locator(".bottom-bar")).toContainText(t("frame.nav_today", {}, language));
  }
  expect(new Set(seen.values()).size).toBe(3);
});

test("a language that was used before is there without a network", async ({ server, phone }) => {
  const context = await phone();
  const page = await context.newPage();
  await signIn(page, server.url, "guanjia1");
  await context.setOffline(true);
  for (const language of ["en", "zh-Hant", "zh-Hans"] as const) await switchTo(page, language);
});

test("refusals come in the language of the reader", async ({ server, phone }) => {
  const page = await (await phone()).newPage();
  await page.goto(server.url);
  await page.getByRole("button", { name: LANGUAGE_NAMES.en, exact: true }).click();
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
  await page.getByLabel(t("session.account", {}, "en"), { exact: true }).fill("guanjia5");
  await page.getByLabel(t("session.password", {}, "en"), { exact: true }).fill("wrong-password");
  await page.getByRole("button", { name: t("session.sign_in", {}, "en"), exact: true }).click();
  await expect(page.locator(".notice.late")).toContainText(t("refusals.session_wrong_password", {}, "en"));
});

test("light, dark and high contrast are chosen on the phone and kept there", async ({ server, phone }) => {
  const page = await (await phone()).newPage();
  await signIn(page, server.url, "guanjia1");
  const grounds = new Set<string>();
  for (const theme of ["light", "dark", "contrast"]) {
    await visit(page, "/more");
    await choice(page, "more.theme", `more.theme_${theme}`).click();
    await expect(page.locator("html")).toHaveAttribute("data-theme", theme);
    await page.reload();
    await expectSynced(page);
    await expect(page.locator("html")).toHaveAttribute("data-theme", theme);
    grounds.add(await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor + getComputedStyle(document.body).color));
  }
  expect(grounds.size).toBe(3);
  // As the system has it: the phone's own setting decides.
  await visit(page, "/more");
  await choice(page, "more.theme", "more.theme_system").click();
  await expect(page.locator("html")).not.toHaveAttribute("data-theme", /./);
  await page.emulateMedia({ colorScheme: "light" });
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await ground();
  await page.emulateMedia({ colorScheme: "dark" });
  await expect.poll(ground).not.toBe(light);
});
