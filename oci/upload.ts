import { isTransient, pause, waitBefore, DEFAULT_RETRY, type HttpResponse } from '../net';
import { AirlockError, hasCode } from '../report';
import type { ContentSource, Descriptor } from './content';
import { registryError } from './errors';
import type { RegistryRepository } from './repository';
import { openSource } from './streams';

/** Uploads begun before giving up. */
const ATTEMPTS = 4;

/**
 * Uploads a blob: POST for a session, one streaming PUT (distribution-spec "POST then PUT"). After a failure that may
 * pass, a new session is opened and the source read again. Throws `oci.digest-mismatch` when the source is not as described.
 */
export async function uploadBlob(
  repository: RegistryRepository,
  descriptor: Descriptor,
  content: ContentSource,
  signal?: AbortSignal,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      const session = repository.openUploads.get(descriptor.digest) ?? (await openUpload(repository, signal));
      repository.openUploads.delete(descriptor.digest);
      return await putBlob(repository, session, descriptor, content, signal);
    } catch (error) {
      if (attempt >= ATTEMPTS || !mayPass(error)) throw error;
      await pause(waitBefore(attempt, DEFAULT_RETRY) ?? 0, signal);
    }
  }
}

/**
 * Asks the registry to take a blob over from another of its repositories (distribution-spec "Mounting a blob"). Where it
 * declines by opening an upload, the following upload uses that session.
 */
export async function mountBlob(
  repository: RegistryRepository,
  descriptor: Descriptor,
  from: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const query = new URLSearchParams({ mount: descriptor.digest, from });
  const response = await repository.registry.send({
    method: 'POST',
    path: repository.path(`blobs/uploads/?${query.toString()}`),
    scopes: repository.scopes('pull,push', from),
    idempotent: true,
    headers: { 'content-length': '0' },
    ...(signal ? { signal } : {}),
  });
  await response.discard();
  if (response.status === 202) repository.openUploads.set(descriptor.digest, sessionOf(response, repository));
  // Whatever else went wrong will show, with its reason, when the blob is pushed.
  return response.status === 201;
}

async function openUpload(repository: RegistryRepository, signal?: AbortSignal): Promise<URL> {
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
  return sessionOf(response, repository);
}

async function putBlob(
  repository: RegistryRepository,
  session: URL,
  descriptor: Descriptor,
  content: ContentSource,
  signal?: AbortSignal,
): Promise<void> {
  const url = new URL(session);
  url.searchParams.set('digest', descriptor.digest);
  const response = await repository.registry.send({
    method: 'PUT',
    path: url,
    scopes: repository.scopes('pull,push'),
    // Half a body may have arrived: only a new session is clean.
    idempotent: false,
    headers: { 'content-type': 'application/octet-stream', 'content-length': String(descriptor.size) },
    body: descriptor.size === 0 ? new Uint8Array() : () => openSource(content, descriptor, repository.name),
    ...(signal ? { signal } : {}),
  });
  if (response.status !== 201 && response.status !== 204)
    throw await registryError(response, `uploading blob ${descriptor.digest}`, repository.name);
  await response.discard();
}

/** The session's URL; registries may name it relatively. */
function sessionOf(response: HttpResponse, repository: RegistryRepository): URL {
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

function mayPass(error: unknown): boolean {
  if (isTransient(error) || hasCode(error, 'oci.rate-limited')) return true;
  // 5xx, and 404 or 416 for a session that is gone.
  return hasCode(error, 'oci.registry-error') && /status (5\d\d|404|416)\b/.test(error.message);
}
