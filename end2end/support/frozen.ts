// A whole phone as it lies on its disk, apart from the app: put into a file once, and given to later builds for ever.
// Nothing here knows what the app means by it, but `recent`.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, brotliDecompressSync, constants } from "node:zlib";
import type { Page } from "@playwright/test";
import { ROOT } from "./env.ts";

const FOLDER = join(ROOT, "end2end/fixtures");
const DAY = 86_400_000;

/** Keys of the app are texts and numbers, or lists of them. */
type Key = string | number | (string | number)[];
/** Bytes are written as text where they are text, so that an unpacked image can be read. */
type Value = string | { utf8: string } | { base64: string };

interface Store {
  name: string;
  keyPath: string | string[] | null;
  autoIncrement: boolean;
  indexes: { name: string; keyPath: string | string[]; unique: boolean; multiEntry: boolean }[];
  rows: [Key, Value][];
}

export interface Disk {
  /** Every IndexedDB database of the origin. */
  databases: { name: string; version: number; stores: Store[] }[];
  localStorage: Record<string, string>;
}

export interface Image extends Disk {
  release: string;
  /** When it was taken off the phone, in ms. */
  frozen_at: number;
}

// --- the files ---------------------------------------------------------------------------------------------------

/** The release that this checkout is going to be. */
export function thisRelease(): string {
  return /^version = "(.+)"$/m.exec(readFileSync(join(ROOT, "Cargo.toml"), "utf8"))![1];
}

export function fileOf(release: string): string {
  return join(FOLDER, `phone-${release}.json.br`);
}

/** Releases of which there is an image, in order. */
export function frozenReleases(): string[] {
  const found = readdirSync(FOLDER).flatMap((name) => /^phone-(.+)\.json\.br$/.exec(name)?.[1] ?? []);
  return found.sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
}

export function readImage(release: string): Image {
  return JSON.parse(brotliDecompressSync(readFileSync(fileOf(release))).toString("utf8")) as Image;
}

/** Gives its size. */
export function writeImage(image: Image): number {
  const text = Buffer.from(JSON.stringify(image, null, 1));
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
    [constants.BROTLI_PARAM_SIZE_HINT]: text.length,
  };
  const packed = brotliCompressSync(text, { params });
  // An image is never written over: a release that is out stays as it was.
  writeFileSync(fileOf(image.release), packed, { flag: "wx" });
  return packed.length;
}

/** Rows of a store, in the order of their keys. */
export function rowsOf({ databases }: Disk, store: string): [Key, Value][] {
  return databases.flatMap(({ stores }) => stores.find(({ name }) => name === store)?.rows ?? []);
}

/** Rows that the app keeps as JSON text. */
export function parsed<T = any>(disk: Disk, store: string): T[] {
  return rowsOf(disk, store).map(([, text]) => JSON.parse(text as string) as T);
}

/** Bytes of a row. */
export function bytesOf(value: Value): Buffer {
  if (typeof value === "string") throw new Error("that is a text");
  return "utf8" in value ? Buffer.from(value.utf8, "utf8") : Buffer.from(value.base64, "base64");
}

/**
 * The image as of a phone that was switched off yesterday: the only thing that is ever changed in one. What arrives after
 * more than 400 days counts as recorded on arrival (`Envelope::occurred_at`), and a promise whose day lies before its call
 * is refused, as it should be. So the moments of the commands that are kept, and promised days in them, move by whole days.
 */
export function recent(image: Image, now = Date.now()): Image {
  const days = Math.floor((now - image.frozen_at) / DAY) - 1;
  const moved = (date: string) => new Date(Date.parse(date) + days * DAY).toISOString().slice(0, 10);
  const stores = ["outbox", "journal", "attention"];
  const recorded = (value: Value): Value => {
    const entry = JSON.parse(value as string);
    entry.at_device += days * DAY;
    entry.payload = entry.payload.replace(
      /"promised":"(\d{4}-\d\d-\d\d)"/g,
      (_: string, date: string) => `"promised":"${moved(date)}"`,
    );
    return JSON.stringify(entry);
  };
  const databases = image.databases.map((database) => ({
    ...database,
    stores: database.stores.map((store) =>
      stores.includes(store.name)
        ? { ...store, rows: store.rows.map(([key, value]): [Key, Value] => [key, recorded(value)]) }
        : store,
    ),
  }));
  return { ...image, databases };
}

