import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** `airlock/<version>`, sent with every request. */
export function userAgent(): string {
  return (agent ??= `airlock/${packageVersion()}`);
}
let agent: string | undefined;

/** The package file lies one level up from the source and two levels up from the compiled file. */
function packageVersion(): string {
  for (let folder = __dirname; dirname(folder) !== folder; folder = dirname(folder)) {
    try {
      const found = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
        name?: string;
        version?: string;
      };
      if (found.name === 'airlock' && found.version !== undefined) return found.version;
    } catch {
      continue;
    }
  }
  return 'unknown';
}
