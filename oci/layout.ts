import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AirlockError, hasCode, messageOf } from '../report';
import type { CallOptions, Content, ContentSource, Descriptor, PushOptions } from './content';
import { isDigest, parseDigest } from './digest';
import { blobNotFound, notFound } from './errors';
import { emptyIndex, LayoutIndex, REF_NAME, writeBeside } from './layout-index';
import { MANIFEST_LIMIT, sniffMediaType, subjectOf } from './manifest';
import { isManifest, MediaType } from './media-types';
import { openSource, readContent, verifying } from './streams';

/** An image layout in a folder (image-spec image-layout.md, version 1.0.0). Several processes may use one at a time. */
export class ImageLayout implements Content {
  readonly name: string;
  private readonly index: LayoutIndex;

  private constructor(readonly folder: string) {
    this.name = `layout:${folder}`;
    this.index = new LayoutIndex(folder);
  }

  /** Opens a layout. Throws `oci.invalid-layout`. */
  static async open(folder: string): Promise<ImageLayout> {
    const layout = new ImageLayout(resolve(folder));
    await layout.index.read();
    return layout;
  }

  /** Opens a layout, or makes an empty one where there is none. */
  static async create(folder: string): Promise<ImageLayout> {
    const layout = new ImageLayout(resolve(folder));
    await mkdir(join(layout.folder, 'blobs', 'sha256'), { recursive: true });
    await writeOnce(join(layout.folder, 'index.json'), emptyIndex());
    await writeOnce(join(layout.folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
    await layout.index.read();
    return layout;
  }

  async resolve(reference: string): Promise<Descriptor> {
    const { manifests } = await this.index.read();
    const entry =
      manifests.find(one => one.annotations?.[REF_NAME] === reference) ??
      manifests.find(one => one.digest === reference);
    if (entry) return { mediaType: entry.mediaType, digest: entry.digest, size: entry.size };
    if (!isDigest(reference)) throw notFound(reference, this.name);
    return this.describeStored(reference);
  }

  async fetch(descriptor: Descriptor, options: CallOptions = {}): Promise<Readable> {
    const file = await open(this.pathOf(descriptor.digest), 'r').catch((error: unknown) => {
      throw (error as NodeJS.ErrnoException).code === 'ENOENT' ? blobNotFound(descriptor, this.name) : error;
    });
    // The handle is the stream's to close.
    const source = createReadStream('', {
      fd: file,
      highWaterMark: 256 * 1024,
      ...(options.signal ? { signal: options.signal } : {}),
    });
    return verifying(source, descriptor, this.name);
  }

  async push(descriptor: Descriptor, content: ContentSource, options: PushOptions = {}): Promise<void> {
    const path = this.pathOf(descriptor.digest);
    if (await this.exists(descriptor)) return;
    await mkdir(join(path, '..'), { recursive: true });
    const beside = `${path}.${randomBytes(6).toString('hex')}.tmp`;
    try {
      await pipeline(
        await openSource(content, descriptor, this.name),
        createWriteStream(beside, { flags: 'wx' }),
        options.signal ? { signal: options.signal } : {},
      );
      await rename(beside, path);
    } catch (error) {
      await rm(beside, { force: true });
      throw options.signal?.aborted ? options.signal.reason : diskError(error, this.name);
    }
    // A referrer is found through index.json only.
    if (isManifest(descriptor.mediaType) && subjectOf(await readContent(this, descriptor), this.name))
      await this.list(descriptor);
  }

  async exists(descriptor: Descriptor): Promise<boolean> {
    try {
      // A file of another size is a leftover of a crash, and is replaced.
      return (await stat(this.pathOf(descriptor.digest))).size === descriptor.size;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
  }

  async tag(descriptor: Descriptor, tag: string): Promise<void> {
    if (!(await this.exists(descriptor))) throw blobNotFound(descriptor, this.name);
    await this.index.update(manifests => {
      const had = manifests.find(one => one.annotations?.[REF_NAME] === tag);
      if (had?.digest === descriptor.digest) return manifests;
      // The untagged entry of this manifest gives way to the tagged one; the old holder of the tag goes.
      const others = manifests.filter(
        one => one !== had && !(one.digest === descriptor.digest && one.annotations?.[REF_NAME] === undefined),
      );
      return [...others, { ...descriptor, annotations: { ...descriptor.annotations, [REF_NAME]: tag } }];
    });
  }

  async list(descriptor: Descriptor): Promise<void> {
    if (!(await this.exists(descriptor))) throw blobNotFound(descriptor, this.name);
    await this.index.update(manifests =>
      manifests.some(one => one.digest === descriptor.digest) ? manifests : [...manifests, descriptor],
    );
  }

  async tags(): Promise<string[]> {
    const { manifests } = await this.index.read();
    return [...new Set(manifests.map(one => one.annotations?.[REF_NAME]).filter(tag => tag !== undefined))].sort();
  }

  async referrers(descriptor: Descriptor, options: CallOptions = {}): Promise<Descriptor[]> {
    const found = new Map<string, Descriptor>();
    for (const entry of (await this.index.read()).manifests) {
      if (!isManifest(entry.mediaType) || entry.size > MANIFEST_LIMIT || found.has(entry.digest)) continue;
      const subject = subjectOf(await readContent(this, entry, options), this.name);
      if (subject?.digest === descriptor.digest)
        found.set(entry.digest, { mediaType: entry.mediaType, digest: entry.digest, size: entry.size });
    }
    return [...found.values()];
  }

  /** Removes a tag; the content stays until {@link ImageLayout.prune}. */
  async untag(tag: string): Promise<void> {
    await this.index.update(manifests =>
      manifests.some(one => one.annotations?.[REF_NAME] === tag)
        ? manifests.filter(one => one.annotations?.[REF_NAME] !== tag)
        : manifests,
    );
  }

  /** The entries of index.json: roots with their tags. */
  async roots(): Promise<readonly Descriptor[]> {
    return (await this.index.read()).manifests;
  }

  /** Digests of all blobs that are stored. */
  async digests(): Promise<string[]> {
    const found: string[] = [];
    for (const algorithm of ['sha256', 'sha512']) {
      const names = await readdir(join(this.folder, 'blobs', algorithm)).catch(() => []);
      found.push(...names.map(name => `${algorithm}:${name}`).filter(isDigest));
    }
    return found.sort();
  }

  /** Where a blob lies, present or not. Throws `oci.invalid-digest`. */
  pathOf(digest: string): string {
    const { algorithm, hex } = parseDigest(digest);
    return join(this.folder, 'blobs', algorithm, hex);
  }

  private async describeStored(digest: string): Promise<Descriptor> {
    const info = await stat(this.pathOf(digest)).catch(() => undefined);
    if (!info) throw notFound(digest, this.name);
    const descriptor = { mediaType: MediaType.octets, digest, size: info.size };
    if (info.size > MANIFEST_LIMIT) return descriptor;
    return { ...descriptor, mediaType: sniffMediaType(await readContent(this, descriptor)) ?? MediaType.octets };
  }
}

async function writeOnce(path: string, text: string): Promise<void> {
  const present = await stat(path).then(
    () => true,
    () => false,
  );
  if (!present) await writeBeside(path, text);
}

/** Errors of the file system with a remedy; everything else unchanged. */
function diskError(error: unknown, where: string): unknown {
  if (hasCode(error, 'oci.') || !(error instanceof Error)) return error;
  const code = (error as NodeJS.ErrnoException).code;
  if (code !== 'ENOSPC' && code !== 'EDQUOT' && code !== 'EROFS' && code !== 'EACCES') return error;
  return new AirlockError({
    code: code === 'ENOSPC' || code === 'EDQUOT' ? 'oci.disk-full' : 'oci.not-writable',
    message: `cannot write content: ${messageOf(error)}`,
    remedy:
      code === 'ENOSPC' || code === 'EDQUOT'
        ? 'Free space and run again; what is stored already is kept'
        : 'Make the folder writable for this user',
    where,
    cause: error,
  });
}
