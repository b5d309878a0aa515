// Two technicians close the same job, each on a phone of their own. Nothing of either is lost; a person decides.

import { Client, userOf } from "../support/api.ts";
import { clusterOf, openTicket } from "../support/demo.ts";
import { expect, test } from "../support/fixtures.ts";
import {
  badge,
  button,
  expectSynced,
  fillCompletion,
  go,
  move,
  sheet,
  signIn,
  submitCompletion,
  visit,
} from "../support/pages.ts";
import { pattern, t } from "../support/texts.ts";

test("a job closed on two phones keeps both completions until the office has decided", async ({
  server,
  phone,
  desk,
}) => {
  const office = await Client.signIn(server.url, "zhuguan1");
  const [worker, other] = [await userOf(server.url, "weixiu1"), await userOf(server.url, "weixiu2")];
  const { ticket, payload } = openTicket(await clusterOf(office, "B"), { place: { label: "5 栋地下水表间" } });
  await office.apply(office.project, [
    { kind: "tickets.open", payload },
    { kind: "tickets.assign", payload: { ticket, to: worker } },
  ]);
  const address = `/tickets/${ticket}`;

  const first = await (await phone()).newPage();
  const second = await (await phone()).newPage();

  await test.step("the first one has begun and is in the shaft", async () => {
    await signIn(first, server.url, "weixiu1");
    await visit(first, address);
    await move(first, "accept");
    await move(first, "start");
    await expectSynced(first);
    await first.context().setOffline(true);
    await button(first, "tickets.move_complete").click();
    await fillCompletion(first, { action: "第一位:更换阀芯", unsigned: "公共部位" });
  });

  await test.step("meanwhile the office gives it to the second one, who finishes it", async () => {
    await office.apply(office.project, [{ kind: "tickets.assign", payload: { ticket, to: other } }]);
    await signIn(second, server.url, "weixiu2");
    await go(second, "frame.nav_tickets");
    await second.locator(`.tickets a[href^='${address}']`).click();
    await move(second, "accept");
    await move(second, "start");
    await button(second, "tickets.move_complete").click();
    await fillCompletion(second, { action: "第二位:紧固接头", unsigned: "公共部位" });
    await submitCompletion(second);
    await expectSynced(second);
  });

  await test.step("the first one finishes it, too, and hears of it when the signal is back", async () => {
    await submitCompletion(first);
    await expect(badge(first)).toHaveText(/离线/);
    await first.context().setOffline(false);
    await expect(badge(first)).toHaveText(t("frame.badge_attention", { n: 1 }), { timeout: 40_000 });
    await badge(first).click();
    await expect(first.locator(".outbox-item.late")).toHaveCount(1);
    await expect(first.locator(".outbox-reason")).toHaveText(
      new RegExp(
        [t("refusals.tickets_finished_elsewhere"), t("refusals.tickets_reassigned_elsewhere")]
          .map((text) => text.slice(0, 8))
          .join("|"),
      ),
    );
  });

  await test.step("both are on the ticket, the photos of both, too", async () => {
    const record = (await office.records("ticket")).find((one) => one.id === ticket)!;
    expect(record.conflicts).toBe(1);
    expect(record.completion.action).toBe("第二位:紧固接头");
    const again = record.timeline.find((entry: any) => entry.event === "completed_again");
    expect(again.completion.action).toBe("第一位:更换阀芯");
    expect(again.conflict).toBe(true);
    const arrived = (await office.records("blob_arrival")).map((blob) => blob.sha256);
    for (const photo of [...record.completion.attachments, ...again.completion.attachments]) {
      await expect
        .poll(async () => (await office.records("blob_arrival")).map((blob) => blob.sha256))
        .toContain(photo.sha256);
    }
    expect(arrived.length).toBeGreaterThan(0);
  });

  const supervisor = await (await desk()).newPage();
  await test.step("the office sees it, and settles it on the ticket", async () => {
    await signIn(supervisor, server.url, "zhuguan1");
    await visit(supervisor, "/office/attention");
    const entry = supervisor.locator("main li.card").filter({ hasText: "李国强" });
    await expect(entry).toHaveCount(1);
    await entry.getByText(t("attention.recorded")).click();
    await expect(entry.locator("dl.facts")).toContainText("第一位:更换阀芯");
    await entry.getByRole("link", { name: t("attention.decide") }).click();
    await expect(supervisor.locator(".timeline")).toContainText("第一位:更换阀芯");
    await expect(supervisor.locator("main")).toContainText("第二位:紧固接头");
    await expect(supervisor.getByText(pattern("tickets.conflict_notice"))).toBeVisible();
    await button(supervisor, "tickets.settle").click();
    await sheet(supervisor).getByLabel(t("common.note"), { exact: true }).fill("以第二位的处理为准");
    await button(sheet(supervisor), "tickets.settle_done").click();
    await expect(supervisor.getByText(pattern("tickets.conflict_notice"))).toHaveCount(0);
    await expect(supervisor.locator(".timeline")).toContainText("以第二位的处理为准");
    // Settled there is settled here.
    await visit(supervisor, "/office/attention");
    await expect(supervisor.getByText(t("attention.about"))).toBeVisible();
    await expect(supervisor.locator("main li.card").filter({ hasText: "李国强" })).toHaveCount(0);
  });

  await test.step("the first one takes it off the phone", async () => {
    await button(first.locator(".outbox-item"), "outbox.dismiss").click();
    await button(sheet(first), "sync.dismiss").click();
    await expectSynced(first);
  });
});
