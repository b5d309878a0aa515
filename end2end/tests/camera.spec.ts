// The printed code in front of the real decoder: sheet of paper → camera picture → bundled decoder → signature → point.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { Client } from "../support/api.ts";
import { clusterOf, ROUND, TEMPLATE } from "../support/demo.ts";
import { expect, test } from "../support/fixtures.ts";
import { button, signIn, startRound } from "../support/pages.ts";
import { Phone } from "../support/profile.ts";

const WIDTH = 640;
const HEIGHT = 480;

/** The code as it hangs on the wall, photographed: brightness of each pixel. */
async function photograph(sheet: Page, code: string): Promise<Buffer> {
  const base64 = await sheet.evaluate(
    async ([code, width, height]) => {
      const place = document.querySelector(`[data-code="${code}"]`)!;
      const drawn = (place.matches("svg") ? place : place.querySelector("svg")!).cloneNode(true) as SVGSVGElement;
      drawn.setAttribute("width", "300");
      drawn.setAttribute("height", "300");
      const picture = new Image();
      picture.src = `data:image/svg+xml;base64,${btoa(new XMLSerializer().serializeToString(drawn))}`;
      await picture.decode();
      const canvas = document.createElement("canvas");
      canvas.width = width;
      canvas.height = height;
      const context = canvas.getContext("2d")!;
      context.fillStyle = "#d8d4cc";
      context.fillRect(0, 0, width, height);
      context.fillStyle = "#fff";
      context.fillRect(150, 70, 340, 340);
      context.drawImage(picture, 170, 90, 300, 300);
      const pixels = context.getImageData(0, 0, width, height).data;
      const brightness = new Uint8Array(width * height);
      for (let i = 0; i < brightness.length; i += 1) {
        brightness[i] = (pixels[4 * i] * 299 + pixels[4 * i + 1] * 587 + pixels[4 * i + 2] * 114) / 1000;
      }
      let text = "";
      for (let i = 0; i < brightness.length; i += 8192) text += String.fromCharCode(...brightness.subarray(i, i + 8192));
      return btoa(text);
    },
    [code, WIDTH, HEIGHT] as const,
  );
  return Buffer.from(base64, "base64");
}

test("a printed code is read by the camera and the decoder that come with the app, without a network", async ({
  server,
  desk,
}) => {
  const office = await Client.signIn(server.url, "zhuguan1");
  const cluster = await clusterOf(office, "A");
  const template = (await office.records("round_template", office.company)).find(
    (one) => one.name === TEMPLATE && !one.superseded,
  )!;
  const checkpoint = (await office.records("checkpoint")).find(
    (one) => one.cluster === cluster && one.template === template.template && one.point === template.points[0].code,
  )!;
  const sheet = await (await desk()).newPage();
  await signIn(sheet, server.url, "zhuguan1");
  await sheet.goto(`${server.url}/print/checkpoints?cluster=${cluster}`);
  const code = await sheet.locator(`[data-code*="${checkpoint.id}"]`).first().getAttribute("data-code");

  const frame = await photograph(sheet, code!);
  const film = join(server.folder, "code.y4m");
  const colour = Buffer.alloc((WIDTH * HEIGHT) / 2, 128);
  writeFileSync(
    film,
    Buffer.concat([
      Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F30:1 Ip A1:1 C420jpeg\n`),
      ...[0, 1, 2].flatMap(() => [Buffer.from("FRAME\n"), frame, colour]),
    ]),
  );
  const phone = await Phone.switchOn("camera", [`--use-file-for-fake-video-capture=${film}`]);
  await signIn(phone.page, server.url, "guanjia1");
  await phone.context.setOffline(true);
  await startRound(phone.page, ROUND);
  await button(phone.page.locator(".confirm"), "rounds.scan").click();
  await expect(phone.page.locator(".confirm .badge.ok")).toBeVisible({ timeout: 30_000 });
  await phone.switchOff();
});
