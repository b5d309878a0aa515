// What people do on the pages, in their own steps.

import { expect, type Locator, type Page } from "@playwright/test";
import type { Session } from "./api.ts";
import { hideCode, picture, showCode, take } from "./camera.ts";
import { PASSWORD } from "./env.ts";
import { type Language, pattern, t } from "./texts.ts";

export function button(page: Page | Locator, key: string): Locator {
  return page.getByRole("button", { name: t(key), exact: true });
}

/** One of the choices that are side by side. */
export function choice(page: Page | Locator, group: string, key: string): Locator {
  return page.getByRole("group", { name: t(group), exact: true }).getByRole("button", { name: t(key), exact: true });
}

export function sheet(page: Page): Locator {
  return page.getByRole("dialog");
}

// --- signing in --------------------------------------------------------------------------------------------------

export async function typeAccount(page: Page, account: string, password = PASSWORD): Promise<void> {
  await page.getByLabel(t("session.account"), { exact: true }).fill(account);
  await page.getByLabel(t("session.password"), { exact: true }).fill(password);
  await button(page, "session.sign_in").click();
}

/** Signs in and waits until this phone has everything and may go offline. */
export async function signIn(page: Page, url: string, account: string): Promise<void> {
  await page.goto(url);
  await typeAccount(page, account);
  await expectSynced(page);
  await readyForOffline(page);
}

/** The session is over: the same person's password goes on with what waits. */
export async function signInAgain(page: Page, password = PASSWORD): Promise<void> {
  await button(page, "session.sign_in_again").click();
  await sheet(page).getByLabel(t("session.password"), { exact: true }).fill(password);
  await button(sheet(page), "session.sign_in").click();
}

/** Who is signed in on this page's phone, as the phone keeps it. */
export async function sessionOf(page: Page): Promise<Session> {
  return page.evaluate(() => JSON.parse(localStorage.getItem("guanjia.session")!));
}

/** The service worker has the whole app. */
export async function readyForOffline(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    if (!navigator.serviceWorker.controller) {
      await new Promise<void>((done) => {
        navigator.serviceWorker.addEventListener("controllerchange", () => done(), { once: true });
        if (navigator.serviceWorker.controller) done();
      });
    }
  });
}

// --- the badge ---------------------------------------------------------------------------------------------------

export function badge(page: Page): Locator {
  return page.locator(".sync-badge");
}

export async function expectSynced(page: Page, within = 40_000): Promise<void> {
  await expect(badge(page)).toHaveText(t("frame.badge_synced"), { timeout: within });
}

/** How many actions wait on this phone without a network. */
export async function expectWaitingOffline(page: Page, count: number): Promise<void> {
  await expect(badge(page)).toHaveText(t("frame.badge_offline_waiting", { n: count }));
}

export async function waitingOffline(page: Page): Promise<number> {
  const text = (await badge(page).textContent()) ?? "";
  return Number(/\d+/.exec(text)?.[0] ?? Number.NaN);
}

// --- going around ------------------------------------------------------------------------------------------------

/** By the bottom bar, the thumb's way. */
export async function go(page: Page, key: string): Promise<void> {
  await page.locator(".bottom-bar").getByRole("link", { name: t(key), exact: true }).click();
}

/** As each names itself. */
export const LANGUAGE_NAMES: Record<Language, string> = { "zh-Hans": "简体中文", "zh-Hant": "繁體中文", en: "English" };

export async function switchTo(page: Page, language: Language): Promise<void> {
  await visit(page, "/more");
  await page.getByRole("button", { name: LANGUAGE_NAMES[language], exact: true }).click();
  await expect(page.locator("html")).toHaveAttribute("lang", language);
}

/** By an address, without loading the page anew. */
export async function visit(page: Page, address: string): Promise<void> {
  await page.evaluate((to) => {
    const link = document.createElement("a");
    link.href = to;
    document.querySelector("#app")!.append(link);
    link.click();
    link.remove();
  }, address);
  await expect.poll(() => new URL(page.url()).pathname + new URL(page.url()).search).toBe(address);
}

