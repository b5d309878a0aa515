// The least that the same work can be: `node raw-server.mjs FOLDER ROWS`. Serves the rows as one compressed text, takes
// what is recorded as lines of a file that has reached the disk before it answers, and tells whoever listens.

import { fdatasyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const [folder, rows] = process.argv.slice(2);
const packed = gzipSync(readFileSync(rows));
const file = openSync(join(folder, "lines"), "a");
const listeners = new Set();

const server = createServer((request, answer) => {
  if (request.url === "/rows") {
    answer.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip", "content-length": packed.length });
    answer.end(packed);
  } else if (request.url === "/live") {
    answer.writeHead(200, { "content-type": "text/event-stream" });
    answer.write("\n");
    listeners.add(answer);
    request.on("close", () => listeners.delete(answer));
  } else if (request.url === "/push") {
    let text = "";
    request.setEncoding("utf8");
    request.on("data", (part) => (text += part));
    request.on("end", () => {
      const lines = JSON.parse(text);
      writeSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
      fdatasyncSync(file);
      answer.writeHead(200, { "content-type": "application/json" });
      answer.end(JSON.stringify(lines.map((line) => line.id)));
      for (const listener of listeners) for (const line of lines) listener.write(`data: ${JSON.stringify(line)}\n\n`);
    });
  } else {
    answer.writeHead(200, { "content-type": "text/html" });
    answer.end("<!doctype html><meta charset=utf-8><title>raw</title>");
  }
});
server.listen(0, "127.0.0.1", () => console.log(String(server.address().port)));
process.on("SIGTERM", () => process.exit(0));
