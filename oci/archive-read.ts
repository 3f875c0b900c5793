import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AirlockError } from '../report';
import type { CallOptions, Content, Descriptor } from './content';
import { decompressed } from './decompress';
import { describe, isDigest } from './digest';
import { blobNotFound, notFound } from './errors';
import { REF_NAME } from './layout-index';
import { MANIFEST_LIMIT, parseIndex, sniffMediaType } from './manifest';
import { MediaType } from './media-types';
import { Spool } from './spool';
import { collect, streamOfBytes, verifying } from './streams';
import { damaged, tarEntries } from './tar-read';

/** Full image name on an entry of index.json, as containerd and docker write it. */
export const CONTAINERD_NAME = 'io.containerd.image.name';

/** Where in the uncompressed archive, or the bytes themselves where we made them. */
type Stored = { readonly offset: number; readonly size: number } | { readonly bytes: Buffer };

/** An image of an archive. */
export interface ArchivedImage {
  /** Full names with tag, or bare tags, as the archive has them. */
  readonly names: readonly string[];
  readonly descriptor: Descriptor;
}

/** Entries beyond this are no image archive. */
const MOST_ENTRIES = 200_000;

/**
 * An image archive as docker, podman, skopeo and Airlock write them, read in place: an image layout in a tar, or docker's
 * format (`manifest.json`), whose images appear as OCI manifests. Read-only Content; tags are the images' names.
 */
export class ImageArchive implements Content {
  readonly name: string;
  private readonly blobs = new Map<string, Stored>();
  private readonly found: { names: string[]; descriptor: Descriptor }[] = [];

  private constructor(
    readonly path: string,
    /** The uncompressed archive: `path`, or a temporary file. */
    private readonly plain: string,
    private readonly spool: Spool | undefined,
  ) {
    this.name = `archive:${path}`;
  }

  /**
   * Opens an archive; a compressed one is unpacked to a temporary file in `temporary`, until {@link ImageArchive.close}.
   * Throws `oci.invalid-archive`.
   */
  static async open(path: string, options: CallOptions & { readonly temporary?: string } = {}): Promise<ImageArchive> {
    const spool = (await isPlain(path)) ? undefined : await unpack(path, options);
    try {
      const archive = new ImageArchive(path, spool?.path ?? path, spool);
      await archive.scan(options.signal);
      return archive;
    } catch (error) {
      await spool?.dispose();
      throw error;
    }
  }

  images(): readonly ArchivedImage[] {
    return this.found;
  }

  resolve(reference: string): Promise<Descriptor> {
    const bare = this.found.filter(image =>
      image.names.some(name => name === reference || name.endsWith(`:${reference}`)),
    );
    const image =
      this.found.find(one => one.names.includes(reference) || one.descriptor.digest === reference) ??
      (bare.length === 1 ? bare[0] : undefined);
    if (image) return Promise.resolve(image.descriptor);
    if (isDigest(reference) && this.blobs.has(reference)) return this.describeStored(reference);
    return Promise.reject(notFound(reference, this.name));
  }

  fetch(descriptor: Descriptor): Promise<Readable> {
    const stored = this.blobs.get(descriptor.digest);
    if (!stored) return Promise.reject(blobNotFound(descriptor, this.name));
    return Promise.resolve(verifying(this.read(stored), descriptor, this.name));
  }

  push(): Promise<void> {
    return Promise.reject(this.readOnly());
  }

  tag(): Promise<void> {
    return Promise.reject(this.readOnly());
  }

  exists(descriptor: Descriptor): Promise<boolean> {
    return Promise.resolve(this.blobs.has(descriptor.digest));
  }

  tags(): Promise<string[]> {
    return Promise.resolve(this.found.flatMap(image => image.names).sort());
  }

  /** Removes the temporary file, if there is one. */
  async close(): Promise<void> {
    await this.spool?.dispose();
  }

  private async scan(signal?: AbortSignal): Promise<void> {
    const files = new Map<string, { offset: number; size: number }>();
    const links: [string, string][] = [];
    const source = createReadStream(this.plain, { highWaterMark: 1024 * 1024, ...(signal ? { signal } : {}) });
    for await (const { header, offset } of tarEntries(source, this.path)) {
      const name = header.name.replace(/^(\.\/)+/, '');
      if (files.size + links.length > MOST_ENTRIES)
        throw damaged(new Error(`more than ${MOST_ENTRIES} entries`), this.path);
      if (header.type === 'file') files.set(name, { offset, size: header.size });
      // Older versions of docker save write a repeated layer as a link to the first.
      if (header.type === 'symlink') links.push([name, new URL(header.linkname, `file:///${name}`).pathname.slice(1)]);
      if (header.type === 'link') links.push([name, header.linkname.replace(/^(\.\/)+/, '')]);
    }
    for (const [name, target] of links) {
      const file = files.get(target);
      if (file) files.set(name, file);
    }
    for (const [name, place] of files) {
      const match = /^blobs\/(sha256|sha512)\/([0-9a-f]+)$/.exec(name);
      if (match && isDigest(`${match[1]}:${match[2]}`)) this.blobs.set(`${match[1]}:${match[2]}`, place);
    }
    const index = files.get('index.json');
    const manifest = files.get('manifest.json');
    if (index && files.has('oci-layout')) await this.takeIndex(index);
    else if (manifest) await this.takeDockerManifest(manifest, files, signal);
    else throw damaged(new Error('it holds neither index.json with oci-layout nor manifest.json'), this.path);
  }

