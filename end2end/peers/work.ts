// The work that is the same for everybody, and what is noted of it.

import type { Browser } from "@playwright/test";
import { openTicket } from "../support/demo.ts";

/** Commands, or documents, that wait on the phone when the network comes back. */
export const PUSHED = 1_000;
/** Changes that a second client waits for, one after the other. */
export const CHANGES = 200;
/** So many of them where bytes are counted. */
export const COUNTED = 40;
/** Between two changes, in ms, so that each finds everybody at rest: people do not write every few milliseconds. */
export const PAUSE = 300;

/** What a person's phone holds, and what that person records. */
export interface Work {
  account: string;
  user: string;
  scope: string;
  cluster: string;
  /** The rows as they are pulled, of all the person's scopes. */
  rows: { _id: string; k: string; id: string; b: unknown }[];
}

/** One thing recorded: a repair that was reported. */
export interface Recorded {
  kind: string;
  at_device: number;
  id: string;
  payload: object;
}

export function recorded(cluster: string, count: number, what: string): Recorded[] {
  return Array.from({ length: count }, (_, index) => {
    const { ticket, payload } = openTicket(cluster, { description: `${what} ${index}` });
    return { kind: "tickets.open", at_device: Date.now(), id: ticket, payload };
  });
}

/** Milliseconds, or bytes. */
export interface Noted {
  first: number;
  push: number;
  /** Of all changes. */
  live: number[];
}

export interface Bytes {
  first: number;
  push: number;
  /** Of one change. */
  live: number;
}

export interface Measured {
  noted: Noted;
  bytes: Bytes;
}

/** Somebody to be measured, on a server without a past. */
export type Measure = (browser: Browser, work: Work, counted: boolean) => Promise<Measured>;

export const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
