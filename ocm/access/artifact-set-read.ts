import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  isManifest,
  MANIFEST_LIMIT,
  parseDigest,
  parseIndex,
  readContent,
  subjectOf,
  verifying,
  type CallOptions,
  type Content,
  type Descriptor,
} from '../../oci';
import { AirlockError } from '../../report';
import { archiveError, collect, readTar } from '../archive';
import type { OpenedArtifact } from '../repository/repository';
import { blobDigest, indexFiles, invalidSet, mainArtifact } from './artifact-set-index';

/**
 * Unpacks an artifact set (any of its three layouts, gzipped or not) into a temporary folder and opens its main artifact.
 * Throws `ocm.invalid-artifact-set`, `ocm.invalid-archive`; blobs are checked when they are read.
 */
export async function openArtifactSet(archive: Readable, where: string): Promise<OpenedArtifact> {
  const folder = await mkdtemp(path.join(tmpdir(), 'airlock-artifact-'));
  const close = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    let index: Buffer | undefined;
    for await (const entry of readTar(archive, where)) {
      if (entry.type === 'directory') continue;
      const digest = blobDigest(entry.name);
      if (digest !== undefined)
        await pipeline(entry.stream, createWriteStream(await fileOf(folder, digest, true), { mode: 0o600 }));
      else if (indexFiles.includes(entry.name)) index = await collect(entry.stream, MANIFEST_LIMIT, where);
    }
    if (index === undefined) throw invalidSet('it has no index', where);
    const { mediaType, digest, size } = mainArtifact(index, where);
    const { manifests } = parseIndex(index, where);
    return { content: new UnpackedSet(folder, where, manifests), descriptor: { mediaType, digest, size }, close };
  } catch (error) {
    await close();
    throw archiveError(error, where);
  }
}

async function fileOf(folder: string, digest: string, make = false): Promise<string> {
  const { algorithm, hex } = parseDigest(digest);
  if (make) await mkdir(path.join(folder, algorithm), { recursive: true });
  return path.join(folder, algorithm, hex);
}

/** An unpacked artifact set, for reading. */
class UnpackedSet implements Content {
  constructor(
    private readonly folder: string,
    readonly name: string,
    private readonly manifests: readonly Descriptor[],
  ) {}

  async resolve(reference: string): Promise<Descriptor> {
    throw new AirlockError({
      code: 'oci.not-found',
      message: `${reference} not found`,
      where: await Promise.resolve(this.name),
    });
  }

  async fetch(descriptor: Descriptor): Promise<Readable> {
    if (!(await this.exists(descriptor)))
      throw new AirlockError({ code: 'oci.not-found', message: `${descriptor.digest} not found`, where: this.name });
    return verifying(createReadStream(await fileOf(this.folder, descriptor.digest)), descriptor, this.name);
  }

  async exists(descriptor: Descriptor): Promise<boolean> {
    return (await stat(await fileOf(this.folder, descriptor.digest)).catch(() => undefined)) !== undefined;
  }

  /** Those that the index lists and whose subject this is. */
  async referrers(descriptor: Descriptor, options: CallOptions = {}): Promise<Descriptor[]> {
    const found: Descriptor[] = [];
    for (const { mediaType, digest, size } of this.manifests) {
      const entry = { mediaType, digest, size };
      if (digest === descriptor.digest || !isManifest(mediaType) || !(await this.exists(entry))) continue;
      const subject = subjectOf(await readContent(this, entry, options), this.name);
      if (subject?.digest === descriptor.digest) found.push(entry);
    }
    return found;
  }

  push(): Promise<void> {
    return Promise.reject(this.readOnly());
  }

  tag(): Promise<void> {
    return Promise.reject(this.readOnly());
  }

  tags(): Promise<string[]> {
    return Promise.resolve([]);
  }

  private readOnly(): AirlockError {
    return new AirlockError({ code: 'ocm.read-only', message: 'an artifact set is not written to', where: this.name });
  }
}
