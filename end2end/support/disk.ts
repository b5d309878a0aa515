// What a phone keeps, as it is on its disk: the app's own database, read and written beside the app. The names and forms
// are those of app/src/local_store/schema.rs and queue.rs.

import type { Page } from "@playwright/test";

export interface KeptCommand {
  scope: string;
  n: number;
  op: string;
  kind: string;
  at_device: number;
  offset: number | null;
  payload: string;
  blobs: string[];
}

export interface KeptPhoto {
  sha256: string;
  state: string;
  size: number;
  n: number;
  /** Its bytes are there, and have its hash. */
  intact: boolean;
}

export interface Disk {
  outbox: KeptCommand[];
  journal: KeptCommand[];
  drafts: Record<string, string>;
  photos: KeptPhoto[];
  /** Hashes under which there are bytes. */
  bytes: string[];
  /** Last number given, by scope. */
  lastN: Record<string, number>;
}

/** Everything that is kept for a user; `page` shows anything of this origin. Reading changes nothing. */
export async function disk(page: Page, user: string): Promise<Disk> {
  return page.evaluate(async (user) => {
    const asked = <T>(request: IDBRequest<T>) =>
      new Promise<T>((done, failed) => {
        request.onsuccess = () => done(request.result);
        request.onerror = () => failed(request.error);
      });
    const opening = indexedDB.open(`guanjia-${user}`);
    // Asking for what is not there must not make it.
    opening.onupgradeneeded = () => opening.transaction!.abort();
    const db = await asked(opening);
    try {
      const all = db.transaction([...db.objectStoreNames], "readonly");
      const values = (store: string) => asked(all.objectStore(store).getAll());
      const keys = (store: string) => asked(all.objectStore(store).getAllKeys()) as Promise<string[]>;
      const [outbox, journal, photos, bytes, hashes, drafts, draftKeys, meta, metaKeys] = await Promise.all([
        values("outbox"),
        values("journal"),
        values("blob_meta"),
        values("blobs") as Promise<Uint8Array<ArrayBuffer>[]>,
        keys("blobs"),
        values("drafts"),
        keys("drafts"),
        values("meta"),
        keys("meta"),
      ]);
      const right = new Set<string>();
      for (const [index, name] of hashes.entries()) {
        const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes[index]));
        if ([...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("") === name) right.add(name);
      }
      const lastN: Record<string, number> = {};
      for (const [index, key] of metaKeys.entries()) {
        if (key.startsWith("scope/")) lastN[key.slice(6)] = JSON.parse(meta[index]).meta.last_n;
      }
      return {
        outbox: outbox.map((text) => JSON.parse(text)),
        journal: journal.map((text) => JSON.parse(text)),
        drafts: Object.fromEntries(draftKeys.map((key, index) => [key, drafts[index]])),
        photos: photos.map((text) => {
          const photo = JSON.parse(text);
          return { ...photo, intact: right.has(photo.sha256) };
        }),
        bytes: hashes,
        lastN,
      };
    } finally {
      db.close();
    }
  }, user);
}

/** What is there in part only, in words: a command without all its photos, a photo without its command, a gap. */
export function halves({ outbox, journal, photos, bytes, lastN }: Disk): string[] {
  const wrong: string[] = [];
  const whole = new Map(photos.map((photo) => [photo.sha256, photo.intact]));
  const commands = [...outbox, ...journal];
  for (const { n, kind, payload, blobs } of commands) {
    const named = [...new Set([...payload.matchAll(/"sha256":"([0-9a-f]{64})"/g)].map(([, sha256]) => sha256))];
    if (named.sort().join() !== [...blobs].sort().join()) wrong.push(`${n} ${kind} names other photos than it keeps`);
    for (const sha256 of blobs) {
      if (!whole.has(sha256)) wrong.push(`${n} ${kind} lacks photo ${sha256}`);
      else if (!whole.get(sha256)) wrong.push(`${n} ${kind} lacks the right bytes of ${sha256}`);
    }
  }
  const owned = new Set(commands.flatMap(({ blobs }) => blobs));
  for (const { sha256 } of photos) if (!owned.has(sha256)) wrong.push(`photo ${sha256} belongs to nothing`);
  for (const sha256 of bytes) if (!whole.has(sha256)) wrong.push(`bytes of ${sha256} belong to nothing`);
  for (const [scope, last] of Object.entries(lastN)) {
    const numbers = commands.filter((one) => one.scope === scope).map(({ n }) => n);
    if (new Set(numbers).size !== numbers.length) wrong.push(`${scope} gave a number twice: ${numbers}`);
    if (numbers.some((n) => n > last)) wrong.push(`${scope} has numbers beyond its last, ${last}`);
    // Those that were answered may have gone; what waits has no gap.
    const waiting = outbox.filter((one) => one.scope === scope).map(({ n }) => n).sort((a, b) => a - b);
    if (waiting.length > 0 && waiting.at(-1)! - waiting[0] !== waiting.length - 1) wrong.push(`${scope} waits with gaps: ${waiting}`);
  }
  return wrong;
}

export interface Day {
  user: string;
  scope: string;
  cluster: string;
  /** How many of them, notes included. */
  commands: number;
  photos: number;
  /** Bytes of a photo. */
  size?: number;
  /** What each ticket's description begins with. */
  text: string;
  /** When the first one was recorded; the last one is of now. */
  began: number;
}

