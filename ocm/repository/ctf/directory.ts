import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  isManifest,
  parseDigest,
  verifying,
  VerifyingStream,
  type CallOptions,
  type Content,
  type ContentSource,
  type Descriptor,
} from '../../../oci';
import { AirlockError } from '../../../report';
import type { ContentSpace } from '../space';
import { formatIndexFile, indexFileName, parseIndexFile, type CtfArtifact } from './index-file';

/** Bytes of an index: enough for more than a hundred thousand artifacts. */
const largestIndex = 32 * 1024 * 1024;

/** A common transport archive as a folder: `artifact-index.json` and `blobs/`. Files are written beside and renamed. */
export class CtfDirectory implements ContentSpace {
  private artifacts: CtfArtifact[] = [];
  private writing: Promise<void> = Promise.resolve();
  /** Whether anything was changed since it was opened. */
  changed = false;

  private constructor(
    readonly folder: string,
    readonly name: string,
  ) {}

  /** Opens a folder. Throws `ocm.archive-not-found`, `ocm.invalid-archive`. */
  static async open(folder: string, name = folder): Promise<CtfDirectory> {
    const archive = new CtfDirectory(folder, name);
    const file = path.join(folder, indexFileName);
    let bytes: Buffer;
    try {
      if ((await stat(file)).size > largestIndex) throw new Error(`${indexFileName} is too large`);
      bytes = await readFile(file);
    } catch (error) {
      throw new AirlockError({
        code: 'ocm.archive-not-found',
        message: `there is no transport archive at ${name}`,
        where: name,
        remedy: `A transport archive is a folder with ${indexFileName}, or such a folder as .tar or .tgz`,
        cause: error,
      });
    }
    archive.artifacts = parseIndexFile(bytes, path.join(name, indexFileName));
    return archive;
  }

  /** An empty archive; the folder is made when something is stored. */
  static create(folder: string, name = folder): CtfDirectory {
    const archive = new CtfDirectory(folder, name);
    archive.changed = true;
    return archive;
  }

  /** Makes an archive that holds nothing readable as one. */
  async settle(): Promise<void> {
    if (this.artifacts.length === 0) await this.save();
  }

  content(repository: string): Content {
    return new CtfContent(this, repository);
  }

  repositories(): Promise<string[]> {
    return Promise.resolve([...new Set(this.artifacts.map(artifact => artifact.repository))].sort());
  }

  /** The artifacts of one repository. */
  list(repository: string): CtfArtifact[] {
    return this.artifacts.filter(artifact => artifact.repository === repository);
  }

  /** Lists a manifest, under a tag or untagged. A tag that named another manifest is taken from it. */
  async add(repository: string, digest: string, mediaType: string, tag?: string): Promise<void> {
    const others = this.artifacts.filter(each => each.repository !== repository);
    const own = this.list(repository);
    if (tag === undefined) {
      if (own.some(each => each.digest === digest)) return;
      this.artifacts = [...others, ...own, { repository, digest, mediaType }];
    } else {
      if (own.some(each => each.digest === digest && each.tag === tag)) return;
      const kept: CtfArtifact[] = [];
      for (const each of own) {
        if (each.digest === digest && each.tag === undefined) continue;
        if (each.tag !== tag) kept.push(each);
        else if (!own.some(other => other !== each && other.digest === each.digest))
          kept.push({ repository, digest: each.digest, mediaType: each.mediaType });
      }
      this.artifacts = [...others, ...kept, { repository, tag, digest, mediaType }];
    }
    this.changed = true;
    await this.save();
  }

  /** The file of a blob. */
  blobFile(digest: string): string {
    const { algorithm, hex } = parseDigest(digest);
    return path.join(this.folder, 'blobs', `${algorithm}.${hex}`);
  }

  /** Stores a blob whose bytes have just been checked or are checked on the way. */
  async store(descriptor: Descriptor, content: ContentSource): Promise<void> {
    const file = this.blobFile(descriptor.digest);
    const beside = `${file}.${randomUUID()}`;
    try {
      await mkdir(path.dirname(file), { recursive: true });
      const source =
        typeof content === 'function' ? await content() : Readable.from([Buffer.from(content)], { objectMode: false });
      await pipeline(source, new VerifyingStream(descriptor, this.name), createWriteStream(beside));
      await rename(beside, file);
    } catch (error) {
      await rm(beside, { force: true });
      throw error;
    }
    this.changed = true;
  }

  /** One write at a time; each writes what is then the state. */
  private save(): Promise<void> {
    const file = path.join(this.folder, indexFileName);
    this.writing = this.writing
      .catch(() => undefined)
      .then(async () => {
        const beside = `${file}.${randomUUID()}`;
        await mkdir(path.join(this.folder, 'blobs'), { recursive: true });
        await writeFile(beside, formatIndexFile(this.artifacts));
        await rename(beside, file);
      });
    return this.writing;
  }
}

/** One repository of an archive. All of them share the blobs. */
class CtfContent implements Content {
  readonly name: string;
  readonly store: string;

  constructor(
    private readonly archive: CtfDirectory,
    readonly repository: string,
  ) {
    this.name = `${archive.name}//${repository}`;
    this.store = archive.folder;
  }

  async resolve(reference: string): Promise<Descriptor> {
    const found = this.archive
      .list(this.repository)
      .find(artifact => artifact.tag === reference || artifact.digest === reference);
    const size = found === undefined ? undefined : await this.size(found.digest);
    if (found === undefined || size === undefined) throw this.notFound(reference);
    return { mediaType: found.mediaType, digest: found.digest, size };
  }

  async fetch(descriptor: Descriptor): Promise<Readable> {
    if ((await this.size(descriptor.digest)) === undefined) throw this.notFound(descriptor.digest);
    return verifying(createReadStream(this.archive.blobFile(descriptor.digest)), descriptor, this.name);
  }

  async push(descriptor: Descriptor, content: ContentSource): Promise<void> {
    if ((await this.size(descriptor.digest)) !== descriptor.size) await this.archive.store(descriptor, content);
  }

  async exists(descriptor: Descriptor): Promise<boolean> {
    // A file of another size is a leftover of a crash, and is replaced.
    return (await this.size(descriptor.digest)) === descriptor.size;
  }

  async tag(descriptor: Descriptor, tag: string): Promise<void> {
    if ((await this.size(descriptor.digest)) === undefined) throw this.notFound(descriptor.digest);
    await this.archive.add(this.repository, descriptor.digest, descriptor.mediaType, tag);
  }

  tags(): Promise<string[]> {
    const tags = this.archive.list(this.repository).flatMap(artifact => artifact.tag ?? []);
    return Promise.resolve([...new Set(tags)].sort());
  }

  async list(descriptor: Descriptor, _options?: CallOptions): Promise<void> {
    if (isManifest(descriptor.mediaType))
      await this.archive.add(this.repository, descriptor.digest, descriptor.mediaType);
  }

  mount(descriptor: Descriptor): Promise<boolean> {
    return this.exists(descriptor);
  }

  private async size(digest: string): Promise<number | undefined> {
    return (await stat(this.archive.blobFile(digest)).catch(() => undefined))?.size;
  }

  private notFound(what: string): AirlockError {
    return new AirlockError({
      code: 'oci.not-found',
      message: `${what} not found`,
      where: this.name,
      remedy: 'Check the name, tag or digest',
    });
  }
}
