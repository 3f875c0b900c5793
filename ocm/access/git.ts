import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { consumerOf, consumerType, type CallOptions } from '../../oci';
import { AirlockError } from '../../report';
import type { AccessSpec } from '../descriptor';
import type { OpenedContent } from '../repository/repository';
import type { Registries } from '../repository/space';
import { authorizationOf } from './download';
import { git, gitEnvironment, GitFailure, type GitEnvironment } from './git-command';
import { archiveCommit } from './git-tree';
import { textField } from './types';

/** Media type of packed source trees, as the reference names it. */
export const sourceTreeMediaType = 'application/x-tgz';

/** A state of a git repository: the commit, else what the ref points at, else the default branch. */
export interface GitReference {
  readonly repository: string;
  readonly ref?: string;
  /** 40 (or 64) hex digits. */
  readonly commit?: string;
}

/** The files at the commit that an access of type `git` names, as `.tar.gz`. Throws `ocm.invalid-access`. */
export function openGitAccess(access: AccessSpec, registries: Registries, where: string): OpenedContent {
  const repository = textField(access, 'repository', 'repoUrl');
  const ref = textField(access, 'ref');
  const commit = textField(access, 'commit');
  return openGit(
    {
      repository: repository ?? '',
      ...(ref === undefined ? {} : { ref }),
      ...(commit === undefined ? {} : { commit }),
    },
    registries,
    where,
  );
}

/** Reading throws `ocm.git-failed`, `ocm.git-missing`, `oci.not-found`. */
export function openGit(reference: GitReference, registries: Registries, where: string): OpenedContent {
  assertUsable(reference, where);
  return { mediaType: sourceTreeMediaType, stream: options => cloned(reference, registries, where, options ?? {}) };
}

function assertUsable({ repository, ref, commit }: GitReference, where: string): void {
  const refuse = (why: string): AirlockError =>
    new AirlockError({ code: 'ocm.invalid-access', message: `the access of type git ${why}`, where });
  // `user@host:path` is git's short form for ssh.
  const isUrl = URL.canParse(repository) && /^(https?|ssh|git|file):$/.test(new URL(repository).protocol);
  if (!isUrl && !/^[\w.-]+@[\w.-]+:[^:]+$/.test(repository)) throw refuse('has no usable repository');
  if (isUrl && new URL(repository).password !== '') throw refuse('has a password in its repository');
  if (ref !== undefined && (!/^[^\s~^:?*[\\-][^\s~^:?*[\\]*$/.test(ref) || /\.\.|@\{|\/\/|\.lock$|\/$/.test(ref)))
    throw refuse(`has the ref ${JSON.stringify(ref.slice(0, 100))}, which is none`);
  if (commit !== undefined && !/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(commit))
    throw refuse(`has the commit ${JSON.stringify(commit.slice(0, 100))}, which is none`);
}

async function cloned(
  reference: GitReference,
  registries: Registries,
  where: string,
  { signal }: CallOptions,
): Promise<Readable> {
  const { repository } = reference;
  const folder = await mkdtemp(path.join(tmpdir(), 'airlock-git-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const authorization = URL.canParse(repository)
    ? await authorizationOf(registries, consumerOf(consumerType.git, new URL(repository)))
    : undefined;
  const environment = gitEnvironment(folder, repository, authorization, signal);
  const packed = path.join(folder, 'archive.tgz');
  try {
    await git(['init', '--quiet', '--bare', 'repository'], environment);
    const inside = { ...environment, folder: path.join(folder, 'repository') };
    const commit = await fetched(reference, inside);
    await archiveCommit(inside, commit, archive => pipeline(archive, createGzip(), createWriteStream(packed)));
  } catch (error) {
    await remove();
    throw error instanceof AirlockError || signal?.aborted ? error : failed(error, reference, where);
  }
  const stream = createReadStream(packed);
  stream.once('close', () => void remove());
  return stream;
}

/** Fetches what is needed and gives the name of the commit. */
async function fetched({ repository, ref, commit }: GitReference, environment: GitEnvironment): Promise<string> {
  const fetch = (...wanted: readonly string[]): Promise<void> =>
    git(['fetch', '--quiet', '--no-tags', '--no-recurse-submodules', ...wanted], environment);
  if (commit === undefined) {
    await fetch('--depth=1', '--', repository, ref ?? 'HEAD');
    return 'FETCH_HEAD^{commit}';
  }
  try {
    await fetch('--depth=1', '--', repository, commit);
  } catch (error) {
    if (!(error instanceof GitFailure)) throw error;
    // Not every server gives out commits by name: then it is somewhere in the history.
    await fetch('--', repository, '+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*');
  }
  return `${commit}^{commit}`;
}

function failed(error: unknown, { repository, ref, commit }: GitReference, where: string): AirlockError {
  const said = error instanceof Error ? error.message.replace(/\p{Cc}+/gu, ' ').slice(0, 300) : '';
  const missing =
    /not found|couldn't find remote ref|not our ref|bad object|Not a valid object|does not (exist|appear to be)/i.test(
      said,
    );
  return new AirlockError({
    code: missing ? 'oci.not-found' : 'ocm.git-failed',
    message: `reading ${commit ?? ref ?? 'the default branch'} of ${repository} failed: ${said}`,
    where,
    remedy:
      'Check the address, the commit and the credentials, or transfer the component by value from where it can be reached',
    cause: error,
  });
}