// --- rounds ------------------------------------------------------------------------------------------------------

export interface PointOptions {
  /** The code on the wall; without one the place is confirmed by hand. */
  code?: string;
  /** Reason, as one of the ready ones. */
  byHand?: string;
  /** The item (a part of its text) that is found abnormal, with its note and photos. */
  finding?: { item: string; note: string; photos: string[] };
}

/** Opens the round with that name from the list and begins it. */
export async function startRound(page: Page, name: string): Promise<void> {
  await go(page, "frame.nav_rounds");
  // Today names the round as well.
  await expect(page.locator(".bottom-bar a[href='/rounds']")).toHaveAttribute("aria-current", "page");
  await page.getByRole("link", { name: new RegExp(name) }).first().click();
  await button(page, "rounds.start").click();
  await expect(page.locator(".confirm")).toBeVisible();
}

export async function scanCode(page: Page, code: string): Promise<void> {
  await showCode(page, code);
  await page
    .locator(".confirm")
    .getByRole("button", { name: new RegExp(`^(${t("rounds.scan")}|${t("rounds.scan_again")})$`) })
    .click();
  await expect(page.locator(".scanner")).toHaveCount(0);
  await hideCode(page);
}

/** Confirms that one stands there. */
export async function confirmPlace(page: Page, options: PointOptions): Promise<void> {
  if (options.code) {
    await scanCode(page, options.code);
    await expect(page.locator(".confirm .badge.ok")).toBeVisible();
  } else {
    await button(page.locator(".confirm"), "rounds.by_hand").click();
    await choice(page.locator(".confirm"), "rounds.hand_reason", options.byHand ?? "rounds.reason_damaged").click();
  }
}

/** Answers every item of the point that is open; everything but the finding is in order. */
export async function answerItems(page: Page, options: PointOptions = {}): Promise<void> {
  const { finding } = options;
  if (finding) {
    const item = page.locator(".check-item").filter({ hasText: finding.item });
    await item.getByRole("button", { name: t("rounds.abnormal"), exact: true }).click();
    await item.getByLabel(t("common.note"), { exact: true }).fill(finding.note);
    await take(
      page,
      () => item.getByRole("button", { name: t("kit.photo_take", { label: t("common.photos") }) }).click(),
      finding.photos.map(picture),
    );
    await expect(item.locator(".photo img")).toHaveCount(finding.photos.length);
    // The ticket in the same tap.
    await button(item, "rounds.report_repair").click();
    await expect(item.locator(".reported")).toHaveText(pattern("rounds.reported_as"));
  }
  for (const item of await page.locator(".check-item").all()) {
    const text = item.locator("textarea");
    const reading = item.locator('input[inputmode="decimal"]');
    if (await reading.count()) await reading.fill("0");
    else if (finding && (await item.textContent())?.includes(finding.item)) continue;
    else if (await text.count()) await text.fill("无");
    else if (await item.locator(".photo.add").count()) {
      await take(page, () => item.locator(".photo.add").click(), picture("leak-after"));
      await expect(item.locator(".photo img")).toHaveCount(1);
    }
  }
  // Nothing is left to tick where there are only words and pictures.
  const rest = button(page, "rounds.all_normal");
  if (await rest.isVisible()) await rest.click();
}

/** Confirms, answers, records: one point of a walk. */
export async function walkPoint(page: Page, options: PointOptions): Promise<void> {
  const name = await page.locator(".point-name").textContent();
  await confirmPlace(page, options);
  await answerItems(page, options);
  await page.locator(".action-bar button").click();
  // The next point is open, or there is none.
  await expect(page.locator(".point-name").filter({ hasText: name ?? "" })).toHaveCount(0);
}

export async function finishRound(page: Page, summary = ""): Promise<void> {
  if (summary) await page.getByLabel(t("rounds.summary"), { exact: true }).fill(summary);
  await button(page, "rounds.finish").click();
  await expect(page).toHaveURL(/\/rounds\/[^/]+\/record$/);
}

