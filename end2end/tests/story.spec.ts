// A day, from the basement to the dashboard: a steward's phone without signal, whose battery dies; the office that
// sees it all the moment she is back; a technician who does the job without signal, too.

import { Client } from "../support/api.ts";
import { shiftClock, shiftClockNow } from "../support/clock.ts";
import { printedCodes } from "../support/codes.ts";
import { clusterOf, nextFriday, ROUND, TEMPLATE } from "../support/demo.ts";
import { expect, test, watchFaults } from "../support/fixtures.ts";
import {
  assign,
  badge,
  button,
  choice,
  expectSynced,
  expectWaitingOffline,
  fillCompletion,
  finishRound,
  go,
  move,
  noteCall,
  pickUnit,
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
const MINUTES = 60_000;

test("a day without signal reaches the office complete, and comes back as finished work", async ({
  server,
  phone,
  desk,
}) => {
  test.setTimeout(300_000);
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
        await test.step("on the stairs she meets an owner", async () => {
          await page.getByRole("link", { name: t("rounds.met_somebody") }).click();
          await pickUnit(page, "2-1-5");
          await page.locator('[data-topic="need"]').click();
          await page.getByLabel(t("visits.note"), { exact: true }).fill("楼道遇到业主,询问充电桩安装进度");
          await choice(page, "visits.result", "visits.result_answered").click();
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
    // Start and finish, seven points, a ticket, a visit, three calls, their ticket; and the pictures.
    expect(waiting).toBeGreaterThanOrEqual(2 + points.length + 1 + 1 + 3 + 1 + 3);
    await visit(page, "/visits/new");
    await page.getByLabel(t("visits.note"), { exact: true }).fill("刚说到一半");
    await expect
      .poll(() =>
        page.evaluate(
          () =>
            new Promise<boolean>((found) => {
              void indexedDB.databases().then((all) => {
                const open = indexedDB.open(all.find((one) => one.name?.startsWith("guanjia"))!.name!);
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
    await expect(page.locator(".tickets a").filter({ hasText: "~" })).toHaveCount(1);
    await visit(page, "/outbox");
    await expect(page.locator("#waiting + .list .outbox-item, .outbox-item").first()).toBeVisible();
    expect(await page.locator(".outbox-item").count()).toBeGreaterThanOrEqual(2 + points.length + 1 + 1 + 3 + 1);
  });

  const supervisor = await (await desk()).newPage();
  const supervisorFaults = watchFaults(supervisor);
  const row = supervisor.getByRole("row").filter({ hasText: "罗马假日" });

  await test.step("the supervisor has the dashboard open", async () => {
    await signIn(supervisor, server.url, "zhuguan1");
    await expect(supervisor).toHaveURL(/\/dashboard$/);
    await expect(row).toContainText(ROUND);
    await expect(row).not.toContainText(`${ROUND} ${t("rounds.state_done")}`);
  });

  let findingTicket = "";
  let callTicket = "";

  await test.step("signal returns: the phone syncs by itself and the dashboard moves without a reload", async () => {
    await supervisor.evaluate(() => {
      (window as any).sameDocument = true;
    });
    await shiftClockNow(steward.page, 0);
    const began = Date.now();
    await steward.context.setOffline(false);
    await expect(row).toContainText(`${ROUND} ${t("rounds.state_done")}`, { timeout: 40_000 });
    console.log(`back online → round done on the dashboard: ${Date.now() - began} ms`);
    await expectSynced(steward.page);
    console.log(`back online → phone in sync: ${Date.now() - began} ms`);
    await expect(supervisor.locator(".happenings")).not.toHaveCount(0);
    expect(await supervisor.evaluate(() => (window as any).sameDocument)).toBe(true);
    const fresh = (await office.records("ticket")).filter((ticket) => !before.has(ticket.id));
    expect(fresh).toHaveLength(2);
    findingTicket = fresh.find((ticket) => ticket.kind === "finding")!.id;
    callTicket = fresh.find((ticket) => ticket.description === PROBLEM)!.id;
    await expect(supervisor.locator(`a[href='/tickets/${findingTicket}']`).first()).toBeVisible();
    await expect(supervisor.locator(`a[href='/tickets/${callTicket}']`).first()).toBeVisible();
    // Both pictures of the finding are on the server.
    const arrived = await office.records("blob_arrival");
    const finding = fresh.find((ticket) => ticket.id === findingTicket)!;
    expect(finding.photos).toHaveLength(2);
    for (const photo of finding.photos) {
      expect(arrived.map((blob) => blob.sha256)).toContain(photo.sha256);
    }
  });

  const technician = await (await phone()).newPage();
  const technicianFaults = watchFaults(technician);
  const job = technician.locator(`.tickets a[href^='/tickets/${callTicket}']`);

  await test.step("he assigns the leak, and the technician's phone shows the job", async () => {
    await signIn(technician, server.url, "weixiu1");
    await go(technician, "frame.nav_tickets");
    await technician.evaluate(() => {
      (window as any).sameDocument = true;
    });
    await supervisor.locator(`a[href='/tickets/${callTicket}']`).first().click();
    const began = Date.now();
    await assign(supervisor, "李国强");
    await expect(job).toBeVisible();
    console.log(`assigned → on the technician's phone: ${Date.now() - began} ms`);
    expect(await technician.evaluate(() => (window as any).sameDocument)).toBe(true);
  });

  await test.step("without signal the technician accepts, starts and completes it, signed by the customer", async () => {
    await technician.context().setOffline(true);
    await job.click();
    await move(technician, "accept");
    await move(technician, "start");
    await button(technician, "tickets.move_complete").click();
    await fillCompletion(technician, {
      cause: "tickets.cause_loose_joint",
      action: "更换水槽下水接头,试水十分钟无渗漏",
      lines: ["tickets.price_angle_valve", "tickets.price_labour_hour"],
      signedBy: "张女士",
    });
    await expect(technician.locator(".total")).toContainText("¥");
    await submitCompletion(technician);
    await expect(technician.locator("main")).toContainText(t("tickets.state_return_visit"));
    expect(await waitingOffline(technician)).toBeGreaterThanOrEqual(3 + 3);
  });

  await test.step("back online, the job is closed in the office, too, with who, when and what", async () => {
    await visit(supervisor, "/dashboard");
    await expect(row).toContainText(ROUND);
    const began = Date.now();
    await technician.context().setOffline(false);
    const news = supervisor.locator(".happening").filter({ hasText: "李国强" });
    await expect(news.filter({ hasText: t("dashboard.did_tickets_complete") }).first()).toBeVisible({ timeout: 40_000 });
    console.log(`technician back online → on the dashboard: ${Date.now() - began} ms`);
    await expectSynced(technician);
    await news.locator(`a[href='/tickets/${callTicket}']`).first().click();
    const timeline = supervisor.locator(".timeline");
    for (const [event, who] of [
      ["tickets.event_opened", "林晓梅"],
      ["tickets.event_accepted", "李国强"],
      ["tickets.event_started", "李国强"],
      ["tickets.event_completed", "李国强"],
    ]) {
      await expect(timeline.locator("li").filter({ hasText: t(event) }).filter({ hasText: who })).not.toHaveCount(0);
    }
    // Recorded in the basement, arrived much later: both times are there.
    const opened = timeline.locator("li").filter({ hasText: t("tickets.event_opened") });
    await expect(opened.locator(".when span")).toHaveText(pattern("kit.timeline_offline"));
    await expect(supervisor.locator("main")).toContainText("张女士");
    await expect(supervisor.locator("main")).toContainText("更换水槽下水接头");
  });

  await test.step("the server's log is sound", async () => {
    await server.stop();
    server.verify();
    await server.start();
  });
  expect([...faults, ...supervisorFaults, ...technicianFaults]).toEqual([]);
  await steward.switchOff();
});
