// The life of a ticket beyond the plain way: work that waits, a customer who is not content, a ticket that is opened
// again, and one that is declined. Every move through the pages.

import type { Page } from "@playwright/test";
import { Client, userOf } from "../support/api.ts";
import { CLUSTER, clusterOf, local, openTicket } from "../support/demo.ts";
import { expect, test, watchFaults } from "../support/fixtures.ts";
import {
  answer,
  button,
  choice,
  expectSynced,
  fillCompletion,
  go,
  history,
  move,
  returnVisit,
  sheet,
  signIn,
  submitCompletion,
  visit,
  waitingOffline,
} from "../support/pages.ts";
import { t } from "../support/texts.ts";

const DAY = 86_400_000;

/** The ticket's state as its page says it. */
async function expectState(page: Page, state: string): Promise<void> {
  const facts = page.getByRole("region", { name: t("tickets.facts"), exact: true });
  await expect(facts.locator(".badge").filter({ hasText: t(`tickets.state_${state}`) })).toBeVisible();
}

test("a job waits for parts and goes on without signal, is found wanting, done again, closed, and opened again", async ({
  server,
  phone,
  desk,
}) => {
  test.setTimeout(240_000);
  const office = await Client.signIn(server.url, "kefu1");
  const chief = await Client.signIn(server.url, "zhuguan1");
  const { ticket, payload } = openTicket(await clusterOf(office, CLUSTER), {
    place: { label: "2 栋大堂吊顶" },
    contact: { name: "刘女士", phone: "13800000207" },
  });
  const record = async () => (await chief.records("ticket")).find((one) => one.id === ticket)!;
  await office.apply(office.project, [{ kind: "tickets.open", payload }]);
  await chief.apply(chief.project, [
    { kind: "tickets.assign", payload: { ticket, to: await userOf(server.url, "weixiu2") } },
  ]);
  const address = `/tickets/${ticket}`;
  const waiting = t("tickets.event_waiting", { reason: t("tickets.wait_parts") });
  const worker = await (await phone()).newPage();
  const page = await (await desk()).newPage();
  const faults = [watchFaults(worker), watchFaults(page)];
  const job = worker.locator(`.tickets a[href^='${address}']`);
  const clock = worker.getByRole("region", { name: t("tickets.facts"), exact: true }).locator(".clock").first();

  await test.step("without signal he accepts, starts, and finds that parts are missing", async () => {
    await signIn(worker, server.url, "weixiu2");
    await worker.context().setOffline(true);
    await go(worker, "frame.nav_tickets");
    await job.click();
    await expectState(worker, "assigned");
    await move(worker, "accept");
    await expectState(worker, "accepted");
    await move(worker, "start");
    await expectState(worker, "in_progress");
    await answer(worker, "wait", async (sheet) => {
      const confirm = sheet.getByRole("button", { name: t("tickets.confirm", { move: t("tickets.move_wait") }) });
      await choice(sheet, "tickets.waits_for", "tickets.wait_parts").click();
      // Waiting without an end would hide that a limit is broken.
      await expect(confirm).toBeDisabled();
      await choice(sheet, "tickets.wait_until", "tickets.until_tomorrow").click();
      const until = `${local(Date.now() + DAY).date}T09:00`;
      const field = sheet.getByLabel(t("tickets.wait_until"), { exact: true }).and(sheet.locator("input"));
      await expect(field).toHaveValue(until);
      await sheet.getByLabel(t("common.note"), { exact: true }).fill("等 DN25 活接");
    });
    await expectState(worker, "waiting");
    await expect(clock).toHaveClass(/still/);
    await expect(worker.locator("dl.facts")).toContainText(t("tickets.wait_parts"));
  });

  await test.step("the page is gone and comes back, still without signal; the parts are there, he finishes", async () => {
    await worker.goto(server.url + address);
    await expectState(worker, "waiting");
    await expect(history(worker, waiting, "张志明")).toContainText("DN25");
    await move(worker, "resume");
    await expectState(worker, "in_progress");
    await expect(clock).not.toHaveClass(/still/);
    await button(worker, "tickets.move_complete").click();
    await fillCompletion(worker, { action: "更换活接", lines: ["tickets.price_labour_hour"], signedBy: "刘女士" });
    await submitCompletion(worker);
    await expectState(worker, "return_visit");
    // Five moves, two photos, a signature.
    expect(await waitingOffline(worker)).toBe(5 + 3);
  });

  await test.step("back online the office has every step of it", async () => {
    await signIn(page, server.url, "zhuguan1");
    await visit(page, address);
    await worker.context().setOffline(false);
    await expectSynced(worker);
    await expectState(page, "return_visit");
    for (const event of [
      t("tickets.event_accepted"),
      t("tickets.event_started"),
      waiting,
      t("tickets.event_resumed"),
      t("tickets.event_completed"),
    ]) {
      await expect(history(page, event, "张志明")).toHaveCount(1);
    }
  });

  await test.step("the customer says that it is not solved: the work is his again", async () => {
    await returnVisit(page, false, 2, "还在滴水");
    await expectState(page, "assigned");
    await expect(history(page, t("tickets.event_unsolved", { score: 2 }), "林志远")).toContainText("还在滴水");
    await go(worker, "frame.nav_tickets");
    await job.click();
    await expectState(worker, "assigned");
    await expect(clock).not.toHaveClass(/still/);
    await expect(worker.locator(".timeline")).toContainText("还在滴水");
    await move(worker, "accept");
    await move(worker, "start");
    await button(worker, "tickets.move_complete").click();
    await fillCompletion(worker, { action: "重做防水,闭水试验合格", signedBy: "刘女士" });
    await submitCompletion(worker);
    await expectSynced(worker);
  });

  await test.step("asked once more, it is solved, and both completions are there", async () => {
    await expectState(page, "return_visit");
    await returnVisit(page, true, 5);
    await expectState(page, "closed");
    await expect(page.locator("main")).toContainText("重做防水");
    await expect(page.getByRole("heading", { name: t("tickets.completion_earlier") })).toHaveCount(1);
    await expect(page.locator("main")).toContainText("更换活接");
  });

  await test.step("weeks later it drips again: opened again for a reason, it goes to whoever did it", async () => {
    await answer(page, "reopen", async (sheet) => {
      const confirm = sheet.getByRole("button", { name: t("tickets.confirm", { move: t("tickets.move_reopen") }) });
      await expect(confirm).toBeDisabled();
      await sheet.getByLabel(t("tickets.reopen_reason"), { exact: true }).fill("同一处再次渗水");
    });
    await expectState(page, "assigned");
    await expect(history(page, t("tickets.event_reopened"), "林志远")).toContainText("同一处再次渗水");
    await expect(page.locator("dl.facts").first()).toContainText(t("tickets.reopened_times", { n: 2 }));
    await go(worker, "frame.nav_tickets");
    await expect(job).toBeVisible();
    const after = await record();
    expect([after.state.name, after.reopened, after.earlier.length, after.conflicts]).toEqual(["assigned", 2, 1, 0]);
    expect(after.timeline.map((entry: any) => entry.event)).toEqual([
      "opened",
      "assigned",
      "accepted",
      "started",
      "waiting",
      "resumed",
      "completed",
      "return_visited",
      "accepted",
      "started",
      "completed",
      "return_visited",
      "reopened",
    ]);
  });
  expect(faults.flat()).toEqual([]);
});

