import type { Readable } from 'node:stream';
import type { CallOptions, Content, ContentSource, Descriptor } from './content';
import { parseDigest } from './digest';
import { blobNotFound, notFound } from './errors';
import { sniffMediaType, subjectOf } from './manifest';
import { isManifest } from './media-types';
import { readSource, streamOfBytes } from './streams';

/** Content in memory: for small artifacts on their way, and for tests. */
export class MemoryContent implements Content {
  private readonly stored = new Map<string, { descriptor: Descriptor; bytes: Buffer }>();
  private readonly tagged = new Map<string, Descriptor>();

  constructor(readonly name = 'memory') {}

  resolve(reference: string): Promise<Descriptor> {
    const found = this.tagged.get(reference) ?? this.stored.get(reference)?.descriptor;
    return found ? Promise.resolve(found) : Promise.reject(notFound(reference, this.name));
  }

  fetch(descriptor: Descriptor): Promise<Readable> {
    const found = this.stored.get(descriptor.digest);
    return found ? Promise.resolve(streamOfBytes(found.bytes)) : Promise.reject(blobNotFound(descriptor, this.name));
  }

  async push(descriptor: Descriptor, content: ContentSource): Promise<void> {
    parseDigest(descriptor.digest);
    if (this.stored.has(descriptor.digest)) return;
    const bytes = await readSource(content, descriptor, this.name, Number.MAX_SAFE_INTEGER);
    this.stored.set(descriptor.digest, { descriptor: plain(descriptor, bytes), bytes });
  }

  exists(descriptor: Descriptor): Promise<boolean> {
    return Promise.resolve(this.stored.has(descriptor.digest));
  }

  tag(descriptor: Descriptor, tag: string): Promise<void> {
    const found = this.stored.get(descriptor.digest);
    if (!found) return Promise.reject(blobNotFound(descriptor, this.name));
    this.tagged.set(tag, found.descriptor);
    return Promise.resolve();
  }

  tags(): Promise<string[]> {
    return Promise.resolve([...this.tagged.keys()].sort());
  }

  referrers(descriptor: Descriptor, _options?: CallOptions): Promise<Descriptor[]> {
    const found = [...this.stored.values()].filter(
      entry =>
        isManifest(entry.descriptor.mediaType) && subjectOf(entry.bytes, this.name)?.digest === descriptor.digest,
    );
    return Promise.resolve(found.map(entry => entry.descriptor));
  }

  /** Digests of everything stored. */
  digests(): string[] {
    return [...this.stored.keys()].sort();
  }
}

/** What resolving gives: the annotations and platform of the place where a descriptor was found do not belong to the content. */
function plain({ mediaType, digest, size }: Descriptor, bytes: Buffer): Descriptor {
  const isDocument = isManifest(mediaType) ? sniffMediaType(bytes) : undefined;
  return { mediaType: isDocument ?? mediaType, digest, size };
}
