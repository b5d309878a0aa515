// Keeps one whole build of the app on the device, so that it opens from a cold start without a network.
//
// What only the pages of the desk need is kept once the app asks for it, and then in every later build too.
//
// One cache per build. It is filled completely before the worker counts as installed; the worker in charge serves
// only its own build, so page, program and texts always fit each other. A new build waits until the app says that
// nobody is in the middle of something. The build before stays until the next update, because other tabs may still
// run it and ask for its parts.
//
// `cargo xtask build` puts three constants in front of this file:
/* global GUANJIA_BUILD, GUANJIA_FILES, GUANJIA_DESK -- name of the build; [[address, integrity], …], twice */

const PREFIX = "guanjia-";
const CACHE = PREFIX + GUANJIA_BUILD;
/** Remembers which build was in charge before; not a build itself, so its name must not start with the prefix. */
const META = "meta-guanjia";
const SHELL = "/shell";
/** Addresses say all: what a response would vary by (compression, language) is the same for every page of ours. */
const BY_ADDRESS = { ignoreVary: true };
const KEPT = new Set(GUANJIA_FILES.map(([url]) => url));
/** Rendered by the server for every call, or for people without the app. */
const NOT_THE_APP = /^\/(api|print|r|healthz|readyz|metrics)(\/|$)/;

// --- install: all or nothing -------------------------------------------------------------------------------------

self.addEventListener("install", (event) => {
  event.waitUntil(
    fill().catch(async (problem) => {
      // Rejecting makes the browser drop this worker and try again at its next check; the old build goes on serving.
      await caches.delete(CACHE);
      throw problem;
    }),
  );
});

async function fill() {
  const files = (await isDesk()) ? [...GUANJIA_FILES, ...GUANJIA_DESK] : GUANJIA_FILES;
  // Everything is fetched before anything is stored.
  const entries = await Promise.all([fetchShell(), ...files.map(fetchFile)]);
  const cache = await caches.open(CACHE);
  await Promise.all(entries.map(([url, response]) => cache.put(url, response)));
  // The app may have asked for them while the others were fetched.
  if (files === GUANJIA_FILES && (await isDesk())) await keepDesk();
}

// --- the pages of the desk -----------------------------------------------------------------------------------------

/** Whether somebody with a desk has signed in here, under this build or one before it. */
async function isDesk() {
  return Boolean(await (await caches.open(META)).match("/desk"));
}

async function keepDesk() {
  const meta = await caches.open(META);
  // First, for every build that is installed from now on comes with these pages.
  await meta.put("/desk", new Response("true"));
  const cache = await caches.open(CACHE);
  await Promise.all(
    GUANJIA_DESK.map(async (file) => {
      if (await cache.match(file[0], BY_ADDRESS)) return;
      const [url, response] = await fetchFile(file);
      await cache.put(url, response);
    }),
  );
}

async function fetchShell() {
  const response = await fetch(SHELL, { cache: "no-store", credentials: "same-origin" });
  if (!response.ok) throw new Error(`${SHELL}: ${response.status}`);
  const text = await response.text();
  // While servers are being exchanged, the shell may come from another build than this worker.
  if (!text.includes(GUANJIA_BUILD)) throw new Error(`${SHELL} is not of build ${GUANJIA_BUILD}`);
  return [SHELL, anew(text, response)];
}

/** A response that went through a redirect may not answer a navigation, so it is made anew: with the headers that the
    page needs (type, content security policy), without those that speak of the bytes on the wire. */
function anew(body, response) {
  const headers = new Headers(response.headers);
  for (const name of ["content-encoding", "content-length", "transfer-encoding"]) headers.delete(name);
  return new Response(body, { status: 200, headers });
}

async function fetchFile([url, integrity]) {
  // A hashed address that an earlier build had is the same file: no need to load it again.
  const hashed = url.startsWith("/assets/");
  const kept = hashed ? await caches.match(url, BY_ADDRESS) : undefined;
  if (kept) return [url, kept];
  // The hash is checked, because a proxy or a sign-in page may answer 200 with something else.
  const response = await fetch(url, { integrity, cache: hashed ? "default" : "no-cache", credentials: "same-origin" });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return [url, response.redirected ? anew(await response.blob(), response) : response];
}

// --- activate ----------------------------------------------------------------------------------------------------

self.addEventListener("activate", (event) => {
  // Claiming matters on the very first visit, so that it can already be reloaded without a network.
  event.waitUntil(forgetOldBuilds().then(() => self.clients.claim()));
});

async function forgetOldBuilds() {
  const meta = await caches.open(META);
  const last = await meta.match("/builds");
  const before = last ? await last.json() : {};
  const previous = before.current === GUANJIA_BUILD ? before.previous : before.current;
  await meta.put("/builds", new Response(JSON.stringify({ current: GUANJIA_BUILD, previous })));
  // A still newer build may be filling its cache at this moment; the next activation cleans up then.
  if (self.registration.installing || self.registration.waiting) return;
  const stay = [CACHE, PREFIX + previous];
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(PREFIX) && !stay.includes(name)).map((name) => caches.delete(name)));
}

// --- fetch -------------------------------------------------------------------------------------------------------

self.addEventListener("fetch", (event) => {
  const { request } = event;
  // Writes, and HEAD requests, which a cache cannot answer, go to the server as if there were no worker.
  if (request.method !== "GET") return;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin || NOT_THE_APP.test(url.pathname)) return;

  if (url.pathname.startsWith("/assets/") || KEPT.has(url.pathname)) event.respondWith(file(request, url.pathname));
  else if (request.mode === "navigate") event.respondWith(shell(request));
});

/** Every address of the app is answered with the same shell; the app reads the address itself. */
async function shell(request) {
  const cache = await caches.open(CACHE);
  // The browser may have evicted the cache under pressure.
  return (await cache.match(SHELL, BY_ADDRESS)) ?? fetch(request);
}

async function file(request, path) {
  const cache = await caches.open(CACHE);
  const own = await cache.match(path, BY_ADDRESS);
  if (own) return own;
  // A tab that still runs the build before asks for that build's parts, which the server may no longer have.
  const other = path.startsWith("/assets/") ? await caches.match(path, BY_ADDRESS) : undefined;
  return other ?? fetch(request);
}

// --- messages ----------------------------------------------------------------------------------------------------

self.addEventListener("message", (event) => {
  if (event.data?.type === "skip-waiting") event.waitUntil(self.skipWaiting());
  // Without a network the app asks again at its next start.
  if (event.data?.type === "keep-desk") event.waitUntil(keepDesk().catch(() => {}));
  if (event.data?.type === "build") event.ports[0]?.postMessage({ build: GUANJIA_BUILD });
});

// Background Sync, where there is one: only an extra. The pages hold the outbox and the locks, so they do the work.
self.addEventListener("sync", (event) => {
  if (event.tag === "guanjia-push") event.waitUntil(askPagesToPush());
});

async function askPagesToPush() {
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  for (const page of pages) page.postMessage({ type: "push" });
}
