// A new version of the app, published under a running server.

import { createHash } from "node:crypto";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

interface Assets {
  build: string;
  min_client: number;
  files: Record<string, string>;
}

function put(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

/** The same app under another build's name: what browsers and service workers take for a new version. */
export function publish(site: string, build: string, minClient = 1): void {
  const assets = JSON.parse(readFileSync(join(site, "assets.json"), "utf8")) as Assets;
  const worker = join(site, "service-worker.js");
  for (const packed of [".br", ".gz"]) rmSync(worker + packed, { force: true });
  put(worker, readFileSync(worker, "utf8").replaceAll(assets.build, build));
  put(join(site, "assets.json"), JSON.stringify({ ...assets, build, min_client: minClient }));
}

/** The same while it is still being copied: one of its files is not there. Gives what copies it. */
export function publishHalf(site: string, build: string): () => void {
  const text = JSON.stringify({ build });
  const digest = (encoding: "hex" | "base64") => createHash("sha256").update(text).digest(encoding);
  const address = `/assets/part.${digest("hex").slice(0, 10)}.json`;
  publish(site, build);
  const worker = join(site, "service-worker.js");
  const files = `GUANJIA_FILES=[["${address}","sha256-${digest("base64")}"],`;
  put(worker, readFileSync(worker, "utf8").replace("GUANJIA_FILES=[", () => files));
  return () => put(join(site, address), text);
}
