// The server as another program sees it: what a journey prepares without a browser, and what it checks behind it.

import { randomUUID } from "node:crypto";
import { PASSWORD } from "./env.ts";

export interface Session {
  actor: { user: string; name: string; roles: string[]; clusters: string[] };
  account: string;
  device: { id: string; name: string };
  scopes: { scope: string; project: string | null; name: string }[];
  rights: string[];
  code_key: string;
}

export interface Row {
  k: string;
  id: string;
  s: number;
  b?: Record<string, any>;
}

export interface Outcome {
  op: string;
  outcome: "applied" | "merged" | "conflict" | "refused" | "held";
  reason?: { code: string; params?: Record<string, string> };
  [more: string]: unknown;
}

export class Client {
  readonly url: string;
  session!: Session;
  cookie = "";
  private numbers = new Map<string, number>();

  private constructor(url: string) {
    this.url = url;
  }

  static async signIn(url: string, account: string, device: string = randomUUID()): Promise<Client> {
    const client = new Client(url);
    const answer = await client.ask("POST", "/api/v1/session", {
      account,
      password: PASSWORD,
      device: { id: device, name: "另一台电脑" },
    });
    client.session = (await answer.json()) as Session;
    client.cookie = (answer.headers.get("set-cookie") ?? "").split(";")[0];
    return client;
  }

  /** With a session that somebody else has begun: a page. */
  static of(url: string, session: Session): Client {
    const client = new Client(url);
    client.session = session;
    return client;
  }

  /** Any answer, whatever its status. */
  async raw(method: string, path: string, body?: unknown): Promise<Response> {
    const headers: Record<string, string> = { "x-guanjia": "1" };
    if (this.cookie) headers.cookie = this.cookie;
    if (body !== undefined) headers["content-type"] = "application/json";
    return fetch(this.url + path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  }

  async ask(method: string, path: string, body?: unknown): Promise<Response> {
    const answer = await this.raw(method, path, body);
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  }

  async json<T = any>(path: string): Promise<T> {
    return (await this.ask("GET", path)).json() as Promise<T>;
  }

  async text(path: string): Promise<string> {
    return (await this.ask("GET", path)).text();
  }

  get project(): string {
    const scope = this.session.scopes.find((scope) => scope.project);
    if (!scope) throw new Error("no project");
    return scope.scope;
  }

  get company(): string {
    const scope = this.session.scopes.find((scope) => !scope.project);
    if (!scope) throw new Error("no company scope");
    return scope.scope;
  }

  /** Sends commands of this program's own device. */
  async push(scope: string, commands: { kind: string; payload: unknown; at?: number }[]): Promise<Outcome[]> {
    let n = this.numbers.get(scope) ?? 0;
    const envelopes = commands.map(({ kind, payload, at }) => ({
      op: randomUUID(),
      n: ++n,
      kind,
      at_device: at ?? Date.now(),
      offset: 0,
      payload,
    }));
    const answer = await this.ask("POST", "/api/v1/sync/push", {
      protocol: 1,
      scope,
      device: this.session.device.id,
      user: this.session.actor.user,
      commands: envelopes,
    });
    this.numbers.set(scope, n);
    return ((await answer.json()) as { outcomes: Outcome[] }).outcomes;
  }

  /** The same, and every one has to be applied. */
  async apply(scope: string, commands: { kind: string; payload: unknown; at?: number }[]): Promise<void> {
    for (const outcome of await this.push(scope, commands)) {
      if (outcome.outcome !== "applied" && outcome.outcome !== "merged") {
        throw new Error(`${outcome.outcome}: ${JSON.stringify(outcome.reason)}`);
      }
    }
  }

  /** Every record of a scope that this person may see. */
  async pull(scope: string): Promise<Row[]> {
    const rows = new Map<string, Row>();
    let cursor = "";
    for (;;) {
      const query = new URLSearchParams({ scope });
      if (cursor) query.set("cursor", cursor);
      const page = await this.json<{ rows: Row[]; cursor: string; more: boolean }>(`/api/v1/sync/pull?${query}`);
      for (const row of page.rows) {
        if (row.b) rows.set(`${row.k}/${row.id}`, row);
        else rows.delete(`${row.k}/${row.id}`);
      }
      cursor = page.cursor;
      if (!page.more) return [...rows.values()];
    }
  }

  /** Records of one kind. */
  async records(kind: string, scope = this.project): Promise<Record<string, any>[]> {
    return (await this.pull(scope)).filter((row) => row.k === kind).map((row) => row.b ?? {});
  }
}

/** Whose account it is. Only administrators are sent the names that people sign in with. */
export async function userOf(url: string, account: string): Promise<string> {
  const admin = await Client.signIn(url, "admin1");
  const users = await admin.records("user", admin.company);
  return users.find((user) => user.account === account)!.id as string;
}
