// A device whose clock is wrong, or whose owner did something a while ago.

import type { BrowserContext, Page } from "@playwright/test";

function shift(milliseconds: number): void {
  const w = window as any;
  w.realNow ??= Date.now;
  Date.now = () => w.realNow.call(Date) + milliseconds;
}

/** Every page of this context, from the next load on, has a clock that is off by that much. */
export async function shiftClock(context: BrowserContext, milliseconds: number): Promise<void> {
  await context.addInitScript(shift, milliseconds);
}

/** The page that is open has, from now on. */
export async function shiftClockNow(page: Page, milliseconds: number): Promise<void> {
  await page.evaluate(shift, milliseconds);
}
