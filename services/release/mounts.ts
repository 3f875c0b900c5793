import { copyFile, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { AirlockError } from '../../report';
import type { KeyReference, WorkspaceBinding } from './manifests';

/** Where the runner finds what Kubernetes would mount: one folder per secret or config map, one file per key. */
export interface Mounts {
  readonly secretsDir: string;
  readonly configMapsDir: string;
}

const maxValueBytes = 1024 * 1024;

/** The value of one key; undefined when it is missing and may be. Throws `release.missing-value`. */
export async function valueOf(
  mounts: Mounts,
  kind: 'Secret' | 'ConfigMap',
  reference: KeyReference,
  where: string,
): Promise<string | undefined> {
  const path = keyFile(mounts, kind, reference.name, reference.key);
  try {
    if ((await stat(path)).size > maxValueBytes)
      throw missing(kind, reference, `is larger than ${maxValueBytes} bytes`, where);
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof AirlockError) throw error;
    if (reference.optional) return undefined;
    throw missing(kind, reference, 'is missing', where);
  }
}

/** Fills `folder` with the content of the secret or config map that the workspace is bound to. */
export async function fillWorkspace(mounts: Mounts, binding: WorkspaceBinding, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const source = binding.secret ?? binding.configMap;
  if (!source) return;
  const kind = binding.secret ? 'Secret' : 'ConfigMap';
  const name = binding.secret?.secretName ?? binding.configMap?.name ?? '';
  const where = `workspace ${binding.name}`;
  const items = source.items ?? (await keysOf(mounts, kind, name)).map(key => ({ key, path: key }));
  if (items.length === 0 && !source.optional) throw missing(kind, { name, key: '*' }, 'is missing', where);
  for (const { key, path } of items) {
    if (path !== basename(path)) throw missing(kind, { name, key }, `cannot be placed at ${path}`, where);
    try {
      await copyFile(keyFile(mounts, kind, name, key), join(folder, path));
    } catch {
      if (!source.optional) throw missing(kind, { name, key }, 'is missing', where);
    }
  }
}

/** All values that must not be seen in a log. */
export async function secretValues(mounts: Mounts): Promise<string[]> {
  const values: string[] = [];
  for (const secret of await foldersIn(mounts.secretsDir)) {
    // Basic authentication writes the two as one.
    const account = await Promise.all(
      ['username', 'password'].map(key => readFile(keyFile(mounts, 'Secret', secret, key), 'utf8').catch(() => '')),
    );
    if (account.every(part => part !== '')) values.push(account.join(':'));
    for (const key of await keysOf(mounts, 'Secret', secret)) {
      if (isPublic(key)) continue;
      values.push(await readFile(keyFile(mounts, 'Secret', secret, key), 'utf8').catch(() => ''));
    }
  }
  return values.filter(value => value !== '');
}

/** Keys whose values everybody may know: hiding a user name or an address makes a log useless. */
function isPublic(key: string): boolean {
  return /^(username|user|email|url|host|registry|component|signature|image|tls\.crt|ca\.crt|.*\.pub|public.*)$/i.test(
    key,
  );
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter(entry => entry.isDirectory() || entry.isSymbolicLink()).map(entry => entry.name);
}

/** Files only: a mounted secret's own bookkeeping starts with two dots. */
async function keysOf(mounts: Mounts, kind: 'Secret' | 'ConfigMap', name: string): Promise<string[]> {
  const folder = join(kind === 'Secret' ? mounts.secretsDir : mounts.configMapsDir, basename(name));
  return (await readdir(folder).catch(() => [])).filter(key => !key.startsWith('..')).sort();
}

function keyFile(mounts: Mounts, kind: 'Secret' | 'ConfigMap', name: string, key: string): string {
  return join(kind === 'Secret' ? mounts.secretsDir : mounts.configMapsDir, basename(name), basename(key));
}

function missing(kind: string, reference: KeyReference, problem: string, where: string): AirlockError {
  return new AirlockError({
    code: 'release.missing-value',
    message: `Key ${reference.key} of ${kind} ${reference.name} ${problem}`,
    remedy: `Mount it below the release runner's folder for ${kind === 'Secret' ? 'secrets' : 'config maps'}`,
    where,
  });
}
