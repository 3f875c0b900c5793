import { DEFAULT_RETRY, isTransient, pause, waitBefore, type HttpResponse } from '../net';
import { AirlockError } from '../report';
import type { ContentSource, Descriptor } from './content';
import { registryError } from './errors';
import type { RepositoryApi } from './registry-api';
import { SourceReader } from './source-reader';
import { streamOf } from './streams';
import { sessionOf } from './upload-session';

/** Breaks without progress in between before an upload is given up. */
const MOST_BREAKS = 5;
const CHUNK = 256 * 1024 * 1024;

/** The registry takes no chunks: the caller uploads the blob in one piece. */
export class ChunksRefused extends Error {}

/**
 * Uploads in chunks (distribution-spec "Pushing a blob in chunks"): what the registry has taken when a connection breaks
 * is not sent again. A chunk streams; it is large, as chunks only bound what registries lose that keep whole ones only.
 */
export async function uploadInChunks(
  repository: RepositoryApi,
  session: URL,
  descriptor: Descriptor,
  content: ContentSource,
  least: number,
  signal?: AbortSignal,
): Promise<void> {
  const call = { scopes: repository.scopes('pull,push'), ...(signal ? { signal } : {}) };
  const chunk = Math.max(repository.registry.options.chunkSize ?? CHUNK, least);
  const source = new SourceReader(content, descriptor, repository.name);
  let url = session;
  try {
    for (let at = 0, breaks = 0; at < descriptor.size;) {
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
        if (!isTransient(error) || ++breaks > MOST_BREAKS) throw error;
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
  });
  if (response.status !== 201 && response.status !== 204)
    throw await registryError(response, `completing the upload of ${descriptor.digest}`, repository.name);
  await response.discard();
}

/** Bytes the registry has, from `Range: 0-<last>`. `0-0` is written for nothing as well as for one byte. */
function takenUpTo(response: HttpResponse): number | undefined {
  const last = /^(?:bytes[= ])?0-(\d+)$/.exec(response.header('range') ?? '')?.[1];
  if (last === undefined) return undefined;
  return last === '0' ? 0 : Number(last) + 1;
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
