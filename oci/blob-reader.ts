import type { Readable } from 'node:stream';
import { isSilence, isTransient, pause, waitBefore, DEFAULT_RETRY } from '../net';
import { AirlockError } from '../report';
import type { Descriptor } from './content';
import { Verifier } from './digest';
import { registryError } from './errors';
import type { RepositoryApi } from './registry-api';
import { selfChecking, streamOf } from './streams';

/** Breaks in a row without a byte in between before a download is given up. */
const MOST_BREAKS = 5;

/**
 * Streams a blob, checked, and goes on where it stopped (a Range request) when the connection breaks.
 * Opens lazily but for the first answer, so that a missing blob fails here.
 */
export async function blobReader(
  repository: RepositoryApi,
  descriptor: Descriptor,
  signal?: AbortSignal,
): Promise<Readable> {
  const cancel = new AbortController();
  const either = signal ? AbortSignal.any([signal, cancel.signal]) : cancel.signal;
  const chunks = read(repository, descriptor, either);
  // The first step runs up to the first chunk: errors of opening belong to fetch, not to the stream.
  const first = await chunks.next();
  return selfChecking(
    streamOf(chunks, () => cancel.abort(), first),
    descriptor,
  );
}

async function* read(
  repository: RepositoryApi,
  descriptor: Descriptor,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const verifier = new Verifier(descriptor, repository.name);
  for (let breaks = 0; ;) {
    const from = verifier.seen;
    try {
      for await (const chunk of part(repository, descriptor, from, signal)) {
        if (chunk.length === 0) continue;
        verifier.update(chunk);
        breaks = 0;
        yield chunk;
      }
      // A connection that closes early without an error looks like an end.
      if (verifier.seen >= descriptor.size || verifier.seen === from) break;
    } catch (error) {
      // The client has asked a silent server twice already.
      if (!isTransient(error) || isSilence(error) || ++breaks > MOST_BREAKS) throw error;
      await pause(waitBefore(breaks, DEFAULT_RETRY) ?? 0, signal);
    }
  }
  verifier.finish();
}

async function* part(
  repository: RepositoryApi,
  descriptor: Descriptor,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const response = await repository.registry.send({
    path: repository.path(`blobs/${descriptor.digest}`),
    scopes: repository.scopes('pull'),
    ...(from > 0 ? { headers: { range: `bytes=${from}-` } } : {}),
    signal,
  });
  if (!response.ok) throw await registryError(response, `fetching blob ${descriptor.digest}`, repository.name);
  let skip = 0;
  if (response.status === 206) {
    const start = /^bytes (\d+)-/.exec(response.header('content-range') ?? '')?.[1];
    if (start === undefined || Number(start) !== from) {
      response.body.destroy();
      throw new AirlockError({
        code: 'oci.registry-error',
        message: `${repository.registry.host} answered with another range than asked for`,
        remedy: 'Look for a cache or proxy before the registry that mishandles Range requests',
        where: repository.name,
      });
    }
  } else {
    skip = from;
  }
  for await (const chunk of response.chunks()) {
    const used = chunk.subarray(Math.min(skip, chunk.length));
    skip -= chunk.length - used.length;
    yield used;
  }
}
