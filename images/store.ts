import { createReadStream, existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  assembleImage,
  buildLayer,
  type Descriptor,
  type ImageConfig,
  ImageLayout,
  parseManifest,
  readContent,
} from '../oci';
import { cacheDir, diskFull, withLock } from './cache';
import { layerEntries, type LayerPart } from './layer';

/** How a layer comes to be; made once per key. */
export interface LayerRecipe {
  readonly name: string;
  /** Covers everything the layer depends on. */
  readonly key: string;
  /** `work`: an empty folder, removed afterwards. */
  readonly make: (work: string) => Promise<readonly LayerPart[]>;
}

/** A layer in the store, and the digest of its uncompressed tar that an image's configuration names. */
export interface StoredLayer {
  readonly descriptor: Descriptor;
  readonly diffId: string;
}

export interface StoredImage {
  readonly digest: string;
  /** Where it came from: a registry reference, or `assembled`. */
  readonly origin: string;
}

/** All images of the cache, in one layout: what they share is stored once. */
export function imageStore(): Promise<ImageLayout> {
  return ImageLayout.create(join(cacheDir(), 'images'));
}

/** The layer of a recipe, made where it is not stored yet. */
export async function ensureLayer(store: ImageLayout, recipe: LayerRecipe, signal?: AbortSignal): Promise<StoredLayer> {
  const record = join(cacheDir(), 'layers', `${recipe.name}-${recipe.key}.json`);
  const known = await readRecord<StoredLayer>(record);
  if (known && (await store.exists(known.descriptor))) return known;
  return withLock(join('layers', `${recipe.name}-${recipe.key}`), signal, async () => {
    const meanwhile = await readRecord<StoredLayer>(record);
    if (meanwhile && (await store.exists(meanwhile.descriptor))) return meanwhile;
    const work = join(cacheDir(), 'tmp', `${recipe.name}-${recipe.key}`);
    await rm(work, { recursive: true, force: true }); // left by a run that was killed
    await mkdir(work, { recursive: true });
    try {
      const entries = await layerEntries(await recipe.make(work));
      // Level 1: these layers go to this machine's engine and nodes, where time counts more than size.
      const layer = await buildLayer(entries, { gzip: 1, temporary: work, ...(signal ? { signal } : {}) });
      await store.push(layer.descriptor, () => layer.open());
      await layer.dispose();
      const stored = { descriptor: layer.descriptor, diffId: layer.diffId };
      await writeRecord(record, stored);
      return stored;
    } catch (error) {
      throw diskFull(error, work) ?? error;
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  });
}

/** Writes configuration and manifest over layers of `store` (or already of `target`) into `target`, by default the same. */
export function assemble(
  store: ImageLayout,
  layers: readonly StoredLayer[],
  config: ImageConfig,
  tag: string,
  target = store,
): Promise<Descriptor> {
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const stored = layers.map(layer => ({
    ...layer,
    open: () => createReadStream(store.pathOf(layer.descriptor.digest)),
    dispose: () => Promise.resolve(),
  }));
  return assembleImage({ target, layers: stored, config, architecture, tag });
}

/** What a recipe was built to, if all of it is still stored. */
export async function findImage(store: ImageLayout, name: string, key: string): Promise<StoredImage | undefined> {
  const record = await readRecord<StoredImage>(imageRecord(name, key));
  return record && (await isWhole(store, record.digest)) ? record : undefined;
}

export async function recordImage(name: string, key: string, image: StoredImage): Promise<void> {
  await writeRecord(imageRecord(name, key), image);
}

/** True when the manifest and everything it names is stored, by size. */
async function isWhole(store: ImageLayout, digest: string): Promise<boolean> {
  if (!existsSync(store.pathOf(digest))) return false;
  const manifest = parseManifest(await readContent(store, await store.resolve(digest)), digest);
  for (const part of [manifest.config, ...manifest.layers]) if (!(await store.exists(part))) return false;
  return true;
}

function imageRecord(name: string, key: string): string {
  return join(cacheDir(), 'images', 'records', `${name}-${key}.json`);
}

async function readRecord<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch {
    return undefined;
  }
}

async function writeRecord(path: string, record: unknown): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(`${path}.${process.pid}.new`, JSON.stringify(record));
  await rename(`${path}.${process.pid}.new`, path);
}
