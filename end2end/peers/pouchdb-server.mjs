// The peer's server: PouchDB on LevelDB behind its own HTTP interface. `node pouchdb-server.mjs FOLDER ROWS [sync]`:
// keeps its database in FOLDER, fills it with the documents of the file ROWS, then says its port.
// With `sync` LevelDB is told to reach the disk with every write; PouchDB itself has no setting for that.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import express from "express";
import expressPouchDB from "express-pouchdb";
import PouchDB from "pouchdb";

const require = createRequire(import.meta.url);
const [folder, rows, sync] = process.argv.slice(2);

// The LevelDB that PouchDB itself brings.
const leveldown = createRequire(require.resolve("pouchdb"))("leveldown");

/** LevelDB whose every write waits for the disk. */
function durable(name) {
  const level = leveldown(name);
  for (const operation of ["_put", "_del", "_batch"]) {
    const original = level[operation].bind(level);
    level[operation] = (...words) => {
      // The options come before the call-back, which is last.
      const options = words.at(-2);
      return original(...words.slice(0, -2), { ...options, sync: true }, words.at(-1));
    };
  }
  return level;
}

const Server = PouchDB.defaults({ prefix: `${folder}/`, ...(sync ? { db: durable } : {}) });
// Before the database is made, which it then knows of. The smallest of its modes: only what replication needs, no log file,
// no accounts.
const peer = expressPouchDB(Server, { mode: "minimumForPouchDB" });
const database = new Server("company");
const documents = JSON.parse(readFileSync(rows, "utf8"));
for (let at = 0; at < documents.length; at += 500) {
  for (const done of await database.bulkDocs(documents.slice(at, at + 500))) {
    if (done.error) throw new Error(JSON.stringify(done));
  }
}

const app = express();
app.get("/", (_, answer) => answer.type("html").send("<!doctype html><meta charset=utf-8><title>peer</title><script src=/pouchdb.js></script>"));
app.get("/pouchdb.js", (_, answer) => answer.sendFile(require.resolve("pouchdb/dist/pouchdb.min.js")));
app.use("/db", peer);
const listener = app.listen(0, "127.0.0.1", () => console.log(String(listener.address().port)));
process.on("SIGTERM", () => process.exit(0));
