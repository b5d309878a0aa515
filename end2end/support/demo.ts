// What journeys know about the demo company, and the one thing they add to it.

import { Client } from "./api.ts";

/** The template whose rounds the journeys walk, in the company's own words. */
export const TEMPLATE = "组团日常巡视";
/** The schedule that is added, so that the same round is open at every hour of the day. */
export const ROUND = "组团日巡";
export const CLUSTER = "A";

const HOUR = 3_600_000;
const ZONE = 8 * HOUR;

/** Date and time of day in the company's zone. */
export function local(at: number): { date: string; time: string } {
  const text = new Date(at + ZONE).toISOString();
  return { date: text.slice(0, 10), time: `${text.slice(11, 13)}:00:00` };
}

/** The time of day there as pages write it. */
export function timeOfDay(at: number): string {
  const text = new Date(at + ZONE).toISOString();
  return `${Number(text.slice(11, 13))}:${text.slice(14, 16)}`;
}

/** The Friday that comes next, today included, in the company's zone. */
export function nextFriday(now = Date.now()): string {
  for (let day = 0; ; day += 1) {
    const at = now + day * 24 * HOUR;
    if (new Date(at + ZONE).getUTCDay() === 5) return local(at).date;
  }
}

export function uuid(): string {
  return crypto.randomUUID();
}

/** A round of 23 hours that began two hours ago, every day: whatever the time, one is open for each steward. */
export async function prepare(supervisor: Client): Promise<void> {
  const now = Date.now();
  const templates = await supervisor.records("round_template", supervisor.company);
  const template = templates.find((one) => one.name === TEMPLATE && !one.superseded);
  if (!template) throw new Error(`the demo company has no template ${TEMPLATE}`);
  const clusters = await supervisor.records("cluster");
  const from = local(now - 2 * HOUR);
  const to = local(now - 3 * HOUR);
  await supervisor.apply(
    supervisor.project,
    clusters.map((cluster) => ({
      kind: "rounds.set_schedule",
      payload: {
        schedule: uuid(),
        cluster: cluster.id,
        template: template.template,
        name: ROUND,
        recurrence: { every: "daily" },
        windows: [{ from: from.time, to: to.time }],
        role: "steward",
        starts: from.date,
      },
    })),
  );
}

/** The cluster with that letter. */
export async function clusterOf(client: Client, code: string): Promise<string> {
  const found = (await client.records("cluster")).find((cluster) => cluster.code === code);
  if (!found) throw new Error(`no cluster ${code}`);
  return found.id as string;
}

/** From now on this steward has exactly the clusters with these letters. */
export async function giveClusters(url: string, account: string, codes: string[]): Promise<void> {
  const admin = await Client.signIn(url, "admin1");
  const user = (await admin.records("user", admin.company)).find((one) => one.account === account);
  if (!user) throw new Error(`no account ${account}`);
  const clusters = await (await Client.signIn(url, "zhuguan1")).records("cluster");
  const ids = codes.map((code) => clusters.find((one) => one.code === code)!.id);
  await admin.apply(admin.company, [
    {
      kind: "accounts.update",
      payload: { user: user.id, name: user.name, roles: user.roles, clusters: ids, disabled: false },
    },
  ]);
}

/** A ticket as somebody at the front desk would open it, for journeys that begin after that. */
export function openTicket(cluster: string, more: Record<string, unknown> = {}): { ticket: string; payload: object } {
  const ticket = uuid();
  const payload = {
    ticket,
    cluster,
    kind: "repair",
    category: "leak",
    urgency: "normal",
    intake: "phone",
    place: { label: "地下一层泵房" },
    contact: { name: "", phone: "" },
    description: "泵基座渗水,请尽快处理",
    ...more,
  };
  return { ticket, payload };
}
