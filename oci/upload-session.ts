import type { HttpResponse } from '../net';
import { AirlockError } from '../report';
import { registryError } from './errors';
import type { RepositoryApi, UploadSession } from './registry-api';

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
