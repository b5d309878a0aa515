// The form of a new ticket, which is open, and what became of it on the server.

import { createHash } from "node:crypto";
import { expect, type Page } from "@playwright/test";
import type { Client } from "./api.ts";
import { take } from "./camera.ts";
import { button, choice } from "./pages.ts";
import { t } from "./texts.ts";

export type Files = { name: string; mimeType: string; buffer: Buffer }[];

export const description = (page: Page) => page.getByLabel(t("tickets.description"), { exact: true });
export const pictures = (page: Page) => page.locator(".photo img");

export async function fill(page: Page, text: string, files?: string | Files): Promise<void> {
  await choice(page, "tickets.category", "tickets.category_leak").click();
  const publicPlace = choice(page, "tickets.place_kind", "tickets.place_public");
  if (await publicPlace.isVisible()) await publicPlace.click();
  await page.getByLabel(t("tickets.public_place"), { exact: true }).fill("四号井");
  await description(page).fill(text);
  if (!files) return;
  await take(page, () => page.locator(".photo.add").click(), files);
  await expect(pictures(page)).toHaveCount(Array.isArray(files) ? files.length : 1);
}

export async function save(page: Page): Promise<void> {
  await button(page, "tickets.submit_open").click();
  await expect(page).not.toHaveURL(/\/tickets\/new/);
}

/** Tickets whose description begins so, each of their photos on the server, whole. */
export async function arrived(office: Client, text: string): Promise<Record<string, any>[]> {
  const found = (await office.records("ticket")).filter((one) => String(one.description).startsWith(text));
  for (const { sha256 } of found.flatMap((ticket) => ticket.photos ?? [])) {
    const answer = await office.ask("GET", `/api/v1/blobs/${sha256}`);
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(sha256);
  }
  return found.sort((a, b) => String(a.description).localeCompare(String(b.description), "zh", { numeric: true }));
}
