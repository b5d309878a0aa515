// The promise in the engines of other phones: what a person recorded is there after the battery died, and arrives once.
// An engine that is not installed is not tested, and says so.

import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "../support/api.ts";
import { picture } from "../support/camera.ts";
import { ROUND } from "../support/demo.ts";
import { PHONE, ROOT, run } from "../support/env.ts";
import { expect, test } from "../support/fixtures.ts";
import { type Server, until } from "../support/server.ts";
import { t } from "../support/texts.ts";
import { EnginePhone, type Engine } from "./driver.ts";
import { firefox } from "./firefox.ts";
import { Https } from "./https.ts";
import { expectText, press, pressUntilTold, signIn, take, type, visit } from "./steps.ts";
import { webkit } from "./webkit.ts";

const CONTRACT = process.env.GUANJIA_E2E_CONTRACT || join(ROOT, "target/contract");
const RUN = `import * as contract from "/assets/contract.js";
await contract.default({ module_or_path: "/assets/contract.wasm" });
document.title = await contract.run_store_contract();`;
const NOTE = "电池没电之前记下的";

/** The address of the server for this engine. */
async function addressFor(engine: Engine, server: Server): Promise<string> {
  return engine.encrypted ? (await Https.before(server.port, server.folder)).url : server.url;
}

/** Those of the journey under way. */
const phones: EnginePhone[] = [];

async function switchOn(engine: Engine): Promise<EnginePhone> {
  mkdirSync(join(run(), "profiles"), { recursive: true });
  const phone = new EnginePhone(engine, mkdtempSync(join(run(), "profiles", `${engine.name.toLowerCase()}-`)));
  phones.push(phone);
  await phone.start();
  return phone;
}

test.afterEach(async () => {
  for (const phone of phones.splice(0)) await phone.die();
});

