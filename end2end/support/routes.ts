// The pages of the app, by who uses them, and how to get the ids that some addresses need.

import { Client, userOf } from "./api.ts";
import { CLUSTER, clusterOf, openTicket, ROUND } from "./demo.ts";

/** A job that this technician is in the middle of. */
async function jobOf(office: Client, account: string, cluster: string): Promise<string> {
  const { ticket, payload } = openTicket(cluster);
  await office.apply(office.project, [
    { kind: "tickets.open", payload },
    { kind: "tickets.assign", payload: { ticket, to: await userOf(office.url, account) } },
  ]);
  const technician = await Client.signIn(office.url, account);
  await technician.apply(technician.project, [
    { kind: "tickets.accept", payload: { ticket } },
    { kind: "tickets.start", payload: { ticket } },
  ]);
  return ticket;
}

/** Addresses with the things of cluster A in them. */
export async function routesOf(office: Client): Promise<{
  steward: string[];
  technician: string[];
  supervisor: string[];
  admin: string[];
  /** Rendered by the server, to be printed. */
  paper: string[];
}> {
  const cluster = await clusterOf(office, CLUSTER);
  const tickets = (await office.records("ticket")).filter((one) => one.cluster === cluster);
  const ticket = tickets.find((one) => one.state.name === "return_visit") ?? tickets[0];
  const rounds = (await office.records("round")).filter((one) => one.cluster === cluster && one.finished);
  const arrears = (await office.records("arrears")).filter((one) => one.cluster === cluster && one.owed > 0);
  const household = arrears[0].unit as string;
  const templates = (await office.records("round_template", office.company)).filter((one) => !one.superseded);
  const walked = rounds.at(-1)!.id as string;
  const work = await jobOf(office, "weixiu1", cluster);
  return {
    steward: [
      "/today",
      "/briefing",
      "/rounds",
      "/rounds?shelf=records",
      `/rounds/${walked}/record`,
      "/tickets",
      "/tickets/new",
      `/tickets/${ticket.id}`,
      "/households",
      `/households/${household}`,
      "/fees",
      `/fees/${household}`,
      "/visits",
      "/visits/new",
      "/outbox",
      "/more",
    ],
    technician: [
      "/today",
      "/rounds",
      "/tickets",
      "/tickets/new",
      `/tickets/${work}`,
      `/tickets/${work}/complete`,
      "/outbox",
      "/more",
    ],
    supervisor: [
      "/dashboard",
      "/office/tickets",
      "/office/rounds",
      "/office/templates",
      "/office/templates/new",
      `/office/templates/${templates[0].template}`,
      "/office/schedules",
      "/office/checkpoints",
      "/office/briefings",
      "/office/attention",
      "/office/devices",
      "/households",
      "/fees",
      `/tickets/${ticket.id}`,
    ],
    admin: ["/office/accounts", "/office/settings", "/office/devices", "/more"],
    paper: [`/print/checkpoints?cluster=${cluster}`, `/print/rounds/${walked}`],
  };
}

/** The name of the round that is open on every steward's phone. */
export { ROUND };
