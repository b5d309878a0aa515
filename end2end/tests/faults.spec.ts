// Real faults: the server killed around its commits, a disk that is full, a network that stalls, cuts and loses.
// Afterwards the ledger is audited. `make faults` does the same for a quarter of an hour (GUANJIA_KILLS).

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { Client } from "../support/api.ts";
import { run } from "../support/env.ts";
import { expect, test } from "../support/fixtures.ts";
import { Recorder, reckon } from "../support/ledger.ts";
import { FAULTS, FaultyNetwork } from "../support/proxy.ts";
import { Postgres } from "../support/postgres.ts";
import { Server } from "../support/server.ts";

const KILLS = Number(process.env.GUANJIA_KILLS || 30);
const PEOPLE = ["guanjia1", "guanjia2", "guanjia3", "guanjia4", "guanjia5"];

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Its log's length, and people who are signed in. */
async function scene(server: Server): Promise<{ server: Server; before: number; people: Recorder[] }> {
  await server.stop();
  const { logRows: before } = server.verify();
  await server.start();
  const people: Recorder[] = [];
  for (const account of PEOPLE) people.push(await Recorder.of(server.url, account));
  return { server, before, people };
}

test(`killed ${KILLS} times around its commits, the server has what it acknowledged, once`, async () => {
  test.setTimeout(60_000 + KILLS * 3_000);
  const { server, before, people } = await scene(await Server.onCopy("kills"));
  let goesOn = true;
  const work = people.map((one) => one.work(server.url, () => goesOn));
  const pushes = () => people.reduce((sum, one) => sum + one.pushes, 0);
  let kills = 0;
  try {
    while (kills < KILLS) {
      // From the first request after the start to the middle of a stretch of commits.
      const answered = pushes() + Math.floor(Math.random() * 6);
      while (pushes() < answered) await pause(1);
      await pause(Math.random() * 25);
      await server.kill();
      kills += 1;
      await server.start();
    }
  } finally {
    goesOn = false;
  }
  await Promise.all(work);
  const { commands, failures, wrong } = await reckon(server, people, before);
  console.log(`${kills} kills: ${commands} commands in ${pushes()} pushes, ${failures} tries came to nothing`);
  expect(wrong).toEqual([]);
  // It was in the middle of something.
  expect(failures).toBeGreaterThan(kills / 4);
  expect(commands).toBeGreaterThan(kills);
  await server.remove();
});

test("PostgreSQL killed under the server: the same", async () => {
  test.skip(!Postgres.isInstalled(), "PostgreSQL is not installed");
  const kills = Math.ceil(KILLS / 10);
  test.setTimeout(180_000 + kills * 10_000);
  const postgres = await Postgres.start();
  const made = await Server.fresh(join(run(), "servers", "postgres-killed"), join(run(), "site"), postgres.url);
  // What the product itself still writes about the demo's photos is none of the commands that are counted.
  const watching = await Client.signIn(made.url, "guanjia1");
  let rested = 0;
  for (let last = -1; rested < 20; await pause(100)) {
    const { head } = await watching.json<{ head: number }>(`/api/v1/sync/pull?scope=${watching.project}&limit=1`);
    rested = head === last ? rested + 1 : 0;
    last = head;
  }
  const { server, before, people } = await scene(made);
  let goesOn = true;
  const work = people.map((one) => one.work(server.url, () => goesOn));
  const pushes = () => people.reduce((sum, one) => sum + one.pushes, 0);
  for (let killed = 0; killed < kills; killed += 1) {
    const answered = pushes() + Math.floor(Math.random() * 40);
    while (pushes() < answered) await pause(1);
    await postgres.kill();
    // Nobody restarts the server for it; it answers, and says that it cannot.
    expect((await fetch(`${server.url}/healthz`)).ok).toBe(true);
    postgres.again();
  }
  goesOn = false;
  await Promise.all(work);
  const { commands, failures, wrong } = await reckon(server, people, before);
  console.log(`${kills} kills: ${commands} commands, ${failures} tries came to nothing`);
  expect(wrong).toEqual([]);
  expect(failures).toBeGreaterThan(0);
  await server.remove();
  postgres.remove();
});

test("over a network that stalls, cuts and loses answers, nothing is lost and nothing comes twice", async () => {
  test.setTimeout(180_000);
  const { server, before, people } = await scene(await Server.onCopy("network"));
  const network = await FaultyNetwork.before(server.port);
  const end = Date.now() + Math.max(15_000, KILLS * 100);
  const goesOn = () => Date.now() < end || FAULTS.some((fault) => !network.happened.has(fault));
  await Promise.all(people.map((one) => one.work(network.url, goesOn)));
  await network.end();
  const { commands, failures, wrong } = await reckon(server, people, before);
  console.log(`${commands} commands, ${failures} tries came to nothing: ${JSON.stringify([...network.happened])}`);
  expect(wrong).toEqual([]);
  for (const fault of FAULTS) expect(network.happened.get(fault), fault).toBeGreaterThan(0);
  await server.remove();
});

test("a full disk refuses with 503 and keeps nothing half; with room again everything arrives", async () => {
  test.setTimeout(180_000);
  const { server, before, people } = await scene(await Server.onCopy("disk-full"));
  await server.stop();
  await server.start(60_000, { fileLimit: 2_000_000 });
  // Until nobody gets anything in any more.
  let stuck = 0;
  const goesOn = () => stuck < 40;
  await Promise.all(
    people.map(async (one) => {
      while (goesOn()) {
        one.record();
        stuck = (await one.push(server.url)) ? 0 : stuck + 1;
        await pause(5);
      }
    }),
  );
  // It still answers those who only read.
  expect((await fetch(`${server.url}/healthz`)).ok).toBe(true);
  const largest = Math.max(...readdirSync(server.folder).filter((name) => name.endsWith("-wal")).map((name) => statSync(join(server.folder, name)).size));
  expect(largest).toBeGreaterThan(1_000_000);
  await server.kill();
  await server.start();
  const { commands, failures, wrong } = await reckon(server, people, before);
  console.log(`${commands} commands, ${failures} of them tried in vain`);
  expect(wrong).toEqual([]);
  expect(failures).toBeGreaterThan(30);
  await server.remove();
});
