// What people do on the pages, in a browser that is driven by WebDriver: found by what they read, pressed as a thumb does.

import { PASSWORD } from "../support/env.ts";
import { until } from "../support/server.ts";
import { t } from "../support/texts.ts";
import type { EnginePhone } from "./driver.ts";

/** Finds what is shown: a selector, the exact name, and the group that it is in. */
const FIND = `
  const nameOf = (one) => (one.getAttribute("aria-label") ?? one.textContent).trim();
  const shown = (one) => one.getClientRects().length > 0;
  const find = (selector, name, group) => {
    const groups = group === null ? [document] : [...document.querySelectorAll("[role=group]")].filter((one) => nameOf(one) === group);
    const all = groups.flatMap((one) => [...one.querySelectorAll(selector)]);
    return all.find((one) => shown(one) && (name === null || nameOf(one) === name)) ?? null;
  };`;

async function seen(
  phone: EnginePhone,
  selector: string,
  name: string | null = null,
  group: string | null = null,
): Promise<object> {
  const script = `${FIND} return find(...arguments);`;
  const what = [selector, name, group].filter(Boolean).join(" / ");
  return until(`“${what}”`, async () => (await phone.run<object | null>(script, selector, name, group)) ?? undefined);
}

/** Scrolls to it and presses it. What is on top of it, or moves, is a reason to try again. */
export async function press(
  phone: EnginePhone,
  selector: string,
  name: string | null = null,
  group: string | null = null,
): Promise<void> {
  await until(`pressing “${name ?? selector}”`, async () => {
    const element = await seen(phone, selector, name, group);
    await phone.run(`arguments[0].scrollIntoView({ block: "center", behavior: "instant" });`, element);
    await phone.click(element);
    return true;
  });
}

/** Presses it and comes back in the very moment in which the page says so. */
export async function pressUntilTold(phone: EnginePhone, selector: string, text: string): Promise<void> {
  await phone.runAsync(
    `const [selector, text] = args;
    const told = new Promise((done) => {
      const look = (changes) => changes.some(({ addedNodes }) => [...addedNodes].some((one) => one.textContent.includes(text))) && done();
      new MutationObserver(look).observe(document.querySelector(".toasts"), { childList: true });
    });
    document.querySelector(selector).click();
    await told;`,
    selector,
    text,
  );
}

/** Types into the field with that label. */
export async function type(phone: EnginePhone, label: string, text: string): Promise<void> {
  const script = `const [name] = arguments;
    const label = [...document.querySelectorAll("label")].find((one) => one.textContent.trim() === name);
    return label?.control ?? document.querySelector(\`input[aria-label="\${name}"]\`);`;
  const field = await until(`the field “${label}”`, async () => (await phone.run<object | null>(script, label)) ?? undefined);
  await phone.type(field, text);
}

/** What is written there. */
function textOf(phone: EnginePhone, selector: string): Promise<string> {
  return phone.run(`return document.querySelector(arguments[0])?.textContent.trim() ?? "";`, selector);
}

export async function expectText(phone: EnginePhone, selector: string, text: string | RegExp, within = 40_000): Promise<void> {
  let last = "";
  const matches = async (): Promise<boolean> => {
    last = await textOf(phone, selector);
    return typeof text === "string" ? last.includes(text) : text.test(last);
  };
  await until(`“${text}” in ${selector}`, matches, within).catch((error: Error) => {
    throw new Error(`${error.message}; it reads “${last}”`);
  });
}

export async function signIn(phone: EnginePhone, url: string, account: string): Promise<void> {
  await phone.open(url);
  await type(phone, t("session.account"), account);
  await type(phone, t("session.password"), PASSWORD);
  await press(phone, "button", t("session.sign_in"));
  await expectText(phone, ".sync-badge", t("frame.badge_synced"), 60_000);
  // The service worker has the whole app, and has this page.
  await phone.runAsync(`
    await navigator.serviceWorker.ready;
    if (!navigator.serviceWorker.controller) {
      await new Promise((done) => navigator.serviceWorker.addEventListener("controllerchange", done, { once: true }));
    }`);
}

/** By an address, without loading the page anew. */
export async function visit(phone: EnginePhone, address: string): Promise<void> {
  await phone.run(
    `const link = Object.assign(document.createElement("a"), { href: arguments[0] });
    document.querySelector("#app").append(link);
    link.click();
    link.remove();`,
    address,
  );
  await until(`the page ${address}`, () => phone.run<boolean>("return location.pathname === arguments[0];", address));
}

/** Presses what opens the camera and takes this picture with it. */
export async function take(phone: EnginePhone, button: string, file: string): Promise<void> {
  // The dialog of the browser is not part of the page; the field that it would fill is.
  await phone.run(`HTMLInputElement.prototype.click = function () {
    this.hidden = true;
    document.body.append(this);
  };`);
  await press(phone, "button", button);
  const script = `return document.querySelector("body > input[type=file]");`;
  const field = await until("the camera", async () => (await phone.run<object | null>(script)) ?? undefined);
  await phone.type(field, file);
  await phone.run(`document.querySelector("body > input[type=file]")?.remove();`);
}
