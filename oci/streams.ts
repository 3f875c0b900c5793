import { pipeline, Readable } from 'node:stream';
import type { Content, ContentSource, CallOptions, Descriptor } from './content';
import { AirlockError } from '../report';
import { assertMatches, VerifyingStream } from './digest';
import { MANIFEST_LIMIT } from './manifest';

/**
 * A byte stream over a generator, after its step `first` where that was taken already. Destroying it calls `cancel` at once,
 * even while the generator waits for data.
 */
export function streamOf(
  chunks: AsyncGenerator<Uint8Array>,
  cancel: () => void = () => undefined,
  first?: IteratorResult<Uint8Array>,
): Readable {
  let taken = first;
  return new Readable({
    read() {
      const step = taken === undefined ? chunks.next() : Promise.resolve(taken);
      taken = undefined;
      step.then(
        result => this.push(result.done ? null : result.value),
        (error: unknown) => this.destroy(error instanceof Error ? error : new Error(String(error))),
      );
    },
    destroy(error, callback) {
      cancel();
      chunks.return(undefined).catch(() => undefined);
      callback(error);
    },
  });
}

/** A stream over bytes that are at hand. */
export function streamOfBytes(bytes: Uint8Array): Readable {
  return Readable.from([Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)], { objectMode: false });
}

/** Streams that check themselves, and against what: hashing costs more than all else in a copy, and once is enough. */
const checked = new WeakMap<Readable, string>();

/** Says that the stream fails unless its bytes are those described. */
export function selfChecking(stream: Readable, descriptor: Descriptor): Readable {
  checked.set(stream, `${descriptor.digest} ${descriptor.size}`);
  return stream;
}

/** The stream, checked against the descriptor; destroying either destroys both. */
export function verifying(source: Readable, descriptor: Descriptor, where: string): Readable {
  if (checked.get(source) === `${descriptor.digest} ${descriptor.size}`) return source;
  // pipeline hands errors on to the result and destroys the source; there is nothing left to do at its end.
  return selfChecking(
    pipeline(source, new VerifyingStream(descriptor, where), () => undefined),
    descriptor,
  );
}

/** Opens a source, checked against the descriptor. */
export async function openSource(content: ContentSource, descriptor: Descriptor, where: string): Promise<Readable> {
  if (typeof content === 'function') return verifying(await content(), descriptor, where);
  assertMatches(descriptor, content, where);
  return streamOfBytes(content);
}

/** Reads a source whole, checked. Throws `oci.too-large` for descriptors beyond `limit` bytes. */
export async function readSource(
  content: ContentSource,
  descriptor: Descriptor,
  where: string,
  limit = MANIFEST_LIMIT,
): Promise<Buffer> {
  refuseLarge(descriptor, where, limit);
  if (typeof content !== 'function') {
    assertMatches(descriptor, content, where);
    return Buffer.from(content);
  }
  return collect(await openSource(content, descriptor, where));
}

/** Reads a blob or manifest whole, checked. For what is small by nature; default limit 8 MiB. Throws `oci.too-large`. */
export async function readContent(
  content: Pick<Content, 'fetch' | 'name'>,
  descriptor: Descriptor,
  options: CallOptions & { readonly limit?: number } = {},
): Promise<Buffer> {
  refuseLarge(descriptor, content.name, options.limit ?? MANIFEST_LIMIT);
  const bytes = await collect(await content.fetch(descriptor, options));
  assertMatches(descriptor, bytes, content.name);
  return bytes;
}

/** All bytes of a stream whose length is bounded by what made it. */
export async function collect(stream: Readable): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const chunk of stream) parts.push(chunk as Buffer);
  return Buffer.concat(parts);
}

function refuseLarge(descriptor: Descriptor, where: string, limit: number): void {
  if (descriptor.size <= limit) return;
  throw new AirlockError({
    code: 'oci.too-large',
    message: `${descriptor.digest} is ${descriptor.size} bytes, and content of this kind (${descriptor.mediaType}) is read up to ${limit}`,
    remedy: 'Check that the reference names what is meant',
    where,
  });
}
