import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Files written by the reference command line, kept with the tests. */
export const referenceCli = path.join(__dirname, 'vectors', 'reference-cli');

/** Other vectors stand beside the checkout; tests over them say so and are skipped where they are absent. */
export const sharedVectors = path.resolve(__dirname, '..', '..', '..', 'shared', 'vectors');

export function sharedVector(context: Mocha.Context, ...parts: readonly string[]): string {
  const file = path.join(sharedVectors, ...parts);
  if (!existsSync(file)) {
    process.stderr.write(`skipped: the vector ${parts.join('/')} is not beside this checkout\n`);
    context.skip();
  }
  return file;
}

export function readText(...parts: readonly string[]): string {
  return readFileSync(path.join(...parts), 'utf8');
}
