import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBinary } from './binaries';
import type { BuildOptions } from './golang';
import type { LanguageProgram } from './programs';
import { projectRoot } from './root';

/** Below an image's Airlock: its programs, where there is neither a toolchain nor a cache. */
export const BUNDLED_PROGRAMS = 'programs';

/**
 * Paths of the language programs, each built or taken from the cache when it is asked for, and once: a product of plain
 * manifests needs none of them.
 * @throws (each) `images.go-missing`, `images.build-failed`, `images.disk-full`
 */
export function languagePrograms(options: BuildOptions = {}): Readonly<Record<LanguageProgram, () => Promise<string>>> {
  const found = new Map<LanguageProgram, Promise<string>>();
  const ask = (name: LanguageProgram) => (): Promise<string> => {
    const known = found.get(name);
    if (known) return known;
    const path = languageProgram(name, options);
    found.set(name, path);
    // What failed may work when it is asked for again.
    path.catch(() => found.delete(name));
    return path;
  };
  return { cue: ask('cue'), helm: ask('helm'), kustomize: ask('kustomize'), opa: ask('opa') };
}

async function languageProgram(name: LanguageProgram, options: BuildOptions): Promise<string> {
  const bundled = join(projectRoot(), BUNDLED_PROGRAMS, name);
  return existsSync(bundled) ? bundled : ensureBinary(name, options);
}
