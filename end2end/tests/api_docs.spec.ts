// docs/api.md for whoever writes a program against the server: its session is run as it is printed. No browser.

import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../support/env.ts";
import { expect, test } from "../support/fixtures.ts";

/** Where the document says that the server is. */
const PRINTED = "http://127.0.0.1:3000";

/** Every shell block of the document, one after the other, as somebody would paste them. */
function session(url: string): string {
  const text = readFileSync(join(ROOT, "docs/api.md"), "utf8");
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map((block) => block[1]);
  expect(blocks.length, "shell blocks in docs/api.md").toBeGreaterThan(1);
  const script = blocks.join("\n");
  expect(script, "the document's own address").toContain(PRINTED);
  return script.replaceAll(PRINTED, url);
}

test("the session that the documentation prints works as it is pasted", async ({ server }) => {
  for (const program of ["bash", "curl", "jq"]) {
    const found = spawnSync(program, ["--version"]);
    expect(found.error, `${program} is missing: docs/api.md cannot be tried without it`).toBeUndefined();
  }
  const folder = join(server.folder, "api");
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(ROOT, "server/demo-pictures/leak-before.jpg"), join(folder, "photo.jpg"));
  // curl takes an error of the server for a success unless it is told otherwise.
  writeFileSync(join(folder, ".curlrc"), "fail\n");
  const failures = "set -o pipefail; trap 'echo \"$? $BASH_COMMAND\" >> failures' ERR\n: > failures\n";
  const pasted = spawnSync("bash", ["-s"], {
    cwd: folder,
    input: failures + session(server.url),
    env: { ...process.env, CURL_HOME: folder, http_proxy: "", HTTP_PROXY: "", no_proxy: "127.0.0.1" },
    encoding: "utf8",
    timeout: 60_000,
  });
  const said = pasted.stdout + pasted.stderr;
  expect(pasted.error, said).toBeUndefined();
  // Only listening to what has no end is broken off.
  const failed = readFileSync(join(folder, "failures"), "utf8").trim().split("\n").filter(Boolean);
  expect(failed, said).toEqual([expect.stringMatching(/^28 curl .*\/api\/v1\/events/)]);
  expect(pasted.stderr).toBe("");

  expect(said).toContain('"reset":true,"snapshot":true');
  expect(said).toContain('"more":false');
  expect(said).toContain('"outcome": "applied"');
  expect(said).toMatch(/^data: \{"scope":"company","head":\d+\}$/m);
  expect(said.match(/^204$/gm), "the photo and the end of the session").toHaveLength(2);
  expect(said).toContain('"tickets.open": "#/components/schemas/OpenTicketCommand"');
  expect(said).toContain('"ticket": "#/components/schemas/TicketRow"');
});
