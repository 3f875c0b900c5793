import { existsSync } from 'node:fs';
import { chmod, cp, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { contentKey, ensureFolder } from './cache';
import { type BuildOptions, buildGo, moduleFolder, recipeKey } from './golang';
import { type GoProgram, type LanguageProgram, program, programs } from './programs';

/** Programs wanted on the host itself, and the build that brings them. */
const hostBinaries: Readonly<Record<string, { readonly program: string; readonly file?: string }>> = {
  kind: { program: 'kind' },
  kubectl: { program: 'kubernetes' },
  gitea: { program: 'gitea' },
  registry: { program: 'registry' },
  'podinfo-1.8.0': { program: 'podinfo-1.8.0', file: 'podinfo' },
  'podinfo-6.9.2': { program: 'podinfo-6.9.2', file: 'podinfo' },
  'runc-wrapper': { program: 'runc-wrapper' },
  'controller-gen': { program: 'controller-gen' },
  cue: { program: 'cue' },
  helm: { program: 'helm' },
  kustomize: { program: 'kustomize' },
  opa: { program: 'opa' },
  'nats-server': { program: 'nats' },
  shop: { program: 'orders' },
  fulfilment: { program: 'orders' },
};

export type BinaryName =
  | 'kind'
  | 'kubectl'
  | 'gitea'
  | 'registry'
  | `podinfo-${string}`
  | 'runc-wrapper'
  | 'controller-gen'
  | LanguageProgram
  | 'nats-server'
  | 'shop'
  | 'fulfilment';

/** The path of a program for this machine, built or taken from the cache. Static, needs nothing installed. */
export async function ensureBinary(name: BinaryName, options: BuildOptions = {}): Promise<string> {
  const entry = hostBinaries[name];
  if (!entry) throw new Error(`no binary ${name} in images/binaries.ts`);
  return join(await buildGo(program(entry.program), options), entry.file ?? name);
}

const GITEA = 'code.gitea.io/gitea';

/**
 * The folder for Gitea's STATIC_ROOT_PATH: templates, options and public files of the module the binary was built from.
 * Its pages are plain: the module carries no compiled CSS and JavaScript.
 */
export async function giteaStaticRoot(options: BuildOptions = {}): Promise<string> {
  const gitea = program('gitea');
  return ensureFolder(
    join('share', `gitea-${contentKey(await recipeKey(gitea), 'static root 1')}`),
    async folder => {
      const module = await moduleFolder(gitea, GITEA, options.signal);
      for (const part of ['templates', 'options', 'public', 'LICENSE'])
        await copyWritable(join(module, part), join(folder, part));
      await copyWritable(join(module, 'docker', 'rootless'), join(folder, 'docker'));
    },
    options.signal,
  );
}

/** A podinfo release's user interface files, which its binary reads from `--ui-path`. */
export async function podinfoUi(version: string, options: BuildOptions = {}): Promise<string> {
  const podinfo: GoProgram = program(`podinfo-${version}`);
  return ensureFolder(
    join('share', `podinfo-${contentKey(await recipeKey(podinfo), 'ui 1')}`),
    async folder => {
      const path = Object.values(podinfo.binaries)[0] ?? '';
      const module = path.replace(/\/cmd\/podinfo$/, '');
      const source = await moduleFolder(podinfo, module, options.signal);
      for (const part of ['ui', 'LICENSE']) await copyWritable(join(source, part), join(folder, part));
    },
    options.signal,
  );
}

/** The podinfo releases that can be built, oldest first. */
export function podinfoVersions(): string[] {
  return programs.filter(entry => entry.name.startsWith('podinfo-')).map(entry => entry.version);
}

/** Module caches are read-only; what is copied out of one must not be, or it could never be removed again. */
async function copyWritable(from: string, to: string): Promise<void> {
  if (!existsSync(from)) return;
  await cp(from, to, { recursive: true });
  await makeWritable(to);
}

async function makeWritable(path: string): Promise<void> {
  const info = await stat(path);
  await chmod(path, info.mode | 0o200);
  if (!info.isDirectory()) return;
  for (const name of await readdir(path)) await makeWritable(join(path, name));
}
