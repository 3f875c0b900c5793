import { mkdtemp, readdir, realpath, rm, stat, writeFile, copyFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { at, listAt, textAt, type KubernetesObject } from '../../cluster';
import { git, type GitAccess } from './git-command';
import { readSecret } from './secrets';
import type { Fetched, Looking, SourceKind, Upstream } from './source';
import { SourceFailure } from './status';
import { newestInRange } from './versions';

/** GitRepository over HTTP(S), by the git program. */
export const gitSource: SourceKind = {
  kind: 'GitRepository',
  noun: 'revision',

  async look(looking: Looking): Promise<Upstream> {
    const { object, signal } = looking;
    refuseUnsupported(object);
    return withAccess(looking, async access => {
      const { reference, hash } = await resolveReference(object, access, signal);
      return {
        revision: reference ? `${reference}@sha1:${hash}` : `sha1:${hash}`,
        file: `${hash}.tar.gz`,
        fetch: (folder, abort) =>
          withAccess({ ...looking, signal: abort }, again => checkout(object, again, hash, reference, folder, abort)),
      };
    });
  },

  observed: object => ({
    observedIgnore: at(object, 'spec', 'ignore') ?? null,
    observedRecurseSubmodules: at(object, 'spec', 'recurseSubmodules') === true ? true : null,
    observedSparseCheckout: at(object, 'spec', 'sparseCheckout') ?? null,
  }),
};

function refuseUnsupported(object: KubernetesObject): void {
  const { spec } = object;
  const unsupported = (what: string): string => `${what} is not supported by the stand-in for source-controller`;
  if (at(spec, 'verify')) {
    throw new SourceFailure('VerificationError', unsupported('spec.verify'), {
      condition: 'SourceVerified',
      stalled: true,
    });
  }
  if (listAt(spec, 'include').length > 0) {
    throw new SourceFailure('NotSupported', unsupported('spec.include'), {
      condition: 'IncludeUnavailable',
      stalled: true,
    });
  }
  const provider = textAt(spec, 'provider') ?? 'generic';
  if (provider !== 'generic' || at(spec, 'proxySecretRef')) {
    const what = provider !== 'generic' ? `provider '${provider}'` : 'spec.proxySecretRef';
    throw new SourceFailure('InvalidProviderConfiguration', unsupported(what), { stalled: true });
  }
  const url = textAt(spec, 'url') ?? '';
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? '')) {
    throw new SourceFailure('URLInvalid', `failed to parse url '${url}': only http and https are supported`, {
      stalled: true,
    });
  }
}

/** Runs `work` with the credentials of `spec.secretRef`; a certificate authority lies in a file only for as long. */
async function withAccess<T>(
  { cluster, object, signal }: Looking,
  work: (access: GitAccess) => Promise<T>,
): Promise<T> {
  const url = textAt(object, 'spec', 'url') ?? '';
  const name = textAt(object, 'spec', 'secretRef', 'name');
  if (!name) return work({ url });
  const data = await readSecret(cluster, object.metadata.namespace ?? '', name, signal);
  const username = data.get('username');
  const bearerToken = data.get('bearerToken');
  const ca = data.get('ca.crt') ?? data.get('caFile');
  if (username === undefined && bearerToken === undefined && ca === undefined) {
    throw new SourceFailure(
      'AuthenticationFailed',
      `failed to configure authentication options: secret '${name}' has neither username nor bearerToken`,
    );
  }
  const folder = ca === undefined ? undefined : await mkdtemp(join(tmpdir(), 'git-trust-'));
  try {
    const caFile = folder ? join(folder, 'ca.crt') : undefined;
    if (caFile) await writeFile(caFile, ca ?? '');
    return await work({
      url,
      ...(username === undefined ? {} : { username, password: data.get('password') ?? '' }),
      ...(bearerToken === undefined ? {} : { bearerToken }),
      ...(caFile ? { caFile } : {}),
    });
  } finally {
    if (folder) await rm(folder, { recursive: true, force: true });
  }
}