/**
 * A day's work, written into the database as `LocalStore::record` does: outbox, ids, numbers, photos and their
 * facts, a hundred commands a transaction. Tickets with a note to every fourth; the photos lie on the tickets from
 * the first on, two each. By a page that is not the app: a tab of the app must not be open meanwhile.
 */
export async function recordDay(page: Page, day: Day): Promise<void> {
  await page.evaluate(async (day) => {
    const asked = <T>(request: IDBRequest<T>) =>
      new Promise<T>((done, failed) => {
        request.onsuccess = () => done(request.result);
        request.onerror = () => failed(request.error);
      });
    // A picture, made different by what its comment says: as many bytes as a photo has.
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [320, 240];
    canvas.getContext("2d")!.fillRect(40, 40, 200, 100);
    const drawn: Blob = await new Promise((made) => canvas.toBlob((blob) => made(blob!), "image/jpeg", 0.8));
    const picture = new Uint8Array(await drawn.arrayBuffer());
    const photo = async () => {
      const parts: Uint8Array<ArrayBuffer>[] = [picture.slice(0, 2)];
      for (let left = (day.size ?? 120_000) - picture.length; left > 0; left -= 65_000) {
        const comment = crypto.getRandomValues(new Uint8Array(Math.max(20, Math.min(left, 65_000))));
        comment.set([0xff, 0xfe, (comment.length - 2) >> 8, (comment.length - 2) & 0xff]);
        parts.push(comment);
      }
      parts.push(picture.slice(2));
      const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
      return { sha256: [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join(""), bytes };
    };
    const db = await asked(indexedDB.open(`guanjia-${day.user}`));
    const pace = (Date.now() - day.began) / day.commands;
    let [photos, ticket] = [0, ""];
    for (let from = 0; from < day.commands; from += 100) {
      const made = [];
      for (let index = from; index < Math.min(from + 100, day.commands); index += 1) {
        const at = Math.floor(day.began + index * pace);
        const taken: Awaited<ReturnType<typeof photo>>[] = [];
        const isNote = index % 4 === 3;
        if (!isNote) {
          ticket = crypto.randomUUID();
          while (taken.length < 2 && photos < day.photos) {
            taken.push(await photo());
            photos += 1;
          }
        }
        const attachments = taken.map(({ sha256, bytes }) => ({
          sha256,
          mime: "image/jpeg",
          size: bytes.length,
          role: "photo",
          at,
        }));
        const payload = isNote
          ? { ticket, note: `${day.text} ${index}` }
          : {
              ticket,
              cluster: day.cluster,
              kind: "repair",
              category: "leak",
              urgency: "normal",
              intake: "on_site",
              place: { label: "地下一层泵房" },
              contact: { name: "", phone: "" },
              description: `${day.text} ${index}`,
              photos: attachments,
            };
        made.push({ at, taken, kind: isNote ? "tickets.note" : "tickets.open", payload: JSON.stringify(payload) });
      }
      const tx = db.transaction(["meta", "outbox", "ops", "blobs", "blob_meta"], "readwrite");
      const finished = new Promise<void>((done, failed) => {
        tx.oncomplete = () => done();
        tx.onabort = () => failed(tx.error);
      });
      const put = (store: string, key: IDBValidKey, value: unknown) => tx.objectStore(store).put(value, key);
      const row = JSON.parse(await asked(tx.objectStore("meta").get(`scope/${day.scope}`)));
      for (const { at, taken, kind, payload } of made) {
        const n = (row.meta.last_n += 1);
        const op = crypto.randomUUID();
        const blobs = taken.map(({ sha256 }) => sha256);
        const entry = { scope: day.scope, n, op, kind, at_device: at, offset: 0, payload, blobs };
        put("outbox", [day.scope, n], JSON.stringify(entry));
        put("ops", [day.scope, op], JSON.stringify(n));
        for (const { sha256, bytes } of taken) {
          const facts = { sha256, mime: "image/jpeg", size: bytes.length, state: "pending", scope: day.scope, n, sent: 0 };
          put("blobs", sha256, bytes);
          put("blob_meta", sha256, JSON.stringify(facts));
        }
      }
      put("meta", `scope/${day.scope}`, JSON.stringify(row));
      await finished;
    }
    db.close();
  }, day);
}

/** Something else on this phone takes all the room that this origin has, to the last hundred bytes. */
export async function useUp(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const db = await new Promise<IDBDatabase>((done, failed) => {
      const open = indexedDB.open("journey-filler");
      open.onupgradeneeded = () => open.result.createObjectStore("bytes");
      open.onsuccess = () => done(open.result);
      open.onerror = () => failed(open.error);
    });
    const fits = (size: number) =>
      new Promise<boolean>((told) => {
        const write = db.transaction("bytes", "readwrite");
        write.objectStore("bytes").put(crypto.getRandomValues(new Uint8Array(size)), crypto.randomUUID());
        write.oncomplete = () => told(true);
        write.onabort = () => told(false);
      });
    for (const size of [60_000, 6_000, 600, 100]) {
      for (let times = 0; await fits(size); times += 1) if (times > 1_000) throw new Error("there is no end of the room");
    }
    db.close();
  });
}