  private async takeIndex(place: Stored): Promise<void> {
    for (const entry of parseIndex(await this.small(place), `${this.path}:index.json`).manifests) {
      const name = entry.annotations?.[CONTAINERD_NAME] ?? entry.annotations?.[REF_NAME];
      const known = this.found.find(image => image.descriptor.digest === entry.digest);
      if (known && name !== undefined) known.names.push(name);
      if (known) continue;
      const descriptor = { mediaType: entry.mediaType, digest: entry.digest, size: entry.size };
      this.found.push({ names: name === undefined ? [] : [name], descriptor });
    }
  }

  /** docker's format says neither digests nor sizes: layers are hashed, and a manifest made. */
  private async takeDockerManifest(
    place: Stored,
    files: ReadonlyMap<string, { offset: number; size: number }>,
    signal?: AbortSignal,
  ): Promise<void> {
    const known = new Map<string, Descriptor>();
    for (const image of parseDockerManifest(await this.small(place), this.path)) {
      const config = files.get(image.Config);
      if (!config) throw damaged(new Error(`${image.Config} is missing`), this.path);
      const configBytes = await this.small(config);
      const configDescriptor = describe(MediaType.config, configBytes);
      this.blobs.set(configDescriptor.digest, { bytes: configBytes });
      const layers: Descriptor[] = [];
      for (const name of image.Layers) {
        const file = files.get(name);
        if (!file) throw damaged(new Error(`${name} is missing`), this.path);
        const layer = known.get(name) ?? (await this.hashLayer(file, signal));
        known.set(name, layer);
        this.blobs.set(layer.digest, file);
        layers.push(layer);
      }
      const bytes = Buffer.from(
        JSON.stringify({ schemaVersion: 2, mediaType: MediaType.manifest, config: configDescriptor, layers }),
      );
      const descriptor = describe(MediaType.manifest, bytes);
      this.blobs.set(descriptor.digest, { bytes });
      this.found.push({ names: [...(image.RepoTags ?? [])], descriptor });
    }
  }

  private async hashLayer(place: { offset: number; size: number }, signal?: AbortSignal): Promise<Descriptor> {
    const hash = createHash('sha256');
    let head: Buffer | undefined;
    for await (const chunk of this.read(place)) {
      signal?.throwIfAborted();
      head ??= chunk as Buffer;
      hash.update(chunk as Buffer);
    }
    const gzip = head !== undefined && head[0] === 0x1f && head[1] === 0x8b;
    return {
      mediaType: gzip ? MediaType.layerGzip : MediaType.layer,
      digest: `sha256:${hash.digest('hex')}`,
      size: place.size,
    };
  }

  private read(stored: Stored): Readable {
    if ('bytes' in stored) return streamOfBytes(stored.bytes);
    if (stored.size === 0) return streamOfBytes(new Uint8Array());
    return createReadStream(this.plain, {
      start: stored.offset,
      end: stored.offset + stored.size - 1,
      highWaterMark: 256 * 1024,
    });
  }

  private async small(stored: Stored): Promise<Buffer> {
    if ('size' in stored && stored.size > MANIFEST_LIMIT)
      throw damaged(new Error(`a document is larger than ${MANIFEST_LIMIT} bytes`), this.path);
    return collect(this.read(stored));
  }

  private async describeStored(digest: string): Promise<Descriptor> {
    const stored = this.blobs.get(digest) as Stored;
    const size = 'bytes' in stored ? stored.bytes.length : stored.size;
    const descriptor = { mediaType: MediaType.octets as string, digest, size };
    if (size > MANIFEST_LIMIT) return descriptor;
    const bytes = await collect(await this.fetch(descriptor));
    return { ...descriptor, mediaType: sniffMediaType(bytes) ?? descriptor.mediaType };
  }

  private readOnly(): AirlockError {
    return new AirlockError({
      code: 'oci.read-only',
      message: 'an image archive cannot be changed',
      remedy: 'Write a new one',
      where: this.path,
    });
  }
}

interface DockerImage {
  readonly Config: string;
  readonly RepoTags?: readonly string[] | null;
  readonly Layers: readonly string[];
}

function parseDockerManifest(bytes: Buffer, where: string): DockerImage[] {
  const strings = (value: unknown): boolean => Array.isArray(value) && value.every(one => typeof one === 'string');
  let document: unknown;
  try {
    document = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw damaged(error, where);
  }
  const usable = (entry: unknown): entry is DockerImage => {
    const image = entry as Partial<DockerImage> | null;
    return (
      typeof image?.Config === 'string' &&
      strings(image.Layers) &&
      (image.RepoTags === undefined || image.RepoTags === null || strings(image.RepoTags))
    );
  };
  if (!Array.isArray(document) || !document.every(usable))
    throw damaged(new Error('manifest.json is not a list of images'), where);
  return document;
}

/** A tar begins with a file name; what begins with the mark of a compression is none. */
async function isPlain(path: string): Promise<boolean> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw damaged(error, path);
  });
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    if (bytesRead < 4) throw damaged(new Error('it is empty'), path);
    return !(buffer[0] === 0x1f && buffer[1] === 0x8b) && buffer.readUInt32LE(0) !== 0xfd2fb528;
  } finally {
    await file.close();
  }
}

async function unpack(path: string, options: CallOptions & { readonly temporary?: string }): Promise<Spool> {
  const spool = new Spool(options.temporary, 0);
  try {
    await pipeline(
      await decompressed(createReadStream(path)),
      spool.writer(),
      options.signal ? { signal: options.signal } : {},
    );
    return spool;
  } catch (error) {
    await spool.dispose();
    throw options.signal?.aborted ? options.signal.reason : damaged(error, path);
  }
}
