import { hasCode } from '../report';
import type { CallOptions, Descriptor } from './content';
import { describe, parseDigest } from './digest';
import { registryError } from './errors';
import { parseIndex, subjectOf } from './manifest';
import { MediaType } from './media-types';
import type { RepositoryApi } from './registry-api';
import { readContent } from './streams';

/** distribution-spec "Referrers Tag Schema": the digest with `-` for `:`, cut to the length of a tag. */
export function referrersTag(digest: string): string {
  const { algorithm, hex } = parseDigest(digest);
  return `${algorithm.slice(0, 32)}-${hex.slice(0, 64)}`;
}

/** Referrers by the API where the registry has it, else from the fallback tag. */
export async function listReferrers(
  repository: RepositoryApi,
  descriptor: Descriptor,
  options: CallOptions,
): Promise<Descriptor[]> {
  const found: Descriptor[] = [];
  let path: string | URL = repository.path(`referrers/${descriptor.digest}`);
  for (let pages = 0; pages < 1000; pages++) {
    const response = await repository.registry.send({
      path,
      scopes: repository.scopes('pull'),
      headers: { accept: MediaType.index },
      ...options,
    });
    const isIndex = response.header('content-type')?.startsWith(MediaType.index) ?? false;
    // Registries without this API say so in many ways.
    if ([400, 404, 405, 406, 501].includes(response.status) || (response.ok && !isIndex)) {
      await response.discard();
      return [...((await readFallback(repository, descriptor.digest, options)) ?? [])];
    }
    if (!response.ok) throw await registryError(response, `listing referrers of ${descriptor.digest}`, repository.name);
    found.push(...parseIndex(await response.bytes(), repository.name).manifests);
    const next = /<([^>]*)>\s*;[^,]*rel="?next"?/.exec(response.header('link') ?? '')?.[1];
    if (next === undefined || !URL.canParse(next, response.url.href)) break;
    const target = new URL(next, response.url);
    path = new URL(response.url.origin + target.pathname + target.search);
  }
  return found;
}

/** Lists a manifest with a subject under the subject's fallback tag (distribution-spec "Pushing Manifests with Subject"). */
export async function addToFallback(
  repository: RepositoryApi,
  pushed: Descriptor,
  bytes: Uint8Array,
  options: CallOptions,
): Promise<void> {
  const subject = subjectOf(bytes, repository.name);
  if (!subject) return;
  const known = (await readFallback(repository, subject.digest, options)) ?? [];
  if (known.some(entry => entry.digest === pushed.digest)) return;
  const document = JSON.parse(Buffer.from(bytes).toString('utf8')) as {
    artifactType?: string;
    annotations?: Record<string, string>;
    config?: Descriptor;
  };
  const artifactType = document.artifactType ?? document.config?.mediaType;
  const entry: Descriptor = {
    mediaType: pushed.mediaType,
    digest: pushed.digest,
    size: pushed.size,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(document.annotations === undefined ? {} : { annotations: document.annotations }),
  };
  const index = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: MediaType.index, manifests: [...known, entry] }),
  );
  await repository.pushTagged(describe(MediaType.index, index), index, referrersTag(subject.digest), options);
}

async function readFallback(
  repository: RepositoryApi,
  digest: string,
  options: CallOptions,
): Promise<readonly Descriptor[] | undefined> {
  try {
    const descriptor = await repository.resolve(referrersTag(digest), options);
    return parseIndex(await readContent(repository, descriptor, options), repository.name).manifests;
  } catch (error) {
    if (hasCode(error, 'oci.not-found')) return undefined;
    throw error;
  }
}
