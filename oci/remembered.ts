import type { Readable } from 'node:stream';
import type { CallOptions, Content, Descriptor } from './content';
import { readContent, streamOfBytes } from './streams';

/** Larger content is not remembered, bytes. */
const mostOfOne = 256 * 1024;
/** What is remembered together, bytes; the oldest goes first. */
const mostOfAll = 32 * 1024 * 1024;

/**
 * Small content by its digest, in memory: many readers of the same component version share one request for each. Tags are asked
 * for each time; content does not change under its digest, and was checked when it was read. For one account: it does not ask
 * whether a reader may.
 */
export class ContentMemory {
  private readonly known = new Map<string, { size: number; bytes: Promise<Buffer> }>();
  private size = 0;

  /** The content, with its reads remembered. */
  of<C extends Content>(content: C): C {
    const fetch = (descriptor: Descriptor, options?: CallOptions): Promise<Readable> =>
      this.fetch(content, descriptor, options);
    return new Proxy(content, {
      get: (target, name) => {
        if (name === 'fetch') return fetch;
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  }

  private async fetch(content: Content, descriptor: Descriptor, options?: CallOptions): Promise<Readable> {
    const { mediaType, digest, size } = descriptor;
    if (size > mostOfOne) return content.fetch(descriptor, options);
    const key = [content.name, mediaType, digest, size].join(' ');
    const known = this.known.get(key)?.bytes ?? this.read(key, content, descriptor);
    return streamOfBytes(await known);
  }

  private read(key: string, content: Content, descriptor: Descriptor): Promise<Buffer> {
    // Not with one reader's signal: others may wait for it too.
    const bytes = readContent(content, descriptor);
    this.known.set(key, { size: descriptor.size, bytes });
    this.size += descriptor.size;
    for (const oldest of this.known.keys()) {
      if (this.size <= mostOfAll || oldest === key) break;
      this.forget(oldest);
    }
    // What failed, another may ask again.
    bytes.catch(() => this.forget(key));
    return bytes;
  }

  private forget(key: string): void {
    this.size -= this.known.get(key)?.size ?? 0;
    this.known.delete(key);
  }
}
