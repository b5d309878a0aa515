// Compresses files next to themselves (`.br`, `.gz`) in node's thread pool: the same brotli as a crate would be,
// but native and already here, so that building xtask stays short.
// Standard input: {"brotli": 1–11, "files": [path, …]}.
import { readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const { brotli: quality, files } = JSON.parse(readFileSync(0, "utf8"));
const compressBrotli = promisify(brotliCompress);
const compressGzip = promisify(gzip);

await Promise.all(
  files.map(async (path) => {
    const bytes = await readFile(path);
    const params = {
      [constants.BROTLI_PARAM_QUALITY]: quality,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    };
    const [br, gz] = await Promise.all([compressBrotli(bytes, { params }), compressGzip(bytes, { level: 9 })]);
    await Promise.all([writeFile(`${path}.br`, br), writeFile(`${path}.gz`, gz)]);
  }),
);