/** What to fetch: a name as it appears in the revision (none for a bare commit) and the commit. */
async function resolveReference(
  object: KubernetesObject,
  access: GitAccess,
  signal: AbortSignal,
): Promise<{ reference: string; hash: string }> {
  const ref = at(object, 'spec', 'ref');
  const commit = textAt(ref, 'commit');
  const name = textAt(ref, 'name');
  const range = textAt(ref, 'semver');
  const tag = textAt(ref, 'tag');
  const branch = textAt(ref, 'branch') ?? 'master';
  if (commit !== undefined) {
    if (!/^[0-9a-f]{40}([0-9a-f]{24})?$/.test(commit))
      throw new SourceFailure('GitOperationFailed', `'${commit}' is not a full commit hash`);
    return { reference: textAt(ref, 'branch') ?? '', hash: commit };
  }
  const references = await listReferences(access, signal);
  const find = (full: string): string => {
    // An annotated tag is listed with the commit it stands for, marked ^{}.
    const hash = references.get(`${full}^{}`) ?? references.get(full);
    if (hash === undefined) {
      throw new SourceFailure(
        'GitOperationFailed',
        `failed to checkout and determine revision: couldn't find remote ref "${full}"`,
      );
    }
    return hash;
  };
  if (name !== undefined) return { reference: name, hash: find(name) };
  if (range !== undefined) {
    const tags = [...references.keys()]
      .filter(key => key.startsWith('refs/tags/') && !key.endsWith('^{}'))
      .map(key => key.slice(10));
    let newest: string | undefined;
    try {
      newest = newestInRange(tags, range);
    } catch {
      throw new SourceFailure('GitOperationFailed', `semver parse error: '${range}' is not a range`);
    }
    if (newest === undefined) throw new SourceFailure('GitOperationFailed', `no match found for semver: ${range}`);
    return { reference: newest, hash: find(`refs/tags/${newest}`) };
  }
  if (tag !== undefined) return { reference: tag, hash: find(`refs/tags/${tag}`) };
  return { reference: branch, hash: find(`refs/heads/${branch}`) };
}

async function listReferences(access: GitAccess, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
  const output = await git(access, ['ls-remote', '--quiet', '--', access.url], { signal });
  const references = new Map<string, string>();
  for (const line of output.split('\n')) {
    const [hash, name] = line.split('\t');
    if (hash && name) references.set(name, hash);
  }
  if (references.size === 0) throw new SourceFailure('EmptyGitRepository', 'git repository is empty');
  return references;
}

async function checkout(
  object: KubernetesObject,
  access: GitAccess,
  hash: string,
  reference: string,
  folder: string,
  signal: AbortSignal,
): Promise<Fetched> {
  const run = (...args: string[]): Promise<string> => git(access, args, { cwd: folder, signal });
  await run('init', '--quiet');
  const fetch = ['fetch', '--quiet', '--depth', '1', '--no-tags', '--', access.url];
  try {
    await run(...fetch, hash);
  } catch (error) {
    // A server that gives no single commits gives branches and tags, in full.
    if (signal.aborted || reference === '') throw error;
    await run('fetch', '--quiet', '--', access.url, '+refs/heads/*:refs/remotes/origin/*', '+refs/tags/*:refs/tags/*');
  }
  await run('checkout', '--quiet', '--detach', hash);
  if (at(object, 'spec', 'recurseSubmodules') === true) {
    await run('remote', 'add', 'origin', access.url);
    await run('submodule', '--quiet', 'update', '--init', '--recursive', '--depth', '1');
  }
  await rm(join(folder, '.git'), { recursive: true, force: true });
  await keepOnly(folder, listAt(object, 'spec', 'sparseCheckout').map(String));
  await resolveLinks(folder);
  return { content: { folder } };
}

/** `spec.sparseCheckout`: only these folders. One that does not exist is an error, as in Flux. */
async function keepOnly(folder: string, wanted: readonly string[]): Promise<void> {
  const paths = wanted
    .map(path => path.replace(/^(\.\/)+/, '').replace(/\/+$/, ''))
    .filter(path => path !== '' && path !== '.');
  if (paths.length === 0) return;
  for (const path of paths) {
    const info = path.split('/').includes('..') ? undefined : await stat(join(folder, path)).catch(() => undefined);
    if (!info?.isDirectory()) {
      throw new SourceFailure(
        'GitOperationFailed',
        `failed to sparse checkout directories : sparse checkout dir '${path}' does not exist in repository`,
      );
    }
  }
  const isWanted = (path: string): boolean => paths.some(kept => path === kept || path.startsWith(`${kept}/`));
  const leadsTo = (path: string): boolean => paths.some(kept => kept.startsWith(`${path}/`));
  const prune = async (below: string): Promise<void> => {
    for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
      const path = below ? `${below}/${entry.name}` : entry.name;
      if (isWanted(path)) continue;
      if (entry.isDirectory() && leadsTo(path)) await prune(path);
      else await rm(join(folder, path), { recursive: true, force: true });
    }
  };
  await prune('');
}

/** Links to files inside become those files; all others are left out of the artifact. */
async function resolveLinks(folder: string): Promise<void> {
  const root = await realpath(folder);
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name);
    const target = await realpath(path).catch(() => undefined);
    await rm(path);
    if (target?.startsWith(root + sep) && (await stat(target)).isFile()) await copyFile(target, path);
  }
}
