// Reads a QR code from a picture, for browsers without BarcodeDetector (Safari, Firefox).
// Bundled with the decoder into one module that boot.js loads when it is first needed.
import decodeQR from "qr/decode.js";

/** What one picture may cost, in milliseconds: the camera gives the next one soon, a frozen page is worse. */
const TIME_LIMIT = 120;

/**
 * The text of the first code in the picture, or null when there is none.
 * @param {ImageData} imageData
 * @returns {Promise<string | null>}
 */
export async function decode(imageData) {
  try {
    return decodeQR(imageData, { timeLimit: TIME_LIMIT });
  } catch {
    // The library says by an exception that it found nothing.
    return null;
  }
}
