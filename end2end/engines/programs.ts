// Where programs are.

import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** The first of these on the PATH. */
export function found(...names: string[]): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter).filter(Boolean);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
}
