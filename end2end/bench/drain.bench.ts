// Two thousand phones come back into the network within a quarter of an hour, each with twenty commands and two photos.
// The quarter of an hour is compressed tenfold. The phones run on the same machine, so what they cost is in the figures.
// Afterwards the ledger is audited: every acknowledged command exactly once, every photo whole.

import { createHash, randomBytes, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { Client, type Session } from "../support/api.ts";
import { Recorder, reckon } from "../support/ledger.ts";
import { Server } from "../support/server.ts";
import { percentile, print } from "./table.ts";

const PHONES = Number(process.env.GUANJIA_PHONES || 2_000);
const COMMANDS = 20;
const PHOTOS = 2;
const PHOTO_BYTES = 200_000;
/** How much faster than in life. */
const COMPRESSED = 10;
/** Everything has to be in by then, in ms. */
const WITHIN = (15 * 60_000) / COMPRESSED;
/** The last phone comes back then: who comes back at the end of the quarter of an hour needs a moment, too. */
const ARRIVALS = (WITHIN * 2) / 3;
/** A phone gives a request up after that, and sends it again; each counts as an error here. */
const PATIENCE = 30_000;
const STEWARDS = ["guanjia1", "guanjia2", "guanjia3", "guanjia4", "guanjia5"];

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

// No byte of a scan looks like a marker.
const noise = (bytes: number): Uint8Array => randomBytes(bytes).map((byte) => byte & 0x7f);
const START = Buffer.from("ffd8ffe000104a46494600010100000100010000ffc0000b080010001001011100ffda0008010100003f00", "hex");
const OWN = 64;
const REST = Buffer.concat([noise(PHOTO_BYTES - START.length - OWN - 2), Buffer.from("ffd9", "hex")]);

/** A JPEG as far as its segments go, unlike any other by its own bytes; made anew each time, for all of them are a lot. */
const photo = (own: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.concat([START, own, REST]));

class Phone {
  readonly recorder: Recorder;
  readonly photos: { sha256: string; own: Uint8Array }[] = [];
  private readonly client: Client;
  errors = 0;

  constructor(client: Client) {
    this.client = client;
    this.recorder = Recorder.over(client);
    for (let n = 0; n < PHOTOS; n += 1) {
      const own = noise(OWN);
      this.photos.push({ own, sha256: createHash("sha256").update(photo(own)).digest("hex") });
    }
    // Tickets with a remark each, the photos on the first ones.
    for (let n = 0; n < COMMANDS; n += 2) {
      const taken = this.photos.slice(n / 2, n / 2 + 1).map(({ sha256 }) => ({
        sha256,
        mime: "image/jpeg",
        size: PHOTO_BYTES,
        role: "photo",
        at: Date.now(),
      }));
      this.recorder.record({ intake: "on_site", photos: taken });
      this.recorder.note("已电话联系业主,约定下午三点上门");
    }
  }

  /** Commands first, then photos, as phones do. */
  async drain(url: string): Promise<void> {
    while (!(await this.recorder.push(url, COMMANDS, PATIENCE))) await pause(1_000);
    for (const { sha256, own } of this.photos) {
      while (!(await this.upload(url, sha256, photo(own)))) await pause(1_000);
    }
  }

  private async upload(url: string, sha256: string, body: Uint8Array<ArrayBuffer>): Promise<boolean> {
    const headers = { "x-guanjia": "1", cookie: this.client.cookie, "x-guanjia-scope": this.client.project };
    try {
      const signal = AbortSignal.timeout(PATIENCE);
      const answer = await fetch(`${url}/api/v1/blobs/${sha256}`, { method: "PUT", headers, body, signal });
      await answer.arrayBuffer();
      if (answer.status === 204) return true;
    } catch {
      // Counted as any other.
    }
    this.errors += 1;
    return false;
  }
}

/** Devices of a steward, each with a session of its own, without a password's cost for each. */
async function devices(url: string, account: string, count: number): Promise<Client[]> {
  const first = await Client.signIn(url, account);
  const made: Client[] = [];
  while (made.length < count) {
    const answer = await first.ask("POST", "/api/v1/session/device", {
      user: first.session.actor.user,
      device: { id: randomUUID(), name: "另一台手机" },
    });
    const client = Client.of(url, (await answer.json()) as Session);
    client.cookie = (answer.headers.get("set-cookie") ?? "").split(";")[0];
    made.push(client);
  }
  return made;
}

test("phones that come back", async () => {
  test.setTimeout(1_800_000);
  const server = await Server.onCopy("bench-drain");
  try {
    await server.stop();
    const { logRows: before } = server.verify();
    await server.start();
    const each = Math.ceil(PHONES / STEWARDS.length);
    const clients = (await Promise.all(STEWARDS.map((account) => devices(server.url, account, each)))).flat().slice(0, PHONES);
    const phones = clients.map((client) => new Phone(client));

    const began = performance.now();
    const took = await Promise.all(
      phones.map(async (phone) => {
        await pause(Math.random() * ARRIVALS);
        const back = performance.now();
        await phone.drain(server.url);
        return performance.now() - back;
      }),
    );
    const wall = performance.now() - began;

    const damaged: string[] = [];
    for (const { sha256 } of phones.flatMap(({ photos }) => photos)) {
      const bytes = readFileSync(join(server.data, "blobs", sha256.slice(0, 2), sha256));
      if (createHash("sha256").update(bytes).digest("hex") !== sha256) damaged.push(`photo ${sha256} is damaged`);
    }
    const recorders = phones.map(({ recorder }) => recorder);
    const { commands, failures, wrong } = await reckon(server, recorders, before, PHONES * PHOTOS);
    const errors = failures + phones.reduce((sum, phone) => sum + phone.errors, 0);
    const second = (count: number) => (count / wall) * 1_000;
    print(
      `${PHONES} phones come back within ${ARRIVALS / 1_000} s, ${COMMANDS} commands and ${PHOTOS} photos of ${PHOTO_BYTES / 1_000} kB each, ` +
        `on the server's own machine (15 minutes compressed ${COMPRESSED} times)`,
      [
        { measure: "everything is in", value: wall / 1_000, unit: "s", target: WITHIN / 1_000 },
        { measure: "a phone's drain, p50", value: percentile(took, 0.5), unit: "ms" },
        { measure: "a phone's drain, p95", value: percentile(took, 0.95), unit: "ms" },
        { measure: "a phone's drain, p99", value: percentile(took, 0.99), unit: "ms" },
        { measure: "pushes/s", value: second(recorders.reduce((sum, { pushes }) => sum + pushes, 0)), unit: "" },
        { measure: "commands/s", value: second(commands), unit: "" },
        { measure: "photos/s", value: second(PHONES * PHOTOS), unit: "" },
        { measure: "requests that failed or were given up", value: errors, unit: "", target: 0 },
        { measure: "commands lost, doubled or answered otherwise, photos damaged", value: wrong.length + damaged.length, unit: "", target: 0 },
      ],
    );
    expect([...wrong, ...damaged]).toEqual([]);
  } finally {
    await server.remove();
  }
});
