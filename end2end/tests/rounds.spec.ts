// Rounds: codes that are not what they should be, places without a code, templates and schedules of the office.

import { Client } from "../support/api.ts";
import { forged, ofOtherSite, printedCodes } from "../support/codes.ts";
import { clusterOf, local, ROUND, TEMPLATE, uuid } from "../support/demo.ts";
import { expect, test } from "../support/fixtures.ts";
import {
  answerItems,
  button,
  choice,
  confirmPlace,
  expectSynced,
  finishRound,
  go,
  scanCode,
  sheet,
  signIn,
  startRound,
  visit,
  walkPoint,
} from "../support/pages.ts";
import { pattern, t } from "../support/texts.ts";

test("only the genuine code of the right checkpoint confirms a place, and a hand needs a reason", async ({
  server,
  phone,
}) => {
  const office = await Client.signIn(server.url, "zhuguan1");
  const codes = await printedCodes(office, await clusterOf(office, "B"));
  const template = (await office.records("round_template", office.company)).find(
    (one) => one.name === TEMPLATE && !one.superseded,
  )!;
  const points = template.points as { code: string; name: string }[];
  const code = (index: number) => codes.get(`${template.template}/${points[index].code}`)!;
  const context = await phone();
  const page = await context.newPage();
  await signIn(page, server.url, "guanjia2");
  // All of this is checked on the phone itself.
  await context.setOffline(true);
  await startRound(page, ROUND);
  const refused = page.locator(".confirm .notice.late");
  const confirmed = page.locator(".confirm .badge.ok");

  await scanCode(page, "https://example.com/menu");
  await expect(refused).toHaveText(pattern("refusals.rounds_code_forged"));
  await scanCode(page, forged(code(0)));
  await expect(refused).toHaveText(pattern("refusals.rounds_code_forged"));
  await scanCode(page, ofOtherSite(server, code(0)));
  await expect(refused).toHaveText(pattern("refusals.rounds_code_other_site"));
  await expect(confirmed).toHaveCount(0);

  // The code of the next point: the phone offers to go there, and keeps what was scanned.
  await scanCode(page, code(1));
  await expect(page.locator(".confirm")).toContainText(points[1].name);
  await button(page.locator(".confirm"), "rounds.go_there").click();
  await expect(page.locator(".point-name")).toContainText(points[1].name);
  await expect(confirmed).toBeVisible();
  await answerItems(page);
  await page.locator(".action-bar button").click();

  // Without a code and without a reason nothing is recorded.
  await expect(page.locator(".point-name")).not.toContainText(points[1].name);
  await button(page.locator(".confirm"), "rounds.by_hand").click();
  await answerItems(page);
  await page.locator(".action-bar button").click();
  await expect(page.locator(".confirm .problem")).toHaveText(t("rounds.hand_reason_needed"));
  await choice(page.locator(".confirm"), "rounds.hand_reason", "rounds.reason_unreachable").click();
  await page.locator(".action-bar button").click();
  await expect(page.locator(".confirm .problem")).toHaveCount(0);

  // Half a round may be finished, with the reason for the rest.
  await button(page, "rounds.points_list").click();
  await button(sheet(page), "rounds.finish").click();
  const form = sheet(page);
  await button(form, "rounds.finish").click();
  await expect(form.locator(".problem")).toHaveText(t("rounds.left_out_needed"));
  await form.getByLabel(t("rounds.left_out"), { exact: true }).fill("暴雨,园区封闭");
  await button(form, "rounds.finish").click();
  await expect(page).toHaveURL(/\/record$/);
  await context.setOffline(false);
  await expectSynced(page);
  const rounds = await office.records("round");
  const walked = rounds.find((round) => round.summary !== undefined && round.finished && round.name === ROUND);
  const hand = walked?.results.find((result: any) => result.confirmation.by === "hand");
  expect(hand.flags).toContain("by_hand");
  // A code, so that everybody reads it in their own language.
  expect(hand.confirmation).toMatchObject({ usual: "unreachable", reason: "" });
  expect(walked?.results.find((result: any) => result.confirmation.by === "code")).toBeTruthy();
});

