import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lock } from 'proper-lockfile';
import { AirlockError, messageOf } from '../report';
import type { Descriptor } from './content';
import { parseIndex, type ImageIndex } from './manifest';
import { MediaType } from './media-types';

/** Names a tag on an entry of index.json (image-spec annotations.md). */
export const REF_NAME = 'org.opencontainers.image.ref.name';

/** `index.json` of an image layout: read fresh each time, changed under a lock that other processes honour. */
export class LayoutIndex {
  private readonly path: string;
  /** Changes within this process wait for each other here, which is cheaper than the lock. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly folder: string) {
    this.path = join(folder, 'index.json');
  }

  async read(): Promise<ImageIndex> {
    let bytes: Buffer;
    try {
      bytes = await readFile(this.path);
    } catch (error) {
      throw new AirlockError({
        code: 'oci.invalid-layout',
        message: `not an image layout: ${messageOf(error)}`,
        remedy: 'Name a folder that holds oci-layout and index.json',
        where: this.folder,
      });
    }
    return parseIndex(bytes, this.path);
  }

  /** Replaces the list of manifests by what `change` makes of it. Unchanged lists are not written. */
  update(change: (manifests: readonly Descriptor[]) => readonly Descriptor[]): Promise<void> {
    const turn = this.last.then(() => this.locked(change));
    this.last = turn.catch(() => undefined);
    return turn;
  }

  private async locked(change: (manifests: readonly Descriptor[]) => readonly Descriptor[]): Promise<void> {
    const release = await lock(this.path, { retries: { retries: 60, minTimeout: 20, maxTimeout: 500 }, stale: 15_000 });
    try {
      const index = await this.read();
      const manifests = change(index.manifests);
      if (manifests !== index.manifests)
        await writeBeside(this.path, JSON.stringify({ ...index, manifests }, undefined, 2));
    } finally {
      await release();
    }
  }
}

/** An empty index. */
export function emptyIndex(): string {
  return JSON.stringify({ schemaVersion: 2, mediaType: MediaType.index, manifests: [] }, undefined, 2);
}

/** Writes a file so that readers see the old text or the new one, never a part. */
export async function writeBeside(path: string, text: string | Uint8Array): Promise<void> {
  const beside = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await writeFile(beside, text);
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}
