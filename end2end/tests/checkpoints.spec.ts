// The codes on the walls: places are registered at the desk, their codes printed, put up, and replaced when somebody
// has copied one.

import type { Page } from "@playwright/test";
import { Client } from "../support/api.ts";
import { uuid } from "../support/demo.ts";
import { expect, test } from "../support/fixtures.ts";
import {
  answerItems,
  button,
  expectSynced,
  finishRound,
  scanCode,
  sheet,
  signIn,
  visit,
  walkPoint,
} from "../support/pages.ts";
import { pattern, t } from "../support/texts.ts";

const NAME = "汛期设备检查";
const POINTS = [
  { code: "switch_room", name: "高压配电房" },
  { code: "flood_pump", name: "防汛泵房" },
];
const CLUSTER_NAME = "A 罗马假日";

/** Opens the sheet that the desk's page links to, as a tab of its own, and reads its codes. */
async function sheetOf(desk: Page): Promise<{ page: Page; codes: string[] }> {
  const link = desk.getByRole("link", { name: t("rounds.print_codes"), exact: true });
  const [page] = await Promise.all([desk.context().waitForEvent("page"), link.click()]);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(t("print.codes_title"));
  const cards = page.locator("figure.code");
  await expect(cards).toHaveCount(POINTS.length);
  const codes: string[] = [];
  for (const [index, point] of POINTS.entries()) {
    // In the order in which they are put up, each with a picture to scan.
    await expect(cards.nth(index).locator("figcaption")).toContainText(`A ${point.name}`);
    await expect(cards.nth(index).locator("figcaption")).toContainText(NAME);
    await expect(cards.nth(index).locator("svg")).toBeVisible();
    codes.push((await cards.nth(index).getAttribute("data-code"))!);
  }
  return { page, codes };
}

test("places are registered and printed at the desk, and a replaced code is refused on the phone", async ({
  server,
  phone,
  desk,
}) => {
  const office = await Client.signIn(server.url, "zhuguan1");
  await office.apply(office.company, [
    {
      kind: "rounds.publish_template",
      payload: {
        template: uuid(),
        version: 1,
        name: NAME,
        points: POINTS.map((point) => ({
          ...point,
          items: [{ code: `${point.code}_dry`, text: "地面无积水", answer: { type: "normal" } }],
        })),
      },
    },
  ]);
  const page = await (await desk()).newPage();
  await signIn(page, server.url, "zhuguan1");
  const row = (name: string) => page.getByRole("row").filter({ hasText: name });
  const context = await phone();
  const steward = await context.newPage();
  await signIn(steward, server.url, "guanjia1");

  await test.step("what the template names has no place yet, and one press registers all of it", async () => {
    await visit(page, "/office/templates");
    await page.getByRole("link", { name: t("rounds.checkpoints_of", { name: NAME }), exact: true }).click();
    await expect(page).toHaveURL(/\/office\/checkpoints/);
    await page.getByLabel(t("rounds.cluster"), { exact: true }).selectOption({ label: CLUSTER_NAME });
    await expect(page.getByLabel(t("rounds.template"), { exact: true }).locator("option:checked")).toHaveText(NAME);
    for (const point of POINTS) await expect(row(point.name)).toContainText(t("rounds.not_registered"));
    await expect(page.getByRole("link", { name: t("rounds.print_codes") })).toHaveCount(0);
    await button(page, "rounds.register_all").click();
    await expect(page.locator(".toasts")).toContainText(t("rounds.points_registered", { n: POINTS.length }));
    for (const point of POINTS) {
      await expect(row(point.name).getByText(t("rounds.registered"), { exact: true })).toBeVisible();
      await expect(row(point.name)).toContainText(t("rounds.code_number", { version: 1, since: "" }).split("，")[0]);
    }
    await expect(page.getByText(t("rounds.registered_of", { done: 2, total: 2 }))).toBeVisible();
    await expect(button(page, "rounds.register_all")).toHaveCount(0);
    await expectSynced(page);
  });

  let [first, old] = ["", ""];
  await test.step("the sheet has a code for each", async () => {
    const paper = await sheetOf(page);
    [first, old] = paper.codes;
    expect(first).not.toBe(old);
    await paper.page.close();
  });

  await test.step("the steward's phone takes the code that was put up", async () => {
    await visit(steward, "/rounds");
    await button(steward, "rounds.extra_round").click();
    await sheet(steward).getByLabel(t("rounds.cluster"), { exact: true }).selectOption({ label: CLUSTER_NAME });
    await sheet(steward).getByLabel(t("rounds.template"), { exact: true }).selectOption({ label: NAME });
    await button(sheet(steward), "rounds.start").click();
    await expect(steward.locator(".point-name")).toContainText(POINTS[0].name);
    await walkPoint(steward, { code: first });
    await expect(steward.locator(".point-name")).toContainText(POINTS[1].name);
  });

  const heard = () => steward.waitForResponse((answer) => answer.url().includes("/sync/pull") && answer.ok());
  let hears: ReturnType<typeof heard>;
  await test.step("somebody has copied the other one: it gets a new code", async () => {
    await page.getByRole("button", { name: t("rounds.new_code_of", { name: POINTS[1].name }) }).click();
    await expect(sheet(page)).toContainText(t("rounds.new_code_note", { old: 1, new: 2 }));
    hears = heard();
    await button(sheet(page), "rounds.new_code").click();
    await expect(page.locator(".toasts")).toContainText(t("rounds.new_code_done"));
    await expect(sheet(page)).toHaveCount(0);
    await expect(row(POINTS[1].name)).toContainText(t("rounds.code_number", { version: 2, since: "" }).split("，")[0]);
    await expect(row(POINTS[0].name)).toContainText(t("rounds.code_number", { version: 1, since: "" }).split("，")[0]);
    await expectSynced(page);
  });

  let fresh = "";
  await test.step("the new sheet has it, and what was not replaced stays as it hangs", async () => {
    const paper = await sheetOf(page);
    expect(paper.codes[0]).toBe(first);
    fresh = paper.codes[1];
    expect(fresh).not.toBe(old);
    await paper.page.close();
  });

  await test.step("the phone refuses the old one by name, and takes the new one", async () => {
    // It hears of the new code by itself, in a moment; before that the old one is the right one to it.
    await hears;
    const refused = steward.locator(".confirm .notice.late");
    await expect(async () => {
      await scanCode(steward, old);
      await expect(refused).toHaveText(pattern("refusals.rounds_code_revoked", { checkpoint: `A ${POINTS[1].name}` }), {
        timeout: 1_000,
      });
    }).toPass({ timeout: 40_000 });
    await context.setOffline(true);
    await scanCode(steward, fresh);
    await expect(steward.locator(".confirm .badge.ok")).toBeVisible();
    await expect(refused).toHaveCount(0);
    await answerItems(steward);
    await steward.locator(".action-bar button").click();
    await finishRound(steward);
    await context.setOffline(false);
    await expectSynced(steward);
  });

  await test.step("the server took both confirmations as they were made", async () => {
    const round = (await office.records("round")).find((one) => one.name === NAME)!;
    const codes = round.results.map((result: any) => [result.point, result.confirmation.by, result.confirmation.code]);
    expect(codes).toEqual([
      [POINTS[0].code, "code", first],
      [POINTS[1].code, "code", fresh],
    ]);
  });
});
