import { createHash } from 'node:crypto';
import { AirlockError } from '../../report';
import { forgeError } from '../errors';
import type { CallOptions, CommitRequest, FileChange, FileContent, RepositoryName, TreeEntry } from '../forge';
import { pathOf, type GiteaApi } from './api';
import { createBranch, findCommit } from './branches';

/** A file of a repository is read into memory; larger ones are refused. */
const maxFileBytes = 32 * 1024 * 1024;
const maxTreeEntries = 50_000;
const symbolicLink = '120000';
const readsAtOnce = 8;

interface WireTree {
  tree: { path: string; mode: string; type: string; size: number; sha: string }[] | null;
  truncated: boolean;
}

function bytesOf(content: string | Uint8Array): Buffer {
  return typeof content === 'string' ? Buffer.from(content, 'utf8') : Buffer.from(content);
}

/** The id git gives to these bytes. */
export function blobSha(content: string | Uint8Array): string {
  const bytes = bytesOf(content);
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

export async function listTree(
  api: GiteaApi,
  name: RepositoryName,
  ref: string,
  path: string,
  options: CallOptions = {},
): Promise<TreeEntry[]> {
  const commit = await findCommit(api, name, ref, options);
  if (!commit) return [];
  const prefix = path.replace(/^\/+|\/+$/g, '');
  const entries: TreeEntry[] = [];
  for (let page = 1; ; page++) {
    const { body } = await api.request<WireTree>(
      `list the files of ${name.owner}/${name.name} at ${ref}`,
      'GET',
      pathOf('repos', name.owner, name.name, 'git', 'trees', commit.sha),
      { ...options, query: { recursive: true, per_page: 1000, page } },
    );
    for (const entry of body.tree ?? []) {
      if (entry.type !== 'blob' || !isBelow(entry.path, prefix)) continue;
      entries.push({ path: entry.path, sha: entry.sha, size: entry.size, mode: entry.mode });
    }
    if (entries.length > maxTreeEntries) throw tooLarge(name, `more than ${maxTreeEntries} files at ${ref}`);
    if (!body.truncated) break;
  }
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

export async function readTree(
  api: GiteaApi,
  name: RepositoryName,
  ref: string,
  path: string,
  options: CallOptions = {},
): Promise<FileContent[]> {
  const entries = (await listTree(api, name, ref, path, options)).filter(entry => entry.mode !== symbolicLink);
  const files: FileContent[] = [];
  for (let at = 0; at < entries.length; at += readsAtOnce) {
    const some = entries.slice(at, at + readsAtOnce).map(entry => readEntry(api, name, entry, options));
    files.push(...(await Promise.all(some)));
  }
  return files;
}

export async function readEntry(
  api: GiteaApi,
  name: RepositoryName,
  entry: TreeEntry,
  options: CallOptions = {},
): Promise<FileContent> {
  return { path: entry.path, sha: entry.sha, content: await readBlob(api, name, entry, options) };
}

export async function readFile(
  api: GiteaApi,
  name: RepositoryName,
  path: string,
  ref: string,
  options: CallOptions = {},
): Promise<FileContent | undefined> {
  const found = await api.find<
    { type: string; sha: string; size: number; encoding: string | null; content: string | null } | unknown[]
  >(
    `read ${path} of ${name.owner}/${name.name} at ${ref}`,
    pathOf('repos', name.owner, name.name, 'contents') + encodePath(path),
    { ...options, query: { ref } },
  );
  if (!found || Array.isArray(found) || !('type' in found) || found.type !== 'file') return undefined;
  if (found.content === null || found.encoding !== 'base64') {
    return {
      path,
      sha: found.sha,
      content: await readBlob(api, name, { path, sha: found.sha, size: found.size, mode: '100644' }, options),
    };
  }
  return { path, sha: found.sha, content: verified(name, path, found.sha, Buffer.from(found.content, 'base64')) };
}

export async function commitFiles(
  api: GiteaApi,
  name: RepositoryName,
  request: CommitRequest,
  options: CallOptions = {},
): Promise<{ commit: string }> {
  const what = `commit to ${name.owner}/${name.name}@${request.branch}`;
  if (request.files.length === 0)
    throw forgeError('forge.invalid', `Cannot ${what}: no file changes`, { what, url: api.url });
  const start = await startingPoint(api, name, request, options);
  const { body } = await api.request<{ commit: { sha: string } }>(
    what,
    'POST',
    pathOf('repos', name.owner, name.name, 'contents'),
    {
      ...options,
      body: {
        branch: start.branch,
        ...(start.newBranch ? { new_branch: start.newBranch, force_push: request.reset ?? false } : {}),
        message: request.message,
        ...(request.author ? { author: request.author, committer: request.author } : {}),
        files: request.files.map(wireChange),
      },
    },
  );
  return { commit: body.commit.sha };
}

/**
 * The changes that make the files below `prefix` equal to `wanted` (path to content; undefined: the file must go).
 * Files that `wanted` does not name are left alone. Nothing to change: an empty list.
 */
export function changesTo(
  present: readonly TreeEntry[] | readonly FileContent[],
  wanted: Readonly<Record<string, string | Uint8Array | undefined>>,
): FileChange[] {
  const known = new Map(present.map(entry => [entry.path, entry.sha]));
  const changes: FileChange[] = [];
  for (const path of Object.keys(wanted).sort()) {
    const content = wanted[path];
    const sha = known.get(path);
    if (content === undefined) {
      if (sha !== undefined) changes.push({ operation: 'delete', path, sha });
    } else if (sha === undefined) {
      changes.push({ operation: 'create', path, content });
    } else if (sha !== blobSha(content)) {
      changes.push({ operation: 'update', path, content, sha });
    }
  }
  return changes;
}

/** Gitea commits on a branch, or on a new one made from a branch; a new one from a commit is made first. */
async function startingPoint(
  api: GiteaApi,
  name: RepositoryName,
  request: CommitRequest,
  options: CallOptions,
): Promise<{ branch: string; newBranch?: string }> {
  if (!request.base || request.base === request.branch) return { branch: request.branch };
  const existing = await api.find<unknown>(
    `look for branch ${request.branch}`,
    pathOf('repos', name.owner, name.name, 'branches', request.branch),
    options,
  );
  if (existing && !request.reset) return { branch: request.branch };
  if (!existing && /^[0-9a-f]{40}([0-9a-f]{24})?$/.test(request.base)) {
    await createBranch(api, name, request.branch, request.base, options);
    return { branch: request.branch };
  }
  return { branch: request.base, newBranch: request.branch };
}

function wireChange(change: FileChange) {
  return {
    operation: change.operation,
    path: change.path,
    ...('content' in change ? { content: bytesOf(change.content).toString('base64') } : {}),
    ...('sha' in change ? { sha: change.sha } : {}),
  };
}

async function readBlob(api: GiteaApi, name: RepositoryName, entry: TreeEntry, options: CallOptions): Promise<Buffer> {
  if (entry.size > maxFileBytes) throw tooLarge(name, `${entry.path} has ${entry.size} bytes`);
  const { body } = await api.request<{ content: string }>(
    `read ${entry.path} of ${name.owner}/${name.name}`,
    'GET',
    pathOf('repos', name.owner, name.name, 'git', 'blobs', entry.sha),
    options,
  );
  return verified(name, entry.path, entry.sha, Buffer.from(body.content, 'base64'));
}

/** Git names content by digest, so what is read is checked against its name. */
function verified(name: RepositoryName, path: string, sha: string, content: Buffer): Buffer {
  if (sha.length === 40 && blobSha(content) !== sha) {
    throw new AirlockError({
      code: 'forge.failed',
      message: `The forge sent bytes for ${path} of ${name.owner}/${name.name} that are not blob ${sha}`,
      remedy: "Look at the forge's log, and check that nothing between it and this machine changes content",
    });
  }
  return content;
}

function tooLarge(name: RepositoryName, what: string): AirlockError {
  return new AirlockError({
    code: 'forge.invalid',
    message: `${name.owner}/${name.name} is too large to read over the API: ${what}`,
    remedy: 'Keep large files out of the repository; ship them as resources of the component',
  });
}

function isBelow(path: string, prefix: string): boolean {
  return prefix === '' || path === prefix || path.startsWith(`${prefix}/`);
}

function encodePath(path: string): string {
  return path
    .split('/')
    .filter(part => part !== '')
    .map(part => `/${encodeURIComponent(part)}`)
    .join('');
}