// --- visits and calls --------------------------------------------------------------------------------------------

/** Chooses a unit by typing what one remembers of it. */
export async function pickUnit(page: Page, query: string): Promise<string> {
  await page.getByLabel(t("tickets.unit_search"), { exact: true }).fill(query);
  const hit = page.getByRole("list", { name: t("tickets.unit_hits") }).getByRole("button").first();
  const label = (await hit.locator(".title").textContent()) ?? "";
  await hit.click();
  return label;
}

export type CallResult =
  | { outcome: "no_answer" }
  | { outcome: "connected"; promised: string; reason?: string }
  | { outcome: "refused"; problem: { category: string; description: string } };

/** Notes what came of the call on the page that is open, and goes on. */
export async function noteCall(page: Page, result: CallResult): Promise<void> {
  const address = page.url();
  await choice(page, "fees.outcome", `fees.outcome_${result.outcome}`).click();
  if (result.outcome === "connected") {
    await page.getByLabel(t("fees.other_date"), { exact: true }).fill(result.promised);
    if (result.reason) await choice(page, "fees.reason", `fees.reason_${result.reason}`).click();
  }
  if (result.outcome === "refused") {
    await choice(page, "fees.reason", "fees.reason_service_problem").click();
    const fresh = choice(page, "fees.service_ticket", "fees.new_ticket");
    if (await fresh.isVisible()) await fresh.click();
    await page.getByLabel(t("visits.ticket_category"), { exact: true }).selectOption(result.problem.category);
    await page.getByLabel(t("visits.ticket_description"), { exact: true }).fill(result.problem.description);
  }
  await page.locator(".action-bar button").click();
  await expect(page).not.toHaveURL(address);
}

// --- tickets -----------------------------------------------------------------------------------------------------

/** Presses a move of the ticket that is open, one that asks for nothing more. */
export async function move(page: Page, name: string): Promise<void> {
  await button(page, `tickets.move_${name}`).click();
  await expect(page.locator(".toasts")).toContainText(t(`tickets.moved_${name}`));
}

/** Presses a move that asks for something first, answers, and confirms. */
export async function answer(page: Page, name: string, fill: (sheet: Locator) => Promise<void>): Promise<void> {
  await button(page, `tickets.move_${name}`).click();
  await expect(sheet(page)).toBeVisible();
  await fill(sheet(page));
  await sheet(page)
    .getByRole("button", { name: t("tickets.confirm", { move: t(`tickets.move_${name}`) }), exact: true })
    .click();
  await expect(sheet(page)).toHaveCount(0);
  await expect(page.locator(".toasts")).toContainText(t(`tickets.moved_${name}`));
}

/** Asks the customer, who says whether it is solved and gives so many points. */
export async function returnVisit(page: Page, solved: boolean, score: number, note = ""): Promise<void> {
  await answer(page, "return_visit", async (sheet) => {
    await choice(sheet, "tickets.ask_solved", solved ? "tickets.solved_yes" : "tickets.solved_no").click();
    await sheet
      .getByRole("group", { name: t("tickets.ask_score"), exact: true })
      .getByRole("button", { name: t("tickets.score_of", { score }), exact: true })
      .click();
    if (note) await sheet.getByLabel(t("common.note"), { exact: true }).fill(note);
  });
}

/** Lines of a ticket's history with that event and that person. */
export function history(page: Page, event: string, by: string): Locator {
  return page.locator(".timeline li").filter({ hasText: event }).filter({ hasText: by });
}

export async function assign(page: Page, person: string): Promise<void> {
  // Of what is somebody's already it is called otherwise.
  const names = [t("tickets.move_assign"), t("tickets.move_reassign")];
  await page.getByRole("button", { name: new RegExp(`^(${names.join("|")})$`) }).click();
  await sheet(page).getByRole("group", { name: t("tickets.assign_to") }).getByRole("button", { name: person }).click();
  await sheet(page)
    .getByRole("button", { name: new RegExp(names.map((move) => t("tickets.confirm", { move })).join("|")) })
    .click();
  await expect(sheet(page)).toHaveCount(0);
}

