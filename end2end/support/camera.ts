// What the camera sees. The picture is Chromium's own test picture; the detector that reads codes from it is told
// what it would have found.

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContext, FileChooser, Page } from "@playwright/test";
import { ROOT } from "./env.ts";

/** Stands in for the browser's code detector, on every page of the context. */
export async function stubDetector(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    class Detector {
      async detect(): Promise<{ rawValue: string }[]> {
        const seen = (window as any).codeInView as string | undefined;
        return seen ? [{ rawValue: seen }] : [];
      }
    }
    (window as any).BarcodeDetector = Detector;
  });
}

/** Holds the camera to a code until it was read. */
export async function showCode(page: Page, code: string): Promise<void> {
  await page.evaluate((text) => {
    (window as any).codeInView = text;
  }, code);
}

export async function hideCode(page: Page): Promise<void> {
  await page.evaluate(() => {
    (window as any).codeInView = undefined;
  });
}

/** Real pictures of real size: the demo company's. */
export function picture(name: string): string {
  const path = join(ROOT, "server/demo-pictures", `${name}.jpg`);
  if (!existsSync(path)) throw new Error(`no picture ${name}`);
  return path;
}

/** A JPEG as a phone's camera makes it: large, noisy, different each time. */
export async function largePicture(page: Page, width = 3200, height = 2400): Promise<Buffer> {
  const base64 = await page.evaluate(
    async ([width, height]) => {
      const canvas = document.createElement("canvas");
      canvas.width = width;
      canvas.height = height;
      const context = canvas.getContext("2d")!;
      const noise = new ImageData(256, 256);
      for (let i = 0; i < noise.data.length; i += 65536) {
        crypto.getRandomValues(noise.data.subarray(i, Math.min(i + 65536, noise.data.length)));
      }
      for (let i = 3; i < noise.data.length; i += 4) noise.data[i] = 255;
      for (let x = 0; x < width; x += 256) for (let y = 0; y < height; y += 256) context.putImageData(noise, x, y);
      const blob: Blob = await new Promise((made) => canvas.toBlob((blob) => made(blob!), "image/jpeg", 0.9));
      const bytes = new Uint8Array(await blob.arrayBuffer());
      let text = "";
      for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
      return btoa(text);
    },
    [width, height] as const,
  );
  return Buffer.from(base64, "base64");
}

/** Pages of this context encode pictures at once. Chromium waits until it has nothing else to do, up to a second each. */
export async function encodeAtOnce(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    HTMLCanvasElement.prototype.toBlob = function (made, type, quality) {
      const bytes = Uint8Array.from(atob(this.toDataURL(type, quality).split(",")[1]), (sign) => sign.charCodeAt(0));
      queueMicrotask(() => made(new Blob([bytes], { type })));
    };
  });
}

/** Presses what opens the camera and takes these pictures with it. */
export async function take(
  page: Page,
  press: () => Promise<void>,
  files: Parameters<FileChooser["setFiles"]>[0],
): Promise<void> {
  const [chooser] = await Promise.all([page.waitForEvent("filechooser"), press()]);
  await chooser.setFiles(files);
}
