// A day, from the basement to the dashboard: a steward's phone without signal, whose battery dies; the office that
// sees it all the moment she is back; a technician who does the jobs without signal, too; the customer, who is asked.

import type { Locator, Page } from "@playwright/test";
import { Client, userOf } from "../support/api.ts";
import { shiftClock, shiftClockNow } from "../support/clock.ts";
import { printedCodes } from "../support/codes.ts";
import { clusterOf, nextFriday, ROUND, TEMPLATE, timeOfDay } from "../support/demo.ts";
import { expect, test, watchFaults } from "../support/fixtures.ts";
import {
  answer,
  assign,
  badge,
  button,
  choice,
  expectSynced,
  expectWaitingOffline,
  fillCompletion,
  finishRound,
  go,
  history,
  move,
  noteCall,
  pickUnit,
  returnVisit,
  signIn,
  startRound,
  submitCompletion,
  visit,
  waitingOffline,
  walkPoint,
} from "../support/pages.ts";
import { Phone } from "../support/profile.ts";
import { pattern, t } from "../support/texts.ts";

const LEAK = "无渗漏";
const PROBLEM = "厨房水槽下方一直漏水,不修好不缴费";
const MET = "楼道遇到业主,反映厨房水龙头滴水";
const MINUTES = 60_000;

/** The code of the phone that this is, as the history on it says. */
async function ownCode(page: Page): Promise<string> {
  const says = new RegExp(t("kit.timeline_this_device", { code: "([0-9a-f]{6})" }));
  const timeline = page.locator(".timeline");
  await expect(timeline).toHaveText(says);
  return says.exec((await timeline.textContent()) ?? "")![1];
}

/** The line says on which phone it was recorded, when it happened, and that it arrived later. */
async function expectOffline(line: Locator, code: string, entry: Record<string, any>): Promise<void> {
  await expect(line).toContainText(t("kit.timeline_device", { code }));
  await expect(line.locator(".when time")).toHaveText(new RegExp(`\\b${timeOfDay(entry.at)}$`));
  const arrived = line.locator(".when span");
  await expect(arrived).toHaveText(pattern("kit.timeline_offline"));
  await expect(arrived).toContainText(timeOfDay(entry.received));
}