/** Nobody signs twice alike, unless it is wanted. */
export async function sign(page: Page, hand = Math.random() * 0.1): Promise<void> {
  const canvas = page.locator("canvas");
  await canvas.scrollIntoViewIfNeeded();
  const frame = await canvas.boundingBox();
  if (!frame) throw new Error("there is nothing to sign on");
  const at = (x: number, y: number) => [frame.x + frame.width * (x + hand), frame.y + frame.height * y] as const;
  for (const [from, to] of [
    [
      [0.15, 0.3],
      [0.45, 0.75],
    ],
    [
      [0.45, 0.25],
      [0.2, 0.7],
    ],
    [
      [0.55, 0.4],
      [0.85, 0.6],
    ],
  ]) {
    await page.mouse.move(...at(from[0], from[1]));
    await page.mouse.down();
    await page.mouse.move(...at(to[0], to[1]), { steps: 8 });
    await page.mouse.up();
  }
  await expect(button(page, "kit.signature_again")).toBeVisible();
}

export interface CompletionOptions {
  cause?: string;
  action: string;
  /** Keys of the price list. */
  lines?: string[];
  signedBy?: string;
  /** The same hand makes the same picture. */
  hand?: number;
  unsigned?: string;
}

/** Fills in the guided page from top to bottom, without sending it. */
export async function fillCompletion(page: Page, options: CompletionOptions): Promise<void> {
  const all = button(page, "tickets.conduct_all");
  if (await page.locator("#conduct").count()) await all.click();
  for (const [key, name] of [
    ["tickets.photos_before", "leak-before"],
    ["tickets.photos_after", "leak-after"],
  ]) {
    const group = page.getByRole("group", { name: t(key), exact: true });
    await take(page, () => group.locator(".photo.add").click(), picture(name));
    await expect(group.locator(".photo img")).toHaveCount(1);
  }
  if (options.cause) await choice(page, "tickets.usual_causes", options.cause).click();
  else await page.getByLabel(t("tickets.cause"), { exact: true }).fill("接头松动");
  await page.getByLabel(t("tickets.action"), { exact: true }).fill(options.action);
  if (options.lines) {
    await button(page, "tickets.line_add").click();
    for (const key of options.lines) {
      await sheet(page)
        .getByRole("button", { name: new RegExp(`^\\s*${t(key)}`) })
        .first()
        .click();
    }
    await sheet(page).getByRole("button", { name: t("frame.close"), exact: true }).click();
  }
  if (options.signedBy) {
    // In a public place nobody is expected to sign.
    await page.getByLabel(t("tickets.unsigned"), { exact: true }).uncheck();
    await page.getByLabel(t("tickets.signed_by"), { exact: true }).fill(options.signedBy);
    await sign(page, options.hand);
  } else {
    await page.getByLabel(t("tickets.unsigned"), { exact: true }).check();
    await page.getByLabel(t("tickets.unsigned_reason"), { exact: true }).fill(options.unsigned ?? "业主不在家");
  }
}

export async function submitCompletion(page: Page): Promise<void> {
  await button(page, "tickets.complete_submit").click();
  await expect(page).toHaveURL(/\/tickets\/[^/]+$/);
}

/** A ticket for a public place, from the phone's form. */
export async function openTicket(page: Page, place: string, description: string): Promise<void> {
  await visit(page, "/tickets/new");
  await choice(page, "tickets.category", "tickets.category_leak").click();
  const publicPlace = choice(page, "tickets.place_kind", "tickets.place_public");
  if (await publicPlace.isVisible()) await publicPlace.click();
  await page.getByLabel(t("tickets.public_place"), { exact: true }).fill(place);
  await page.getByLabel(t("tickets.description"), { exact: true }).fill(description);
  await button(page, "tickets.submit_open").click();
  await expect(page).not.toHaveURL(/\/tickets\/new/);
}
