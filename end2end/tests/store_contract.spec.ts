// The suite that every local store has to pass, on IndexedDB in a real browser. It needs the app built with the
// feature `contract`; GUANJIA_E2E_CONTRACT names the folder with that build's app.js and app_bg.wasm.

import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../support/env.ts";
import { expect, test } from "../support/fixtures.ts";
import { readyForOffline } from "../support/pages.ts";

const FOLDER = process.env.GUANJIA_E2E_CONTRACT || join(ROOT, "target/contract");

test("the store on IndexedDB keeps the contract of the local store", async ({ server, desk }) => {
  // By hand it may be missing; the test command has built it.
  test.skip(!process.env.GUANJIA_E2E_CONTRACT && !existsSync(join(FOLDER, "app.js")), `no contract build in ${FOLDER}`);
  const site = await server.useOwnSite();
  copyFileSync(join(FOLDER, "app.js"), join(site, "assets/contract.js"));
  copyFileSync(join(FOLDER, "app_bg.wasm"), join(site, "assets/contract.wasm"));
  const page = await (await desk()).newPage();
  // A document of this origin that is not the app.
  await page.goto(`${server.url}/robots.txt`);
  const text = await page.evaluate(async () => {
    const address = "/assets/contract.js";
    const contract = await import(address);
    await contract.default({ module_or_path: "/assets/contract.wasm" });
    return contract.run_store_contract() as Promise<string>;
  });
  const results = JSON.parse(text) as { name: string; error: string | null }[];
  expect(results.length).toBeGreaterThan(10);
  expect(results.filter((result) => result.error !== null)).toEqual([]);
});

test("a database that is deleted under the page is told, not hidden, and the app comes back", async ({
  server,
  phone,
}) => {
  const { signIn, openTicket, expectSynced, badge } = await import("../support/pages.ts");
  const page = await (await phone()).newPage();
  await signIn(page, server.url, "guanjia1");
  // As when the browser closes connections in the background: a version change from elsewhere closes ours.
  const blocked = await page.evaluate(async () => {
    const all = await indexedDB.databases();
    const names = all.map((one) => one.name!).filter((name) => name.startsWith("guanjia"));
    return Promise.all(
      names.map(
        (name) =>
          new Promise<string>((done) => {
            const request = indexedDB.deleteDatabase(name);
            request.onsuccess = () => done("deleted");
            request.onerror = () => done("error");
            request.onblocked = () => done("blocked");
          }),
      ),
    );
  });
  expect(blocked.length).toBeGreaterThan(0);
  await page.reload();
  await readyForOffline(page);
  await expect(badge(page)).toBeVisible();
  await expectSynced(page);
  await openTicket(page, "东门", "清库之后");
  await expectSynced(page);
});
