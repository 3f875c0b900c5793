import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

let found: string | undefined;

/** The checkout (or image) Airlock runs from: the folder with `package.json` and `tools/`, the same from source and from `dist/`. */
export function projectRoot(): string {
  if (found) return found;
  let folder = __dirname;
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`no package.json above ${__dirname}`);
    folder = parent;
  }
  found = folder;
  return folder;
}