test("a ticket that is declined says why, on the phone of whoever reported it, too", async ({ server, phone, desk }) => {
  const steward = await Client.signIn(server.url, "guanjia3");
  const { ticket, payload } = openTicket(await clusterOf(steward, "C"), {
    kind: "request",
    category: "other_service",
    place: { label: "C 区东侧空地" },
    contact: { name: "何先生", phone: "" },
    description: "希望加装篮球架",
  });
  await steward.apply(steward.project, [{ kind: "tickets.open", payload }]);
  const address = `/tickets/${ticket}`;
  const reporter = await (await phone()).newPage();
  await signIn(reporter, server.url, "guanjia3");
  await visit(reporter, address);
  await expectState(reporter, "received");
  // It is not hers to decline.
  await expect(button(reporter, "tickets.move_decline")).toHaveCount(0);

  const page = await (await desk()).newPage();
  await signIn(page, server.url, "zhuguan1");
  await visit(page, address);
  const why = "该处为消防登高面,不能设置固定设施";
  await button(page, "tickets.move_decline").click();
  // Nobody is turned away without a word.
  await expect(sheet(page).getByText(t("tickets.lack_explanation"))).toBeVisible();
  await sheet(page).getByRole("button", { name: t("frame.close"), exact: true }).click();
  await answer(page, "decline", async (sheet) => {
    await sheet.getByLabel(t("tickets.explanation"), { exact: true }).fill(why);
  });
  await expectState(page, "declined");
  await expect(history(page, t("tickets.event_declined"), "林志远")).toContainText(why);

  await expectState(reporter, "declined");
  await expect(reporter.locator(".timeline")).toContainText(why);
  const record = (await steward.records("ticket")).find((one) => one.id === ticket)!;
  expect(record.state.name).toBe("declined");
});
