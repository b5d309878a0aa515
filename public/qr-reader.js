// Reads a QR code from a picture, for browsers without BarcodeDetector (Safari, Firefox).
// Bundled with zxing-wasm into one module that boot.js loads when it is first needed; its wasm comes from our own
// origin, because the library's own default is a CDN, which neither the CSP nor a basement would let through.
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";

/* global QR_READER_WASM -- the hashed address, put in by `cargo xtask build` */
prepareZXingModule({ overrides: { locateFile: () => QR_READER_WASM } });

/**
 * The text of the first code in the picture, or null when there is none.
 * @param {ImageData} imageData
 * @returns {Promise<string | null>}
 */
export async function decode(imageData) {
  const found = await readBarcodes(imageData, { formats: ["QRCode"], maxNumberOfSymbols: 1, tryHarder: true });
  return found.find((code) => code.isValid)?.text ?? null;
}
