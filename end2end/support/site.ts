// A new version of the app, published under a running server.

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
