// People who record without pause while servers die and networks fail, and the reckoning afterwards: what was
// acknowledged is in the log exactly once, and nothing else is.

import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { Client, type Outcome } from "./api.ts";
import { openTicket } from "./demo.ts";
import type { KeptCommand } from "./disk.ts";
import { run } from "./env.ts";
import type { Server } from "./server.ts";

/** Most commands of one push: small, so that many commits are there to be hit. */
const AT_ONCE = 8;
/** What stalls is given up after this long, in ms, and sent again. */
const PATIENCE = 1_500;

interface Recorded {
  op: string;
  n: number;
  /** That it opens; other commands open none. */
  ticket: string | null;
  /** As it is sent, and sent again. */
  envelope: object;
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** A device with an outbox: it keeps what is not answered and sends the same again. */
export class Recorder {
  readonly client: Client;
  private readonly cluster: string;
  private readonly outbox: Recorded[] = [];
  private readonly all: Recorded[] = [];
  /** What the server said of each command. */
  readonly told = new Map<string, string>();
  /** Answers to a phone that are still being read. */
  private readonly heard: Promise<void>[] = [];
  /** Tries that came to nothing. */
  failures = 0;
  /** Why the last of them did. */
  last = "";
  /** Longest time without an answer while it was sending, in ms. */
  longestWait = 0;
  /** Pushes that were answered. */
  pushes = 0;

  private constructor(client: Client, cluster: string) {
    this.client = client;
    this.cluster = cluster;
  }

  /** Of somebody with a cluster. */
  static async of(url: string, account: string): Promise<Recorder> {
    const client = await Client.signIn(url, account);
    return new Recorder(client, client.session.actor.clusters[0]);
  }

  /** Of a device that is signed in already. */
  static over(client: Client): Recorder {
    return new Recorder(client, client.session.actor.clusters[0]);
  }

  /**
   * Of a phone that records and sends by itself: with what lies in its outbox before it sends, and what its page is
   * told from now on. `adopt` gives it a session.
   */
  static ofPhone(page: Page, url: string, session: Client["session"], kept: KeptCommand[]): Recorder {
    const recorder = new Recorder(Client.of(url, session), session.actor.clusters[0]);
    recorder.fromDisk(kept);
    page.context().on("response", (answer) => {
      if (!answer.url().endsWith("/sync/push") || answer.status() !== 200) return;
      recorder.pushes += 1;
      recorder.heard.push(
        answer.json().then(({ outcomes }: { outcomes: Outcome[] }) => {
          for (const outcome of outcomes) recorder.told.set(outcome.op, JSON.stringify(outcome));
        }),
      );
    });
    return recorder;
  }

  /** What the phone has recorded since. */
  fromDisk(commands: KeptCommand[]): void {
    for (const { op, n, kind, at_device, offset, payload } of commands) {
      const envelope = { op, n, kind, at_device, ...(offset === null ? {} : { offset }), payload: JSON.parse(payload) };
      this.all.push({ op, n, ticket: kind === "tickets.open" ? envelope.payload.ticket : null, envelope });
    }
  }

  /** The phone has drained; what it was told is asked for again under the session that it has by now. */
  async adopt(page: Page): Promise<void> {
    await Promise.all(this.heard);
    const cookies = await page.context().cookies();
    this.client.cookie = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  }

  get recorded(): number {
    return this.all.length;
  }

  /** Opens a ticket; `more` of what is said of it. */
  record(more: Record<string, unknown> = {}): void {
    const { ticket, payload } = openTicket(this.cluster, more);
    this.keep("tickets.open", payload, ticket);
  }

  /** Says something more about the ticket that was opened last. */
  note(note: string): void {
    const ticket = this.all.findLast(({ ticket }) => ticket)?.ticket;
    this.keep("tickets.note", { ticket, note }, null);
  }

  private keep(kind: string, payload: object, ticket: string | null): void {
    const [op, n] = [randomUUID(), this.all.length + 1];
    const recorded = { op, n, ticket, envelope: { op, n, kind, at_device: Date.now(), offset: 0, payload } };
    this.all.push(recorded);
    this.outbox.push(recorded);
  }

  /** Sends from the head of the outbox; whether it was answered. An answer that breaks a promise is an error. */
  async push(url: string, most = AT_ONCE, patience = PATIENCE): Promise<boolean> {
    const sent = this.outbox.slice(0, most);
    const outcomes = await this.send(url, sent, patience);
    if (!outcomes) {
      this.failures += 1;
      return false;
    }
    this.pushes += 1;
    for (const [index, { op }] of sent.entries()) this.told.set(op, JSON.stringify(outcomes[index]));
    this.outbox.splice(0, sent.length);
    return true;
  }