for (const engine of [firefox, webkit]) {
  test.describe(engine.name, () => {
    const missing = engine.missing();
    test.skip(missing.length > 0, `${engine.name} is NOT tested: missing are ${missing.join(", ")}`);

    test(`${engine.name}: what was recorded offline survives a dead battery and is in the log exactly once`, async ({ server }) => {
      const url = await addressFor(engine, server);
      const phone = await switchOn(engine);
      console.log(`in ${phone.version}`);
      const began = Date.now();

      await test.step("she signs in where there is a network, and the phone gets everything", async () => {
        await signIn(phone, url, "guanjia1");
        expect(await phone.run("return [innerWidth, innerHeight];")).toEqual([PHONE.viewport.width, PHONE.viewport.height]);
      });
      await server.stop();
      const before = server.verify();

      await test.step("without one it opens, with what there is to do today", async () => {
        await phone.reload();
        await expectText(phone, ".sync-badge", new RegExp(`^${t("frame.badge_offline")}`));
        await expectText(phone, "main", ROUND);
        expect(await phone.run("return location.pathname;")).toBe("/today");
      });

      const unit = await test.step("she notes a call", async () => {
        await visit(phone, "/fees");
        await press(phone, "main a[href^='/fees/']");
        const called = await until("the household's page", async () => {
          const path = await phone.run<string>("return location.pathname;");
          return /^\/fees\/(.+)$/.exec(path)?.[1];
        });
        await press(phone, "button", t("fees.outcome_no_answer"), t("fees.outcome"));
        await press(phone, ".action-bar button");
        await expectText(phone, ".sync-badge", t("frame.badge_offline_waiting", { n: 1 }));
        return called;
      });

      await test.step("she notes a visit with a photo; no sooner is it saved than the battery is empty", async () => {
        await visit(phone, "/visits/new");
        await type(phone, t("tickets.unit_search"), "2-1-5");
        await press(phone, `[aria-label="${t("tickets.unit_hits")}"] button`);
        await press(phone, "[data-topic=need]");
        await press(phone, "button", t("visits.result_answered"), t("visits.result"));
        await type(phone, t("visits.note"), NOTE);
        await take(phone, t("kit.photo_take", { label: t("visits.photos") }), picture("leak-before"));
        await until("the picture", () => phone.run<boolean>(`return document.querySelector(".photo img")?.naturalWidth > 0;`));
        await pressUntilTold(phone, ".action-bar button", t("common.saved"));
        await phone.die();
      });

      await test.step("charged again, still without a network: everything is there", async () => {
        await phone.start();
        await phone.open(url);
        await expectText(phone, ".sync-badge", t("frame.badge_offline_waiting", { n: 3 }));
        await visit(phone, "/visits");
        await expectText(phone, "main", NOTE);
      });

      await test.step("with a network it goes out by itself", async () => {
        await server.start();
        await expectText(phone, ".sync-badge", t("frame.badge_synced"), 60_000);
        await phone.die();
        expect(phone.complaints()).toEqual([]);
      });

      await test.step("the office has the call, the visit and its photo, each once", async () => {
        const office = await Client.signIn(server.url, "zhuguan1");
        const rows = (await office.pull(office.project)).map(({ k, b }) => ({ kind: k, ...b }) as Record<string, any>);
        const calls = rows.filter((one) => one.kind === "fee_call" && one.at >= began);
        expect(calls.map((one) => [one.unit, one.outcome])).toEqual([[unit, "no_answer"]]);
        const visits = rows.filter((one) => one.kind === "visit" && one.at >= began);
        expect(visits.map((one) => one.note)).toEqual([NOTE]);
        expect(visits[0].attachments).toHaveLength(1);
        const { sha256 } = visits[0].attachments[0];
        expect(rows.filter((one) => one.kind === "blob_arrival" && one.sha256 === sha256)).toHaveLength(1);
        const bytes = Buffer.from(await (await office.ask("GET", `/api/v1/blobs/${sha256}`)).arrayBuffer());
        expect(createHash("sha256").update(bytes).digest("hex")).toBe(sha256);
        await server.stop();
        expect(server.verify().logRows - before.logRows).toBe(3);
      });
    });

    test(`${engine.name}: a page that was left in the middle of writing does not hold up the next one`, async ({ server }) => {
      // WebKit keeps a page that is left, with its unfinished transaction, for going back to it, unless its answer says
      // that it is not to be stored.
      const url = await addressFor(engine, server);
      const phone = await switchOn(engine);
      await signIn(phone, url, "guanjia2");
      for (const address of ["/today", "/more", "/today"]) {
        // As from the service worker, which has it from now on.
        await phone.open(url + address);
        await expectText(phone, ".sync-badge", t("frame.badge_synced"), 15_000);
        await phone.runAsync(`
          const [{ name }] = await indexedDB.databases();
          const opening = indexedDB.open(name);
          await new Promise((done) => opening.addEventListener("success", done));
          const kept = opening.result.transaction(["meta"], "readwrite").objectStore("meta");
          const goOn = () => kept.count().addEventListener("success", goOn);
          goOn();`);
      }
    });

    test(`${engine.name}: the store on IndexedDB keeps the contract of the local store`, async ({ server }) => {
      test.skip(!process.env.GUANJIA_E2E_CONTRACT && !existsSync(join(CONTRACT, "app.js")), `no contract build in ${CONTRACT}`);
      const site = await server.useOwnSite();
      copyFileSync(join(CONTRACT, "app.js"), join(site, "assets/contract.js"));
      copyFileSync(join(CONTRACT, "app_bg.wasm"), join(site, "assets/contract.wasm"));
      // As a file of the site, for a driver's own scripts run beside the page: what is stored there is of another world.
      writeFileSync(join(site, "assets/contract-run.js"), RUN);
      const phone = await switchOn(engine);
      await phone.open(`${await addressFor(engine, server)}/robots.txt`);
      await phone.run(`document.body.append(Object.assign(document.createElement("script"), { type: "module", src: "/assets/contract-run.js" }));`);
      const text = await until("the end of the suite", () => phone.run<string>("return document.title;"), 60_000);
      const results = JSON.parse(text) as { name: string; error: string | null }[];
      expect(results.length).toBeGreaterThan(10);
      expect(results.filter((result) => result.error !== null)).toEqual([]);
    });
  });
}
