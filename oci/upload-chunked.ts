import { DEFAULT_RETRY, isSilence, isTransient, pause, waitBefore, type HttpResponse } from '../net';
import { AirlockError } from '../report';
import type { ContentSource, Descriptor } from './content';
import { registryError } from './errors';
import type { RepositoryApi, UploadSession } from './registry-api';
import { SourceReader } from './source-reader';
import { streamOf } from './streams';
import { sessionOf, takenUpTo, uploadStore } from './upload-session';

/** Breaks without progress in between before an upload is given up. */
const MOST_BREAKS = 5;
const COMPLETION_TIMEOUT_MS = 300_000;
const CHUNK = 64 * 1024 * 1024;

/** The registry takes no chunks: the caller uploads the blob in one piece. */
export class ChunksRefused extends Error {}

/**
 * Uploads in chunks (distribution-spec "Pushing a blob in chunks"): what the registry has taken when a connection breaks
 * is not sent again, nor after a crash, as the upload is remembered. A chunk streams; its size only bounds what registries
 * lose that keep whole ones only.
 */
export async function uploadInChunks(
  repository: RepositoryApi,
  session: UploadSession,
  descriptor: Descriptor,
  content: ContentSource,
  signal?: AbortSignal,
): Promise<void> {
  const call = { scopes: repository.scopes('pull,push'), ...(signal ? { signal } : {}) };
  const chunk = Math.max(repository.registry.options.chunkSize ?? CHUNK, session.leastChunk);
  const store = uploadStore(repository);
  const name = { repository: repository.name, digest: descriptor.digest };
  const source = new SourceReader(content, descriptor, repository.name);
  let { url } = session;
  try {
    for (let at = session.taken ?? 0, breaks = 0, silent = 0; at < descriptor.size;) {
      await store?.save(name, url);
      const end = Math.min(at + chunk, descriptor.size);
      const from = at;
      try {
        const response = await repository.registry.send({
          ...call,
          method: 'PATCH',
          path: url,
          idempotent: false,
          headers: {
            'content-type': 'application/octet-stream',
            'content-range': `${from}-${end - 1}`,
            'content-length': String(end - from),
          },
          body: () => streamOf(source.read(from, end)),
        });
        if (response.status >= 500) throw await asTransient(response, repository);
        if (response.status !== 202) throw await refusal(response, from, descriptor, repository);
        await response.discard();
        url = sessionOf(response, repository);
        at = takenUpTo(response) ?? end;
        if (at <= from) throw noProgress(repository);
        breaks = 0;
      } catch (error) {
        if (!isTransient(error) || ++breaks > MOST_BREAKS || (isSilence(error) && ++silent > 1)) throw error;
        source.reset();
        await pause(waitBefore(breaks, DEFAULT_RETRY) ?? 0, signal);
        const status = await repository.registry.send({ ...call, path: url });
        if (status.status !== 204 && status.status !== 202)
          throw await registryError(status, 'resuming an upload', repository.name);
        await status.discard();
        url = sessionOf(status, repository);
        const taken = takenUpTo(status) ?? 0;
        if (taken > at) breaks = 0;
        at = taken;
      }
    }
  } catch (error) {
    // What failed for good is not to be gone on with; what was ended from outside is.
    if (!signal?.aborted && !isTransient(error)) await store?.remove(name);
    throw error;
  } finally {
    source.reset();
  }
  url.searchParams.set('digest', descriptor.digest);
  const response = await repository.registry.send({
    ...call,
    method: 'PUT',
    path: url,
    idempotent: false,
    headers: { 'content-length': '0' },
    // Before it answers, a registry may hash what it has or move it elsewhere.
    answerTimeoutMs: COMPLETION_TIMEOUT_MS,
  });
  await store?.remove(name);
  if (response.status !== 201 && response.status !== 204)
    throw await registryError(response, `completing the upload of ${descriptor.digest}`, repository.name);
  await response.discard();
}

async function refusal(
  response: HttpResponse,
  from: number,
  descriptor: Descriptor,
  repository: RepositoryApi,
): Promise<Error> {
  const error = await registryError(response, `uploading blob ${descriptor.digest}`, repository.name);
  // Credentials, quotas and rates are refused in one piece too.
  return from === 0 && ![401, 403, 413, 429, 507].includes(response.status) ? new ChunksRefused() : error;
}

function noProgress(repository: RepositoryApi): AirlockError {
  return new AirlockError({
    code: 'oci.registry-error',
    message: `${repository.registry.host} accepts chunks of an upload without keeping them`,
    remedy: 'Set chunkFrom to Infinity for this registry',
    where: repository.name,
  });
}

async function asTransient(response: HttpResponse, repository: RepositoryApi): Promise<AirlockError> {
  const { message, remedy, where } = await registryError(response, 'uploading a chunk', repository.name);
  return new AirlockError({
    code: 'net.unreachable',
    message,
    ...(remedy === undefined ? {} : { remedy }),
    ...(where === undefined ? {} : { where }),
  });
}
