// Checkpoint codes: the genuine ones as the office prints them, and others.

import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "./api.ts";
import type { Server } from "./server.ts";

/** From the sheet that the office prints: the text of each code by the name of its checkpoint. */
export async function printedCodes(office: Client, cluster: string): Promise<Map<string, string>> {
  const html = await office.text(`/print/checkpoints?cluster=${cluster}`);
  const codes = new Map<string, string>();
  for (const checkpoint of await office.records("checkpoint")) {
    const found = new RegExp(`data-code="(GJ1\\.[0-9a-f]{8}\\.${checkpoint.id}\\.[^"]+)"`).exec(html);
    if (found) codes.set(`${checkpoint.template}/${checkpoint.point}`, found[1]);
  }
  return codes;
}

function signed(key: KeyObject, text: string): string {
  const signature = sign("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" });
  return `${text}.${signature.toString("base64url")}`;
}

/** The same code, made by somebody without the company's key. */
export function forged(genuine: string): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return signed(privateKey, genuine.split(".").slice(0, 4).join("."));
}

/** The same checkpoint, signed with the company's key for another of its sites. */
export function ofOtherSite(server: Server, genuine: string): string {
  const key = createPrivateKey(readFileSync(join(server.data, "checkpoint-codes.pem")));
  const [prefix, , checkpoint, version] = genuine.split(".");
  return signed(key, `${prefix}.00000000.${checkpoint}.${version}`);
}
