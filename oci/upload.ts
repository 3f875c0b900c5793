import { isSilence, isTransient, pause, waitBefore, DEFAULT_RETRY } from '../net';
import { hasCode } from '../report';
import type { ContentSource, Descriptor } from './content';
import { registryError } from './errors';
import type { RepositoryApi, UploadSession } from './registry-api';
import { openSource } from './streams';
import { ChunksRefused, uploadInChunks } from './upload-chunked';
import { openUpload, rememberedUpload, sessionOf } from './upload-session';

/** Uploads begun before giving up. */
const ATTEMPTS = 4;

/** Blobs from this size are worth a request more to be resumable. */
const CHUNK_FROM = 64 * 1024 * 1024;

/**
 * Uploads a blob: POST for a session and one streaming PUT (distribution-spec "POST then PUT"), large ones in chunks, which
 * another run goes on with after a crash. After a failure that may pass, a new session is opened and the source read again. Throws `oci.digest-mismatch` when the source
 * is not as described.
 */
export async function uploadBlob(
  repository: RepositoryApi,
  descriptor: Descriptor,
  content: ContentSource,
  signal?: AbortSignal,
): Promise<void> {
  let chunked = descriptor.size >= (repository.registry.options.chunkFrom ?? CHUNK_FROM);
  for (let attempt = 1, silent = 0, goesOn = false; ; attempt++) {
    try {
      const session: UploadSession =
        repository.openUploads.get(descriptor.digest) ??
        (chunked ? await rememberedUpload(repository, descriptor, signal) : undefined) ??
        (await openUpload(repository, signal));
      repository.openUploads.delete(descriptor.digest);
      goesOn = session.taken !== undefined;
      if (chunked) return await uploadInChunks(repository, session, descriptor, content, signal);
      return await putBlob(repository, session.url, descriptor, content, signal);
    } catch (error) {
      if (error instanceof ChunksRefused) chunked = false;
      // What another run left may be damaged: it gets one try, and then the upload begins anew.
      else if (goesOn && !signal?.aborted) goesOn = false;
      else if (attempt >= ATTEMPTS || !mayPass(error) || (isSilence(error) && ++silent > 1)) throw error;
      else await pause(waitBefore(attempt, DEFAULT_RETRY) ?? 0, signal);
    }
  }
}

/**
 * Asks the registry to take a blob over from another of its repositories (distribution-spec "Mounting a blob"). Where it
 * declines by opening an upload, the following upload uses that session.
 */
export async function mountBlob(
  repository: RepositoryApi,
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
  if (response.status === 202)
    repository.openUploads.set(descriptor.digest, { url: sessionOf(response, repository), leastChunk: 0 });
  // Whatever else went wrong will show, with its reason, when the blob is pushed.
  return response.status === 201;
}

async function putBlob(
  repository: RepositoryApi,
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

function mayPass(error: unknown): boolean {
  if (isTransient(error) || hasCode(error, 'oci.rate-limited')) return true;
  // 5xx, and 404 or 416 for a session that is gone.
  return hasCode(error, 'oci.registry-error') && /status (5\d\d|404|416)\b/.test(error.message);
}
