// Starts the app, and connects it to what only a page can do: the service worker, installing, the QR decoder.
//
// The shell that the server renders names the hashed addresses on this script's own tag:
//   <script type="module" src="/assets/boot.….js"
//           data-app-js="…" data-app-wasm="…" data-qr-js="…"></script>
//
// Events on `window`, from here to the app:
//   guanjia:update-ready   a new version is waiting; detail.taken is true when another tab has already switched to it
//   guanjia:install-ready  the browser would install the app
//   guanjia:installed      it has been installed
//   guanjia:push           the browser woke the service worker to send what is waiting
// and from the app to here:
//   guanjia:apply-update   switch to the new version now and reload (the app says so between two forms, never in one)
//   guanjia:install        ask the browser to install; answered by guanjia:install-answer, detail.accepted
//   guanjia:check-update   look for a new version now
//   guanjia:keep-desk      keep the pages of the desk for working offline, too
// What may happen before the app listens is also kept in `window.guanjia_state` {updateReady, installReady}.

const tag = document.querySelector("script[data-app-js]");
const state = { updateReady: false, installReady: false };
window.guanjia_state = state;

const tell = (name, detail) => window.dispatchEvent(new CustomEvent(`guanjia:${name}`, { detail }));

// --- the app -----------------------------------------------------------------------------------------------------

/* global GUANJIA_PARTS -- {part: [address, …]}: the pieces of the program that each part of the app needs */

/** Fetches what the page at this address will need next to the first piece, which names it only once it runs. */
function fetchAhead() {
  // Nobody is signed in: the sign-in page needs no more, and what comes after it is fetched when it is painted.
  if (!localStorage.getItem("guanjia.session")) return;
  const { pathname } = location;
  const parts = ["inside"];
  if (/^\/(office\/|dashboard$)/.test(pathname)) parts.push("office");
  else if (!/^\/(today)?$/.test(pathname)) parts.push("field");
  for (const address of new Set(parts.flatMap((part) => GUANJIA_PARTS[part] ?? []))) {
    const link = Object.assign(document.createElement("link"), { rel: "preload", as: "fetch", crossOrigin: "anonymous", href: address });
    document.head.append(link);
  }
}

async function start() {
  try {
    fetchAhead();
  } catch {
    // Only sooner than otherwise; a browser that keeps nothing for us says so elsewhere.
  }
  const loading = import(tag.dataset.appJs);
  loading.catch(() => {});
  // This script waits for nothing, and the program needs its place; so does what is said where it cannot be loaded.
  if (document.readyState === "loading") await new Promise((done) => addEventListener("DOMContentLoaded", done, { once: true }));
  const app = await loading;
  await app.default({ module_or_path: tag.dataset.appWasm });
}

/** Without the app there are no translations, hence both languages; without a style sheet it must still be legible. */
function showFailure(problem) {
  const place = document.getElementById("app") ?? document.body;
  const page = document.createElement("main");
  page.className = "boot-failure";
  page.setAttribute("role", "alert");
  const add = (element, text, lang) => {
    const made = document.createElement(element);
    made.textContent = text;
    if (lang) made.lang = lang;
    page.append(made);
    return made;
  };
  add("h1", "管家没能启动", "zh-Hans");
  add("p", "您记录的内容都还在这台设备上,没有丢失。请连上网络后点“重试”;仍然不行,请用手机自带的浏览器(Chrome、Safari、Edge)打开本页。请不要清除浏览器数据。", "zh-Hans");
  add("h1", "Guanjia could not start", "en");
  add("p", "Everything you recorded is still on this device; nothing is lost. Connect to the network and press “Retry”. If that does not help, open this page in the phone's own browser (Chrome, Safari, Edge). Please do not clear the browser's data.", "en");
  add("button", "重试 · Retry").addEventListener("click", () => location.reload());
  add("pre", String(problem?.message ?? problem));
  place.replaceChildren(page);
}

start().catch((problem) => {
  console.error(problem);
  showFailure(problem);
});

// --- new versions ------------------------------------------------------------------------------------------------

/** Only the tab that was asked reloads: in another one somebody may be in the middle of a form. */
let reloadWhenTaken = false;

async function watchUpdates() {
  const workers = navigator.serviceWorker;
  // Missing in some apps' built-in browsers and on plain http; the app says so where it matters.
  if (!workers) return;
  window.addEventListener("guanjia:keep-desk", keepDesk);

  const ready = (taken) => {
    state.updateReady = true;
    tell("update-ready", { taken });
  };
  let controlled = Boolean(workers.controller);
  workers.addEventListener("controllerchange", () => {
    if (reloadWhenTaken) location.reload();
    // The very first worker taking charge of this page is not an update.
    else if (controlled) ready(true);
    controlled = true;
  });
  workers.addEventListener("message", (event) => {
    if (event.data?.type === "push") tell("push");
  });

  const registration = await workers.register("/service-worker.js", { scope: "/", updateViaCache: "none" });
  // Each once: what was put off is not asked for again with every look.
  let told = null;
  const look = () => {
    const { waiting } = registration;
    if (!waiting || waiting === told || !workers.controller) return;
    told = waiting;
    ready(false);
  };
  // On a slow machine an event may come after the worker it tells of has gone on: whoever waits is looked for, too.
  const watch = () => {
    registration.installing?.addEventListener("statechange", look);
    look();
  };
  watch();
  registration.addEventListener("updatefound", watch);

  window.addEventListener("guanjia:apply-update", () => {
    reloadWhenTaken = true;
    if (registration.waiting) registration.waiting.postMessage({ type: "skip-waiting" });
    else location.reload();
  });

  // An installed app may stay open for weeks and never navigate, which is when browsers look for a new worker.
  const check = () => registration.update().then(watch, () => {});
  window.addEventListener("guanjia:check-update", check);
  window.addEventListener("online", check);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && check());
  setInterval(check, 60 * 60 * 1000);
}

async function keepDesk() {
  const { active, waiting, installing } = await navigator.serviceWorker.ready;
  // A build that waits for its turn must have them, too.
  for (const worker of [active, waiting, installing]) worker?.postMessage({ type: "keep-desk" });
}

watchUpdates().catch((problem) => console.warn("no service worker:", problem));

// --- installing --------------------------------------------------------------------------------------------------

let installPrompt = null;

window.addEventListener("beforeinstallprompt", (event) => {
  // The app offers it where it makes sense, instead of the browser's banner over somebody's work.
  event.preventDefault();
  installPrompt = event;
  state.installReady = true;
  tell("install-ready");
});

window.addEventListener("appinstalled", () => {
  installPrompt = null;
  state.installReady = false;
  tell("installed");
});

window.addEventListener("guanjia:install", async () => {
  const prompt = installPrompt;
  if (!prompt) return;
  // A prompt may be shown once.
  installPrompt = null;
  state.installReady = false;
  prompt.prompt();
  const { outcome } = await prompt.userChoice;
  tell("install-answer", { accepted: outcome === "accepted" });
});

// --- QR codes ----------------------------------------------------------------------------------------------------

/** The text of the QR code in a picture (`ImageData`), or null. For browsers without BarcodeDetector. */
window.guanjia_decode_qr = async (imageData) => (await import(tag.dataset.qrJs)).decode(imageData);