test("a day without signal reaches the office complete, and comes back as finished work", async ({
  server,
  phone,
  desk,
}) => {
  test.setTimeout(420_000);
  const office = await Client.signIn(server.url, "zhuguan1");
  const cluster = await clusterOf(office, "A");
  const codes = await printedCodes(office, cluster);
  const template = (await office.records("round_template", office.company)).find(
    (one) => one.name === TEMPLATE && !one.superseded,
  )!;
  const points = template.points as { code: string; name: string }[];
  const codeOf = (point: string) => codes.get(`${template.template}/${point}`)!;
  const before = new Set((await office.records("ticket")).map((ticket) => ticket.id as string));

  const steward = await Phone.switchOn("guanjia1");
  const faults = watchFaults(steward.page);
  let waiting = 0;
  let stewardCode = "";

  await test.step("in the morning she signs in where there is a network", async () => {
    await signIn(steward.page, server.url, "guanjia1");
    await steward.switchOff();
    await steward.start();
  });

  await test.step("in the basement she walks the open round", async () => {
    await steward.context.setOffline(true);
    // What she records now happened well before it arrives.
    await shiftClock(steward.context, -40 * MINUTES);
    const page = steward.page;
    await page.goto(server.url);
    await expect(page).toHaveURL(/\/today$/);
    await expect(badge(page)).toHaveText(/离线/);
    await startRound(page, ROUND);
    for (const [index, point] of points.entries()) {
      await expect(page.locator(".point-name")).toContainText(point.name);
      if (point.code === "engineering") {
        await walkPoint(page, {
          code: codeOf(point.code),
          finding: { item: LEAK, note: "泵房立管接头渗水", photos: ["leak-before", "place-before"] },
        });
      } else if (index === 1) {
        await walkPoint(page, { byHand: "rounds.reason_damaged" });
      } else {
        await walkPoint(page, { code: codeOf(point.code) });
      }
      if (index === 2) {
        await test.step("on the stairs she meets an owner, whose words become a ticket", async () => {
          await page.getByRole("link", { name: t("rounds.met_somebody") }).click();
          await pickUnit(page, "2-1-5");
          await page.locator('[data-topic="need"]').click();
          await choice(page, "visits.result", "visits.result_forwarded").click();
          await page.getByLabel(t("visits.note"), { exact: true }).fill(MET);
          // What was said is what it is about: nothing is typed twice.
          await expect(page.getByLabel(t("visits.ticket_description"), { exact: true })).toHaveValue(MET);
          await page.getByLabel(t("visits.ticket_category"), { exact: true }).selectOption("water_supply");
          await page.locator(".action-bar button").click();
          await expect(page.locator(".point-name")).toContainText(points[index + 1].name);
        });
      }
    }
    await finishRound(page, "立管渗水已报修,其余正常");
    await expect(page.locator(".record")).toContainText("泵房立管接头渗水");
  });

  await test.step("she makes her calls: no answer, a promise, a refusal for a leak", async () => {
    const page = steward.page;
    await visit(page, "/fees");
    await page.locator("main a[href^='/fees/']").first().click();
    await noteCall(page, { outcome: "no_answer" });
    await noteCall(page, { outcome: "connected", promised: nextFriday(), reason: "no_time" });
    await noteCall(page, { outcome: "refused", problem: { category: "leak", description: PROBLEM } });
  });

  await test.step("the battery dies in the middle of a note", async () => {
    const page = steward.page;
    waiting = await waitingOffline(page);
    // Start and finish, seven points, a ticket, a visit and its ticket, three calls and theirs; and the pictures.
    expect(waiting).toBeGreaterThanOrEqual(2 + points.length + 1 + 2 + 4 + 3);
    await visit(page, "/visits/new");
    await page.getByLabel(t("visits.note"), { exact: true }).fill("刚说到一半");
    await expect
      .poll(() =>
        page.evaluate(
          () =>
            new Promise<boolean>((found) => {
              void indexedDB.databases().then((all) => {
                const open = indexedDB.open(all.find((one) => one.name?.startsWith("guanjia-"))!.name!);
                open.onsuccess = () => {
                  const read = open.result.transaction("drafts").objectStore("drafts").getAll();
                  read.onsuccess = () => {
                    found(read.result.some((text) => String(text).includes("刚说到一半")));
                    open.result.close();
                  };
                };
              });
            }),
        ),
      )
      .toBe(true);
    await steward.die();
  });

  await test.step("charged again, still without signal: everything is there", async () => {
    await steward.start();
    await steward.context.setOffline(true);
    await shiftClock(steward.context, -40 * MINUTES);
    const page = steward.page;
    watchFaults(page).forEach((fault) => faults.push(fault));
    await page.goto(`${server.url}/visits/new`);
    await expect(page.getByLabel(t("visits.note"), { exact: true })).toHaveValue("刚说到一半");
    await expectWaitingOffline(page, waiting);
    await page.goto(`${server.url}/rounds?shelf=records`);
    const record = page.getByRole("link", { name: new RegExp(`${ROUND}.*${points.length}/${points.length}`) }).first();
    await expect(record).toBeVisible();
    await record.click();
    await expect(page.locator(".record")).toContainText("泵房立管接头渗水");
    await expect(page.locator(".record a[href^='/tickets/']").first()).toContainText("~");
    await go(page, "frame.nav_tickets");
    await page.getByLabel(t("tickets.search"), { exact: true }).fill("渗水");
    const found = page.locator(".tickets a").filter({ hasText: "~" });
    await expect(found).toHaveCount(1);
    await found.click();
    stewardCode = await ownCode(page);
    await visit(page, "/outbox");
    await expect(page.locator("#waiting + .list .outbox-item, .outbox-item").first()).toBeVisible();
    expect(await page.locator(".outbox-item").count()).toBeGreaterThanOrEqual(2 + points.length + 1 + 2 + 4);
  });

  const supervisor = await (await desk()).newPage();
  const supervisorFaults = watchFaults(supervisor);
  const row = supervisor.getByRole("row").filter({ hasText: "罗马假日" });
  const doneRounds = async () => {
    const badges = await row.locator(".badge.ok").allTextContents();
    const found = badges.map((text) => text.match(new RegExp(`^${t("rounds.state_done")} (\\d+)$`))?.[1]);
    return Number(found.find((count) => count !== undefined) ?? 0);
  };
  let done = 0;

  await test.step("the supervisor has the dashboard open", async () => {
    await signIn(supervisor, server.url, "zhuguan1");
    await expect(supervisor).toHaveURL(/\/dashboard$/);
    // What is as it should be is a number there: so many done, so many due.
    await expect(row).toContainText(t("rounds.state_open"));
    done = await doneRounds();
  });

  let findingTicket = "";
  let callTicket = "";
  const record = async (ticket: string) => (await office.records("ticket")).find((one) => one.id === ticket)!;
  const entry = async (ticket: string, event: string) =>
    (await record(ticket)).timeline.find((one: Record<string, any>) => one.event === event);

  await test.step("signal returns: the phone syncs by itself and the dashboard moves without a reload", async () => {
    await supervisor.evaluate(() => {
      (window as any).sameDocument = true;
    });
    await shiftClockNow(steward.page, 0);
    const began = Date.now();
    await steward.context.setOffline(false);
    await expect.poll(doneRounds, { timeout: 40_000, intervals: [50] }).toBe(done + 1);
    console.log(`back online → round done on the dashboard: ${Date.now() - began} ms`);
    await expectSynced(steward.page);
    console.log(`back online → phone in sync: ${Date.now() - began} ms`);
    await expect(supervisor.locator(".happenings")).not.toHaveCount(0);
    const fresh = (await office.records("ticket")).filter((ticket) => !before.has(ticket.id));
    expect(fresh).toHaveLength(3);
    findingTicket = fresh.find((ticket) => ticket.kind === "finding")!.id;
    callTicket = fresh.find((ticket) => ticket.description === PROBLEM)!.id;
    // What presses, the finding among it, with a clock that runs: for whoever is to be sent there.
    const pressing = supervisor.locator("section.card").filter({ hasText: t("dashboard.pressing") });
    const clock = pressing.locator(`a[href='/tickets/${findingTicket}'] .clock`);
    await expect(clock.locator(".bar")).toHaveCount(1);
    await expect(clock).not.toHaveClass(/still/);
    await expect(clock).toHaveText(pattern("common.left"));
    await expect(supervisor.locator(`a[href='/tickets/${callTicket}']`).first()).toBeVisible();
    expect(await supervisor.evaluate(() => (window as any).sameDocument)).toBe(true);
    // Both pictures of the finding are on the server.
    const arrived = await office.records("blob_arrival");
    const finding = fresh.find((ticket) => ticket.id === findingTicket)!;
    expect(finding.photos).toHaveLength(2);
    for (const photo of finding.photos) {
      expect(arrived.map((blob) => blob.sha256)).toContain(photo.sha256);
    }
    // The owner's words are a ticket of that household, and the visit leads to it.
    const forwarded = fresh.find((ticket) => ticket.description === MET)!;
    const met = (await office.records("visit")).find((one) => one.note === MET)!;
    expect([met.result, met.ticket]).toEqual(["forwarded", forwarded.id]);
    expect([forwarded.category, forwarded.place.unit]).toEqual(["water_supply", met.unit]);
  });

  const technician = await (await phone()).newPage();
  const technicianFaults = watchFaults(technician);
  const job = (ticket: string) => technician.locator(`.tickets a[href^='/tickets/${ticket}']`);

  await test.step("he assigns what she found, and the technician's phone shows the job", async () => {
    await signIn(technician, server.url, "weixiu1");
    await go(technician, "frame.nav_tickets");
    await technician.evaluate(() => {
      (window as any).sameDocument = true;
    });
    await supervisor.locator(`a[href='/tickets/${findingTicket}']`).first().click();
    const began = Date.now();
    await assign(supervisor, "李国强");
    await expect(job(findingTicket)).toBeVisible();
    console.log(`assigned → on the technician's phone: ${Date.now() - began} ms`);
    // The leak that a household does not pay for goes to him, too.
    const to = await userOf(server.url, "weixiu1");
    await office.apply(office.project, [{ kind: "tickets.assign", payload: { ticket: callTicket, to } }]);
    await expect(job(callTicket)).toBeVisible();
    expect(await technician.evaluate(() => (window as any).sameDocument)).toBe(true);
  });

  let technicianCode = "";

  await test.step("without signal he accepts, starts and completes both, signed by whoever saw it", async () => {
    await technician.context().setOffline(true);
    // He is back only after a while: what is recorded now arrives that much later.
    await shiftClockNow(technician, -25 * MINUTES);
    for (const [ticket, action, signedBy, state] of [
      [findingTicket, "紧固立管接头,观察十分钟无渗漏", "林晓梅", "tickets.state_done"],
      [callTicket, "更换水槽下水接头,试水十分钟无渗漏", "张女士", "tickets.state_return_visit"],
    ]) {
      await go(technician, "frame.nav_tickets");
      await job(ticket).click();
      await move(technician, "accept");
      await move(technician, "start");
      await button(technician, "tickets.move_complete").click();
      // In somebody's home the checklist comes first.
      await expect(technician.locator("#conduct")).toHaveCount(ticket === callTicket ? 1 : 0);
      await fillCompletion(technician, {
        cause: "tickets.cause_loose_joint",
        action,
        lines: ["tickets.price_angle_valve", "tickets.price_labour_hour"],
        signedBy,
      });
      await expect(technician.locator(".total")).toContainText("¥");
      await submitCompletion(technician);
      await expect(technician.locator("main .badge").filter({ hasText: t(state) })).toBeVisible();
    }
    // Two jobs of three moves, two photos and a signature each.
    expect(await waitingOffline(technician)).toBeGreaterThanOrEqual(2 * (3 + 3));
    technicianCode = await ownCode(technician);
  });

  await test.step("back online, it is done in the office, too: who, on which phone, when, and what", async () => {
    await visit(supervisor, "/dashboard");
    await expect(row).toContainText(t("rounds.state_done"));
    await shiftClockNow(technician, 0);
    const began = Date.now();
    await technician.context().setOffline(false);
    const news = supervisor.locator(".happening").filter({ hasText: "李国强" });
    await expect(news.filter({ hasText: t("dashboard.did_tickets_complete") }).first()).toBeVisible({ timeout: 40_000 });
    console.log(`technician back online → on the dashboard: ${Date.now() - began} ms`);
    await expectSynced(technician);
    await news.locator(`a[href='/tickets/${findingTicket}']`).first().click();
    for (const [event, who] of [
      [t("tickets.event_opened"), "林晓梅"],
      [t("tickets.event_assigned", { name: "李国强" }), "林志远"],
      [t("tickets.event_accepted"), "李国强"],
      [t("tickets.event_started"), "李国强"],
      [t("tickets.event_completed"), "李国强"],
    ]) {
      await expect(history(supervisor, event, who)).toHaveCount(1);
    }
    // Recorded in the basement, arrived much later: both times are there, and the phone.
    const [opened, completed] = [await entry(findingTicket, "opened"), await entry(findingTicket, "completed")];
    expect(opened.received - opened.at).toBeGreaterThan(30 * MINUTES);
    expect(completed.received - completed.at).toBeGreaterThan(20 * MINUTES);
    await expectOffline(history(supervisor, t("tickets.event_opened"), "林晓梅"), stewardCode, opened);
    await expectOffline(history(supervisor, t("tickets.event_completed"), "李国强"), technicianCode, completed);
    // What the office did there and then has no second time.
    const assigned = history(supervisor, t("tickets.event_assigned", { name: "李国强" }), "林志远");
    await expect(assigned.locator(".when span")).toHaveCount(0);
    await expect(supervisor.locator("main")).toContainText("紧固立管接头");
    await expect(supervisor.locator(".job-lines tfoot")).toContainText("¥");
    await expect(supervisor.locator("main .photo img, main .photos img").first()).toBeVisible();
  });

  await test.step("she asks the customer and closes both, and the office sees it", async () => {
    const page = steward.page;
    await visit(page, `/tickets/${callTicket}`);
    await returnVisit(page, true, 5, "业主说不漏了,本周缴费");
    await visit(page, `/tickets/${findingTicket}`);
    await answer(page, "close", async (sheet) => {
      await sheet.getByLabel(t("common.note"), { exact: true }).fill("复查地面已干");
    });
    await expectSynced(page);
    const state = supervisor.locator("main .badge").filter({ hasText: t("tickets.state_closed") });
    await expect(state.first()).toBeVisible();
    await expect(history(supervisor, t("tickets.event_closed"), "林晓梅")).toContainText("复查地面已干");
    await visit(supervisor, `/tickets/${callTicket}`);
    await expect(state.first()).toBeVisible();
    await expect(history(supervisor, t("tickets.event_solved", { score: 5 }), "林晓梅")).toContainText("本周缴费");
    await expectOffline(
      history(supervisor, t("tickets.event_completed"), "李国强"),
      technicianCode,
      await entry(callTicket, "completed"),
    );
    await expect(supervisor.locator("main")).toContainText("张女士");
    expect((await record(callTicket)).completion.conduct).toHaveLength(10);
  });

  await test.step("the server's log is sound", async () => {
    await server.stop();
    server.verify();
    await server.start();
  });
  expect([...faults, ...supervisorFaults, ...technicianFaults]).toEqual([]);
  await steward.switchOff();
});