test("what the office publishes and plans is what the phone walks, and a running round keeps its version", async ({
  server,
  phone,
  desk,
}) => {
  const office = await (await desk()).newPage();
  await signIn(office, server.url, "zhuguan1");
  const page = await (await phone()).newPage();
  await signIn(page, server.url, "guanjia3");
  const name = "雨后排水检查";

  await test.step("a template of the office's own", async () => {
    await office.locator(".side-bar").getByRole("link", { name: t("frame.nav_templates"), exact: true }).click();
    await office.getByRole("link", { name: t("rounds.new_template") }).click();
    await office.getByLabel(t("rounds.template_name"), { exact: true }).fill(name);
    const point = office.locator("main ol > li").first();
    if ((await office.locator("main ol.stack > li").count()) === 0) await button(office, "rounds.add_point").click();
    await point.getByLabel(t("rounds.point_name"), { exact: true }).fill("低洼处");
    if ((await point.locator(".item-editor").count()) === 0) await button(point, "rounds.add_item").click();
    await point.getByLabel(t("rounds.item_text"), { exact: true }).first().fill("排水沟无堵塞");
    await office.getByRole("button", { name: t("rounds.publish_version", { version: 1 }) }).click();
    await expect(office).toHaveURL(/\/office\/templates$/);
    await expect(office.getByRole("link", { name, exact: true })).toBeVisible();
  });

  await test.step("planned for a cluster, it is on the steward's phone", async () => {
    await visit(office, "/office/schedules");
    await button(office, "rounds.new_schedule").click();
    const form = sheet(office);
    await form.getByLabel(t("rounds.cluster"), { exact: true }).selectOption({ label: "C 加州阳光" });
    await form.getByLabel(t("rounds.template"), { exact: true }).selectOption({ label: name });
    const hour = 3_600_000;
    await form
      .getByLabel(t("rounds.window_from", { n: 1 }), { exact: true })
      .fill(local(Date.now() - 2 * hour).time.slice(0, 5));
    await form
      .getByLabel(t("rounds.window_to", { n: 1 }), { exact: true })
      .fill(local(Date.now() - 3 * hour).time.slice(0, 5));
    await form.locator("footer button.primary").click();
    await expect(form).toHaveCount(0);
    await expect(office.locator("main")).toContainText(name);
    await go(page, "frame.nav_rounds");
    await expect(page.getByRole("link", { name: new RegExp(name) }).first()).toBeVisible();
  });

  await test.step("she starts it; the office publishes a second version meanwhile", async () => {
    await startRound(page, name);
    await expect(page.locator(".check-item")).toHaveCount(1);
    await expectSynced(page);
    await visit(office, "/office/templates");
    await office.getByRole("link", { name, exact: true }).click();
    await button(office.locator("main ol.stack > li").first(), "rounds.add_item").click();
    await office.getByLabel(t("rounds.item_text"), { exact: true }).nth(1).fill("集水井水泵运转正常");
    await office.getByRole("button", { name: t("rounds.publish_version", { version: 2 }) }).click();
    await expect(office).toHaveURL(/\/office\/templates$/);
    await expectSynced(page);
    // What she began is what she ends.
    await expect(page.locator(".check-item")).toHaveCount(1);
    await walkPoint(page, { byHand: "rounds.reason_no_code" });
    await finishRound(page);
  });

  await test.step("the next one has the new version", async () => {
    await visit(page, "/rounds");
    await button(page, "rounds.extra_round").click();
    await sheet(page).getByLabel(t("rounds.template"), { exact: true }).selectOption({ label: name });
    await button(sheet(page), "rounds.start").click();
    await expect(page.locator(".check-item")).toHaveCount(2);
    await confirmPlace(page, { byHand: "rounds.reason_no_code" });
    await answerItems(page);
    await page.locator(".action-bar button").click();
    await finishRound(page);
    await expectSynced(page);
  });
});

test("what does not apply is no finding, and what could not be read or photographed is one answer with its reason", async ({
  server,
  phone,
}) => {
  const office = await Client.signIn(server.url, "zhuguan1");
  const name = "停用区域巡视";
  const items = [
    { code: "lift", text: "电梯轿厢照明正常", answer: { type: "normal" } },
    { code: "hydrant", text: "消火栓箱完好", answer: { type: "normal" } },
    { code: "pressure", text: "管网压力", answer: { type: "number", unit: "MPa", low: 300, high: 500 } },
    { code: "gate", text: "大门全景", answer: { type: "photo" } },
    { code: "remark", text: "其他情况", answer: { type: "text" }, optional: true },
  ];
  await office.apply(office.company, [
    {
      kind: "rounds.publish_template",
      payload: { template: uuid(), version: 1, name, points: [{ code: "yard", name: "停用的院子", items }] },
    },
  ]);
  const context = await phone();
  const page = await context.newPage();
  await signIn(page, server.url, "guanjia1");
  await context.setOffline(true);
  await visit(page, "/rounds");
  await button(page, "rounds.extra_round").click();
  await sheet(page).getByLabel(t("rounds.template"), { exact: true }).selectOption({ label: name });
  await button(sheet(page), "rounds.start").click();
  const item = (code: string) => page.locator(".check-item").filter({ hasText: items.find((one) => one.code === code)!.text });
  await confirmPlace(page, { byHand: "rounds.reason_no_code" });

  // Abnormal asks for evidence; not applicable takes that back.
  await item("lift").getByRole("button", { name: t("rounds.abnormal"), exact: true }).click();
  await expect(item("lift").getByLabel(t("common.note"), { exact: true })).toBeVisible();
  await item("lift").getByRole("button", { name: t("rounds.not_applicable"), exact: true }).click();
  await expect(item("lift").getByLabel(t("common.note"), { exact: true })).toHaveCount(0);
  await expect(item("lift")).not.toHaveClass(/bad/);
  // A gauge without a hand, a gate behind a fence: an answer, but one that has to say why.
  await button(page, "rounds.all_normal").click();
  await page.locator(".action-bar button").click();
  await expect(item("pressure").locator(".problem")).toHaveText(t("rounds.problem_missing"));
  await item("pressure").getByLabel(t("rounds.cannot_read"), { exact: true }).check();
  await item("gate").getByLabel(t("rounds.cannot_photograph"), { exact: true }).check();
  for (const [code, why] of [
    ["pressure", "表已拆走"],
    ["gate", "围挡封闭"],
  ]) {
    await page.locator(".action-bar button").click();
    await expect(item(code).locator(".problem")).toHaveText(t("rounds.problem_needs_evidence"));
    await item(code).getByLabel(t("common.note"), { exact: true }).fill(why);
  }
  await page.locator(".action-bar button").click();
  await finishRound(page);
  const record = page.locator(".record");
  await expect(record).toContainText(items[0].text);
  await expect(record.getByText(t("rounds.not_applicable"), { exact: true })).toHaveCount(3);

  await context.setOffline(false);
  await expectSynced(page);
  const round = (await office.records("round")).find((one) => one.name === name)!;
  const answers = round.results[0].answers.map((one: any) => [one.item, one.answer.value]);
  expect(Object.fromEntries(answers)).toMatchObject({
    lift: "not_applicable",
    hydrant: "normal",
    pressure: "not_applicable",
    gate: "not_applicable",
  });
  expect((await office.records("ticket")).filter((one) => one.description.includes(items[0].text))).toEqual([]);
});
