import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface InstalledModule {
  /** Below the project: `node_modules/undici`. */
  readonly path: string;
  readonly version: string;
}

interface LockedPackage {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/**
 * What package.json's dependencies need, found in package-lock.json as Node looks modules up, without those that `omit`
 * names at the top. Optional packages count where they are installed.
 */
export async function productionModules(root: string, omit: (name: string) => boolean): Promise<InstalledModule[]> {
  const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, LockedPackage>;
  };
  const project = lock.packages[''] ?? {};
  const found = new Map<string, InstalledModule>();
  const visit = (name: string, from: string): void => {
    const path = locate(lock.packages, name, from);
    if (path === undefined || found.has(path) || !existsSync(join(root, path))) return;
    const entry = lock.packages[path] ?? {};
    found.set(path, { path, version: entry.version ?? '' });
    for (const dependency of Object.keys({
      ...entry.dependencies,
      ...entry.optionalDependencies,
      ...entry.peerDependencies,
    })) {
      visit(dependency, path);
    }
  };
  for (const name of Object.keys(project.dependencies ?? {})) if (!omit(name)) visit(name, '');
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The nearest `node_modules/<name>` from the folder of a package upwards. */
function locate(packages: Readonly<Record<string, LockedPackage>>, name: string, from: string): string | undefined {
  for (let folder = from; ;) {
    const candidate = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (packages[candidate]) return candidate;
    if (folder === '') return undefined;
    const cut = folder.lastIndexOf('/node_modules/');
    folder = cut < 0 ? '' : folder.slice(0, cut);
  }
}
