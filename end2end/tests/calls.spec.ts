// Fee calls: a number that turns out to be somebody else's; a promise that is not kept.

import { Client } from "../support/api.ts";
import { shiftClock } from "../support/clock.ts";
import { CLUSTER, clusterOf, local, nextFriday } from "../support/demo.ts";
import { expect, test, watchFaults } from "../support/fixtures.ts";
import { button, choice, expectSynced, expectWaitingOffline, noteCall, signIn, visit } from "../support/pages.ts";
import { t } from "../support/texts.ts";

test("a wrong number is noted, marked, and the next person of the household offered", async ({ server, phone }) => {
  const office = await Client.signIn(server.url, "zhuguan1");
  const cluster = await clusterOf(office, CLUSTER);
  const owing = new Set((await office.records("arrears")).filter((one) => one.owed > 0).map((one) => one.unit));
  const called = new Set((await office.records("fee_call")).filter((one) => one.dialled).map((one) => one.unit));
  const household = (await office.records("household")).find(
    (one) =>
      one.cluster === cluster &&
      owing.has(one.id) &&
      !called.has(one.id) &&
      new Set(one.contacts.map((contact: any) => contact.phone).filter(Boolean)).size > 1,
  )!;
  const nameOf = (phone: string) => household.contacts.find((contact: any) => contact.phone === phone).name as string;

  const context = await phone();
  const page = await context.newPage();
  // The dialler: without one Chromium asks, in a window of its own that takes every further press.
  await page.addInitScript(() => {
    window.addEventListener("click", (event) => {
      if ((event.target as Element).closest("a[href^='tel:']")) event.preventDefault();
    });
  });
  const faults = watchFaults(page);
  await signIn(page, server.url, "guanjia1");
  await context.setOffline(true);
  const address = `/fees/${household.id}`;
  await visit(page, address);
  const people = page.locator("a[href^='tel:']");
  const numbers = await people.evaluateAll((links) => links.map((link) => link.getAttribute("href")!.slice(4)));
  const [wrong, right] = numbers;
  const other = page.getByRole("button", { name: t("fees.other_contact", { name: nameOf(right) }) });

  await test.step("she has dialled the first one, and somebody else answers", async () => {
    await people.first().click();
    await expect(page.getByText(t("fees.just_dialled", { name: nameOf(wrong) }))).toBeVisible();
    await choice(page, "fees.outcome", "fees.outcome_no_answer").click();
    await expect(other).toHaveCount(0);
    await choice(page, "fees.outcome", "fees.outcome_wrong_number").click();
    await expect(other).toBeVisible();
  });

  await test.step("one tap notes it and stays with the household: the next person is first now", async () => {
    await other.click();
    await expectWaitingOffline(page, 1);
    await expect(people.first()).toHaveAttribute("href", `tel:${right}`);
    await expect(people.first()).not.toContainText(t("fees.wrong_mark"));
    await expect(people.last()).toHaveAttribute("href", `tel:${wrong}`);
    await expect(people.last()).toContainText(t("fees.wrong_mark"));
    expect(new URL(page.url()).pathname).toBe(address);
    // The form is for the next call: nothing of the one before is chosen.
    await expect(button(page, "fees.choose_outcome")).toBeDisabled();
  });

  await test.step("that one is reached and promises", async () => {
    await people.first().click();
    await noteCall(page, { outcome: "connected", promised: nextFriday() });
    await expectWaitingOffline(page, 2);
  });

  await test.step("the number is still marked when the page is opened anew", async () => {
    await page.goto(server.url + address);
    await expect(people.last()).toContainText(t("fees.wrong_mark"));
    await expect(page.locator(".call-record tbody tr").first()).toContainText(t("fees.outcome_connected"));
  });

  await test.step("the office has both calls, each with the number that was dialled", async () => {
    await context.setOffline(false);
    await expectSynced(page);
    const calls = (await office.records("fee_call")).filter((one) => one.unit === household.id && one.dialled);
    calls.sort((a, b) => a.at - b.at);
    expect(calls.map((call) => [call.outcome, call.dialled])).toEqual([
      ["wrong_number", wrong],
      ["connected", right],
    ]);
  });
  expect(faults).toEqual([]);
});

const DAY = 86_400_000;

test("a promise whose day has passed puts the household back among the broken ones, on her phone and in the office", async ({
  server,
  phone,
  desk,
}) => {
  const office = await Client.signIn(server.url, "zhuguan1");
  const context = await phone();
  const page = await context.newPage();
  const faults = watchFaults(page);
  const broken = page.locator("section[aria-labelledby='broken'] a.call-line");
  await signIn(page, server.url, "guanjia2");
  const promised = local(Date.now() - DAY).date;
  let unit = "";
  const line = () => page.locator(`section[aria-labelledby='broken'] a[href^='/fees/${unit}']`);

  await test.step("the day before yesterday, without signal, she calls one who had promised and not paid", async () => {
    await context.setOffline(true);
    await shiftClock(context, -2 * DAY);
    await page.goto(`${server.url}/fees`);
    unit = (await broken.first().getAttribute("href"))!.split("/")[2];
    await expect(line()).toContainText(t("fees.why_broken"));
    await line().click();
    await noteCall(page, { outcome: "connected", promised, reason: "no_time" });
    await visit(page, "/fees");
    await expect(page.locator(".call-phase")).toBeVisible();
    await expect(line()).toHaveCount(0);
  });

  await test.step("on the promised day itself there is nothing to reproach anybody with", async () => {
    await shiftClock(context, -DAY);
    await page.goto(`${server.url}/fees`);
    const due = page.locator(`section[aria-labelledby='due'] a[href^='/fees/${unit}']`);
    await expect(due).toContainText(t("fees.why_due"));
    await expect(line()).toHaveCount(0);
  });

  await test.step("that day has passed, she still has no signal: the household is back, with what it said", async () => {
    await shiftClock(context, 0);
    await page.goto(`${server.url}/fees`);
    await expect(line()).toContainText(t("fees.why_broken"));
    const [, month, day] = promised.split("-").map(Number);
    await expect(line()).toContainText(t("fees.broken", { date: `${month}月${day}日` }));
    await line().click();
    await expect(page.locator(".call-record tbody tr").first()).toContainText(t("fees.outcome_connected"));
  });

  await test.step("the office has the call of that day, and the same household among its own", async () => {
    await expectWaitingOffline(page, 1);
    await context.setOffline(false);
    await expectSynced(page);
    const calls = (await office.records("fee_call")).filter((one) => one.unit === unit);
    const last = calls.sort((a, b) => a.at - b.at).at(-1)!;
    expect([last.outcome, last.promised]).toEqual(["connected", promised]);
    expect(Math.abs(last.at - (Date.now() - 2 * DAY))).toBeLessThan(600_000);
    const cashier = await (await desk()).newPage();
    await signIn(cashier, server.url, "caiwu1");
    await visit(cashier, "/fees");
    const there = cashier.locator(`section[aria-labelledby='broken'] a[href^='/fees/${unit}']`);
    await expect(there).toContainText(t("fees.why_broken"));
  });
  expect(faults).toEqual([]);
});