  /** The answers, or nothing when there was none. */
  private async send(url: string, commands: Recorded[], patience = PATIENCE): Promise<Outcome[] | null> {
    const body = JSON.stringify({
      protocol: 1,
      scope: this.client.project,
      device: this.client.session.device.id,
      user: this.client.session.actor.user,
      commands: commands.map(({ envelope }) => envelope),
    });
    const headers = { "x-guanjia": "1", "content-type": "application/json", cookie: this.client.cookie };
    let answer: Response;
    let text: string;
    try {
      const signal = AbortSignal.timeout(patience);
      answer = await fetch(`${url}/api/v1/sync/push`, { method: "POST", headers, body, signal });
      text = await answer.text();
    } catch (error) {
      this.last = String(error);
      return null;
    }
    if (answer.status >= 500) {
      this.last = `${answer.status} ${text}`;
      return null;
    }
    // 409 would say that something acknowledged is gone, 401 that a person was signed out by a fault.
    if (!answer.ok) throw new Error(`${answer.status} ${text}`);
    return (JSON.parse(text) as { outcomes: Outcome[] }).outcomes;
  }

  /** Records and sends until told to stop; each time to one of these nodes. */
  async work(urls: string[], goesOn: () => boolean): Promise<void> {
    let answered = Date.now();
    while (goesOn()) {
      if (this.outbox.length < AT_ONCE) for (let more = Math.random() * AT_ONCE; more > 0; more -= 1) this.record();
      const url = urls[Math.floor(Math.random() * urls.length)];
      if (await this.push(url)) {
        this.longestWait = Math.max(this.longestWait, Date.now() - answered);
        answered = Date.now();
      } else {
        await pause(5 + Math.random() * 30);
      }
    }
  }

  /** Sends what is left, over a network that works. */
  async drain(url: string): Promise<void> {
    for (const end = Date.now() + 60_000; this.outbox.length > 0; ) {
      if (!(await this.push(url)) && Date.now() > end) {
        throw new Error(`${this.outbox.length} commands do not leave: ${this.last}`);
      }
    }
  }

  /** Everything once more: the answers must be those that were given. Gives what is wrong, in words. */
  async resend(url: string): Promise<string[]> {
    const wrong: string[] = [];
    for (let from = 0; from < this.all.length; from += 200) {
      const sent = this.all.slice(from, from + 200);
      const outcomes = await this.send(url, sent, 30_000);
      if (!outcomes) throw new Error(`the server does not answer: ${this.last}`);
      for (const [index, { op }] of sent.entries()) {
        const [before, now] = [this.told.get(op), JSON.stringify(outcomes[index])];
        if (before !== now) wrong.push(`${op} was answered ${before} and is answered ${now}`);
      }
    }
    return wrong;
  }

  /** Tickets that were acknowledged as opened. */
  get opened(): string[] {
    const applied = ({ op }: Recorded) => (JSON.parse(this.told.get(op) ?? "{}") as Outcome).outcome === "applied";
    return this.all.filter(applied).flatMap(({ ticket }) => ticket ?? []);
  }
}

/** Where it is written down that something was lost: trying again must not make it good. */
export const lost = (): string => join(run(), "lost");

export interface Reckoning {
  commands: number;
  failures: number;
  wrong: string[];
}

/**
 * Holds everything that was told against what the server has. The server is stopped for it. `arrivals`: photos, for
 * each of which the product writes that it has come.
 */
export async function reckon(server: Server, recorders: Recorder[], logBefore: number, arrivals = 0): Promise<Reckoning> {
  for (const recorder of recorders) await recorder.drain(server.url);
  const wrong: string[] = [];
  const commands = recorders.reduce((sum, { recorded }) => sum + recorded, 0);
  const counted = async (when: string) => {
    await server.stop();
    const rows = server.verify().logRows - logBefore - arrivals;
    if (rows !== commands) wrong.push(`${when}: ${commands} commands made ${rows} rows of log`);
  };
  // Before anything is sent again: that would put back what is gone.
  await counted("as acknowledged");
  await server.start();
  for (const recorder of recorders) wrong.push(...(await recorder.resend(server.url)));
  const there = new Map<string, number>();
  for (const { id } of await (await Client.signIn(server.url, "zhuguan1")).records("ticket")) {
    there.set(id, (there.get(id) ?? 0) + 1);
  }
  for (const ticket of recorders.flatMap((recorder) => recorder.opened)) {
    if (there.get(ticket) !== 1) wrong.push(`ticket ${ticket} is there ${there.get(ticket) ?? 0} times`);
  }
  await counted("sent once more");
  const failures = recorders.reduce((sum, one) => sum + one.failures, 0);
  if (wrong.length > 0) writeFileSync(lost(), wrong.join("\n"));
  return { commands, failures, wrong };
}
