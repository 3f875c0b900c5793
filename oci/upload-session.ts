import { notice, type HttpResponse } from '../net';
import { AirlockError } from '../report';
import type { Descriptor } from './content';
import { registryError } from './errors';
import type { RepositoryApi, UploadSession } from './registry-api';
import { uploadsInCache, type UploadStore } from './upload-store';

/** POST for a session (distribution-spec "Pushing blobs"). */
export async function openUpload(repository: RepositoryApi, signal?: AbortSignal): Promise<UploadSession> {
  const response = await repository.registry.send({
    method: 'POST',
    path: repository.path('blobs/uploads/'),
    scopes: repository.scopes('pull,push'),
    // An upload session that nobody uses costs nothing, so that this POST may be repeated.
    idempotent: true,
    headers: { 'content-length': '0' },
    ...(signal ? { signal } : {}),
  });
  if (response.status !== 202) throw await registryError(response, 'beginning an upload', repository.name);
  await response.discard();
  return {
    url: sessionOf(response, repository),
    leastChunk: Number(response.header('oci-chunk-min-length') ?? 0) || 0,
  };
}

/** Where uploads of this repository are remembered; undefined when they are not. */
export function uploadStore({ registry }: RepositoryApi): UploadStore | undefined {
  const { uploads = uploadsInCache() } = registry.options;
  return uploads === 'none' ? undefined : uploads;
}

/** An upload that another run began, where the registry still has it. */
export async function rememberedUpload(
  repository: RepositoryApi,
  { digest, size }: Descriptor,
  signal?: AbortSignal,
): Promise<UploadSession | undefined> {
  const url = await uploadStore(repository)?.take({ repository: repository.name, digest });
  if (url === undefined || url.origin !== repository.registry.url('/').origin) return undefined;
  const response = await repository.registry.send({
    path: url,
    scopes: repository.scopes('pull,push'),
    ...(signal ? { signal } : {}),
  });
  await response.discard();
  const taken = takenUpTo(response);
  // Some registries cannot tell after a break in the middle of a chunk; then the upload begins anew.
  if (response.status !== 204 && response.status !== 202) return undefined;
  if (taken === undefined || taken === 0 || taken > size) return undefined;
  notice({
    kind: 'resumed',
    host: repository.registry.host,
    text: `going on with an upload at ${taken} of ${size} bytes (${digest.slice(0, 19)})`,
  });
  return { url: sessionOf(response, repository), leastChunk: 0, taken };
}

/** Bytes the registry has, from `Range: 0-<last>`. `0-0` is written for nothing as well as for one byte. */
export function takenUpTo(response: HttpResponse): number | undefined {
  const last = /^(?:bytes[= ])?0-(\d+)$/.exec(response.header('range') ?? '')?.[1];
  if (last === undefined) return undefined;
  return last === '0' ? 0 : Number(last) + 1;
}

/** The session's URL; registries may name it relatively. */
export function sessionOf(response: HttpResponse, repository: RepositoryApi): URL {
  const location = response.header('location');
  if (location !== undefined && URL.canParse(location, response.url.href)) {
    const url = new URL(location, response.url);
    if (url.protocol === response.url.protocol || url.protocol === 'https:') return url;
  }
  throw new AirlockError({
    code: 'oci.registry-error',
    message: `${repository.registry.host} opened an upload without a usable Location`,
    remedy:
      'If a proxy stands before the registry, let it pass Host and X-Forwarded-Proto, or set http.relativeurls in the registry',
    where: repository.name,
  });
}
