// WCAG 2.2 AA on every page, in light and in dark; contrast of 7:1 for text in the field; everything by keyboard.

import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { Client, userOf } from "../support/api.ts";
import { giveClusters } from "../support/demo.ts";
import { expect, test, watchFaults } from "../support/fixtures.ts";
import { button, expectSynced, sheet, signIn, startRound, switchTo, typeAccount, visit } from "../support/pages.ts";
import { ROUND, routesOf } from "../support/routes.ts";
import { t } from "../support/texts.ts";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** Serious and critical findings, one line each. */
async function findings(page: Page, enhanced = false): Promise<string[]> {
  await expect(page.locator("main .skeleton")).toHaveCount(0);
  // On their way from one state or theme to the next, colours are of neither.
  await page.evaluate(() => Promise.allSettled(document.getAnimations().map((one) => one instanceof CSSTransition && one.finished)).then(() => undefined));
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

for (const [name, userAgent] of [
  [
    "WeChat",
    "Mozilla/5.0 (Linux; Android 14; V2304A) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/126.0.6478.188 Mobile Safari/537.36 XWEB/1260117 MMWEBSDK/20240501 MicroMessenger/8.0.50.2701(0x28003258) WeChat/arm64 NetType/WIFI Language/zh_CN ABI/arm64",
  ],
  [
    "DingTalk",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/21F90 AliApp(DingTalk/7.5.20) com.laiwang.DingTalk/37216309 Channel/201200 language/zh-Hans-CN UT4Aplus/0.0.6 WK",
  ],
] as const) {
  test(`the browser within ${name} is told what does not work there and what to do, and keeps nobody out`, async ({
    server,
    phone,
  }) => {
    const page = await (await phone({ userAgent })).newPage();
    const faults = watchFaults(page);
    const ios = userAgent.includes("iPhone");
    if (ios) {
      // Apps on an iPhone show pages without what lets a page work offline.
      await page.addInitScript(() => {
        delete (Navigator.prototype as any).serviceWorker;
      });
    }
    await page.goto(server.url);
    const notice = page.locator(".browser-notice");
    await expect(notice).toContainText(t("session.embedded_title"));
    await expect(notice).toContainText(t("session.limited_note"));
    await expect(notice.locator(".steps li")).toHaveText([
      t("session.embedded_step_menu"),
      t(ios ? "session.embedded_step_safari" : "session.embedded_step_browser"),
      t("session.embedded_step_install"),
    ]);
    await expect(notice).toContainText(server.url);
    for (const one of ["light", "dark", "contrast"] as const) {
      await theme(page, one);
      expect(await findings(page, true), one).toEqual([]);
    }
    await theme(page, "light");
    expect(await tooSmall(page)).toEqual([]);
    await typeAccount(page, "kefu1");
    await expectSynced(page);
    await expect(notice).toHaveCount(0);
    expect(faults).toEqual([]);
  });
}

test("any other browser is told nothing of the kind", async ({ server, phone }) => {
  const page = await (await phone()).newPage();
  await page.goto(server.url);
  await expect(button(page, "session.sign_in")).toBeVisible();
  await expect(page.locator(".browser-notice")).toHaveCount(0);
});

test("the page that asks for a password of one's own, and what it answers", async ({ server, phone }) => {
  const admin = await Client.signIn(server.url, "admin1");
  const user = await userOf(server.url, "menwei1");
  await admin.ask("PUT", `/api/v1/accounts/${user}/password`, { password: "long-enough-2026" });
  const page = await (await phone()).newPage();
  await page.goto(server.url);
  await typeAccount(page, "menwei1", "long-enough-2026");
  await expect(page.getByRole("heading", { name: t("session.choose_password") })).toBeVisible();
  for (const one of ["light", "dark", "contrast"] as const) {
    await theme(page, one);
    expect(await findings(page, true), one).toEqual([]);
  }
  await theme(page, "light");
  // The same again is no password of one's own.
  for (const key of ["more.password_current", "more.password_new", "more.password_again"]) {
    await page.getByLabel(t(key), { exact: true }).fill("long-enough-2026");
  }
  await button(page, "more.change_password").click();
  await expect(page.getByText(t("refusals.accounts_password_unchanged"))).toBeVisible();
  expect(await findings(page, true)).toEqual([]);
  expect(await tooSmall(page)).toEqual([]);
});

test("the steward's pages, a running round and its dialogs", async ({ server, phone }) => {
  test.setTimeout(360_000);
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
  test.setTimeout(360_000);
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

test("what is printed, and why it is not", async ({ server, desk }) => {
  const routes = await routesOf(await Client.signIn(server.url, "zhuguan1"));
  const page = await (await desk()).newPage();
  await signIn(page, server.url, "zhuguan1");
  for (const address of routes.paper) {
    await page.goto(server.url + address);
    await expect(page.locator("main.paper h1")).toBeVisible();
    await expect(page.locator("main.paper svg, main.paper table").first()).toBeVisible();
    expect(await findings(page), address).toEqual([]);
  }
  const stranger = await (await desk()).newPage();
  await stranger.goto(server.url + routes.paper[0]);
  await expect(stranger.locator("main.paper h1")).toHaveText(t("print.not_shown"));
  expect(await findings(stranger)).toEqual([]);
});

test("the high-contrast theme", async ({ server, phone }) => {
  const page = await (await phone()).newPage();
  await signIn(page, server.url, "guanjia2");
  await check(page, ["/today", "/tickets", "/households", "/outbox", "/more"], ["contrast"], true);
});

/** The design's least, in CSS pixels: a gloved thumb. */
const TAP = 48;

/** What is to be pressed and smaller than that; for a box or a file it is the label around it. A link in the middle of a sentence is as high as the sentence. */
async function tooSmall(page: Page): Promise<string[]> {
  await expect(page.locator("main .skeleton")).toHaveCount(0);
  return page.evaluate((least) => {
    const list: string[] = [];
    const pressed = "button, a[href], select, textarea, summary, input:not([type=hidden]), [role=button]";
    for (const element of document.querySelectorAll(pressed)) {
      if (element.closest(".visually-hidden, .skip-link")) continue;
      const box = element.matches("[type=checkbox], [type=radio], [type=file]");
      const area = box ? (element.closest("label") ?? element) : element;
      const frame = area.getBoundingClientRect();
      if (frame.width === 0 || frame.height === 0) continue;
      if (element.matches("a") && element.closest("p") && getComputedStyle(element).display === "inline") continue;
      // What is drawn around it and belongs to it is pressed, too.
      const [above, beside] = ["::before", "::after"]
        .map((part) => getComputedStyle(element, part))
        .filter((style) => style.content !== "none" && style.position === "absolute")
        .reduce(([h, w], style) => [Math.max(h, Number.parseFloat(style.height) || 0), Math.max(w, Number.parseFloat(style.width) || 0)], [0, 0]);
      const [height, width] = [Math.max(frame.height, above), Math.max(frame.width, beside)];
      if (height < least - 0.5 || width < least - 0.5) {
        list.push(`${area.tagName} ${area.className} ${Math.round(width)}×${Math.round(height)} ${area.textContent?.trim().slice(0, 20)}`);
      }
    }
    return list;
  }, TAP);
}

/** What is wider than the screen, or runs over what stands beside it. */
async function tooWide(page: Page): Promise<string[]> {
  await expect(page.locator("main .skeleton")).toHaveCount(0);
  // Not `innerWidth`: on a phone it grows with what does not fit.
  return page.evaluate((width) => {
    const list: string[] = [];
    const whole = document.documentElement.scrollWidth;
    if (whole > width) list.push(`wider than the screen: ${whole}`);
    for (const part of document.querySelectorAll<HTMLElement>(".item > *, .row > *, .section-title > *, .bottom-bar a, .app-bar > *, .button")) {
      if (part.offsetWidth > 0 && getComputedStyle(part).overflowX === "visible" && part.scrollWidth > part.clientWidth + 1 && part.clientWidth > 0) {
        list.push(`${part.tagName} ${part.className} ${part.scrollWidth}>${part.clientWidth} ${part.textContent?.trim().slice(0, 30)}`);
      }
    }
    return list;
  }, page.viewportSize()!.width);
}

const unfit = async (page: Page): Promise<string[]> => [...(await tooSmall(page)), ...(await tooWide(page))];

test("nothing on the phone is too small for a gloved thumb, nor wider than the screen", async ({ server, phone }) => {
  test.setTimeout(360_000);
  const routes = await routesOf(await Client.signIn(server.url, "zhuguan1"));
  const small: Record<string, string[]> = {};
  const signedOut = await (await phone()).newPage();
  await signedOut.goto(server.url);
  await expect(button(signedOut, "session.sign_in")).toBeVisible();
  const found = await unfit(signedOut);
  if (found.length) small["/"] = found;
  for (const [account, addresses] of [
    ["guanjia1", routes.steward],
    ["weixiu1", routes.technician],
  ] as const) {
    const page = await (await phone()).newPage();
    await signIn(page, server.url, account);
    for (const address of addresses) {
      await visit(page, address);
      const found = await unfit(page);
      if (found.length) small[`${account} ${address}`] = found;
    }
  }
  // Walking, with something found; whose round no other journey here has begun.
  const walking = await (await phone()).newPage();
  await signIn(walking, server.url, "guanjia2");
  await startRound(walking, ROUND);
  await button(walking, "rounds.by_hand").click();
  await walking.locator(".check-item").first().getByRole("button", { name: t("rounds.abnormal"), exact: true }).click();
  const there = await unfit(walking);
  if (there.length) small["a round"] = there;
  expect(small).toEqual({});
});

// What a small old phone shows, or one whose letters were made larger; where names of clusters stand on every line.
test("the phone's pages hold at a width of 360, too, in the shortest and the longest language", async ({ server, phone }) => {
  test.setTimeout(420_000);
  const narrow = { viewport: { width: 360, height: 640 } };
  await giveClusters(server.url, "guanjia1", ["A", "C"]);
  const routes = await routesOf(await Client.signIn(server.url, "zhuguan1"));
  const small: Record<string, string[]> = {};
  const look = async (page: Page, name: string) => {
    const found = await unfit(page);
    if (found.length) small[name] = found;
  };
  const signedOut = await (await phone(narrow)).newPage();
  await signedOut.goto(server.url);
  await expect(button(signedOut, "session.sign_in")).toBeVisible();
  await look(signedOut, "/");
  for (const [account, addresses] of [
    ["guanjia1", routes.steward],
    ["weixiu1", routes.technician],
  ] as const) {
    const page = await (await phone(narrow)).newPage();
    await signIn(page, server.url, account);
    for (const language of ["zh-Hans", "en"] as const) {
      await switchTo(page, language);
      for (const address of addresses) {
        await visit(page, address);
        await look(page, `${account} ${language} ${address}`);
      }
    }
  }
  // Walking, with something found; whose round no other journey here has begun.
  const walking = await (await phone(narrow)).newPage();
  await signIn(walking, server.url, "guanjia3");
  await startRound(walking, ROUND);
  await button(walking, "rounds.by_hand").click();
  await walking.locator(".check-item").first().getByRole("button", { name: t("rounds.abnormal"), exact: true }).click();
  await look(walking, "a round");
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