// --- in the browser ----------------------------------------------------------------------------------------------

/** Everything that this page's origin keeps in its databases and in its local storage. */
export async function freeze(page: Page): Promise<Disk> {
  return page.evaluate(async () => {
    const asked = <T>(request: IDBRequest<T>) =>
      new Promise<T>((done, failed) => {
        request.onsuccess = () => done(request.result);
        request.onerror = () => failed(request.error);
      });
    const written = (value: unknown) => {
      if (typeof value === "string") return value;
      if (!(value instanceof Uint8Array)) throw new Error(`an image cannot hold ${Object.prototype.toString.call(value)}`);
      try {
        return { utf8: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(value) };
      } catch {
        let text = "";
        for (let i = 0; i < value.length; i += 8192) text += String.fromCharCode(...value.subarray(i, i + 8192));
        return { base64: btoa(text) };
      }
    };
    const databases = [];
    for (const { name } of await indexedDB.databases()) {
      const db = await asked(indexedDB.open(name!));
      const stores = [];
      for (const name of db.objectStoreNames) {
        const store = db.transaction(name).objectStore(name);
        const indexes = [...store.indexNames].map((name) => {
          const { keyPath, unique, multiEntry } = store.index(name);
          return { name, keyPath, unique, multiEntry };
        });
        const [keys, values] = await Promise.all([asked(store.getAllKeys()), asked(store.getAll())]);
        const rows = keys.map((key, index) => {
          const kept = JSON.parse(JSON.stringify(key));
          if (indexedDB.cmp(kept, key) !== 0) throw new Error(`an image cannot hold the key ${String(key)}`);
          return [kept, written(values[index])];
        });
        stores.push({ name, keyPath: store.keyPath, autoIncrement: store.autoIncrement, indexes, rows });
      }
      databases.push({ name: db.name, version: db.version, stores });
      db.close();
    }
    const entries = Object.entries(localStorage).sort(([a], [b]) => (a < b ? -1 : 1));
    return { databases, localStorage: Object.fromEntries(entries) } as unknown as Disk;
  });
}

/** Makes a phone of an image. The page shows something of this origin that is not the app, which must not have run here. */
export async function thaw(page: Page, disk: Disk): Promise<void> {
  await page.evaluate(async ({ databases, localStorage: entries }) => {
    const read = (value: string | { utf8: string } | { base64: string }) => {
      if (typeof value === "string") return value;
      if ("utf8" in value) return new TextEncoder().encode(value.utf8);
      return Uint8Array.from(atob(value.base64), (sign) => sign.charCodeAt(0));
    };
    for (const { name, version, stores } of databases) {
      await new Promise<void>((done, failed) => {
        const opening = indexedDB.open(name, version);
        opening.onupgradeneeded = ({ oldVersion }) => {
          if (oldVersion !== 0) throw new Error(`there is a database ${name} already`);
          for (const { name, keyPath, autoIncrement, indexes, rows } of stores) {
            const store = opening.result.createObjectStore(name, { keyPath, autoIncrement });
            for (const { name, keyPath, unique, multiEntry } of indexes) {
              store.createIndex(name, keyPath, { unique, multiEntry });
            }
            for (const [key, value] of rows) store.put(read(value), keyPath === null ? key : undefined);
          }
        };
        opening.onerror = () => failed(opening.error);
        opening.onsuccess = () => {
          opening.result.close();
          done();
        };
      });
    }
    for (const [key, text] of Object.entries(entries)) localStorage.setItem(key, text);
  }, disk);
}
