import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  buildLayer,
  copy,
  ImageArchive,
  ImageLayout,
  parseManifest,
  readContent,
  writeImageArchive,
  extractLayer,
} from '../oci';
import { AirlockError, reported, silent } from '../report';
import { cacheDir, requireSpace } from './cache';
import { type BinaryName, ensureBinary, giteaStaticRoot } from './binaries';
import { ensureImages, type EnsureOptions } from './ensure';
import { type BuildOptions, recipeKey } from './golang';
import { layerEntries, type LayerPart } from './layer';
import { fluxCrds } from './manifests';
import { languageProgramNames, program } from './programs';
import { assemble, imageStore } from './store';

/** In an archive: programs, files and records of the cache, as an image of one layer. */
const CACHE_IMAGE = 'airlock.local/cache:1';

/** Programs that a sealed machine runs outside containers. */
const HOST_PROGRAMS = ['kind', 'kubernetes', 'gitea', 'registry', 'runc-wrapper', ...languageProgramNames];

/**
 * Writes the platform's images, and the programs the host itself needs, to one archive: what a sealed site needs besides
 * Airlock. `docker load` and `ctr images import` read it too.
 */
export async function exportImages(
  file: string,
  names: readonly string[] | undefined,
  options: EnsureOptions = {},
): Promise<{ images: number }> {
  const store = await imageStore();
  const images = await ensureImages(names, options);
  const work = join(cacheDir(), 'tmp');
  await mkdir(work, { recursive: true });
  const folder = await mkdtemp(join(work, 'export-'));
  try {
    const scratch = await ImageLayout.create(join(folder, 'layout'));
    const layer = await buildLayer(await layerEntries(await cacheParts(options)), { gzip: 1, temporary: folder });
    await scratch.push(layer.descriptor, () => layer.open());
    await layer.dispose();
    const cache = await assemble(scratch, [layer], {}, CACHE_IMAGE);
    const archive = [...images.values()].map(image => ({
      content: store,
      reference: image.digest,
      name: image.reference,
    }));
    await reported(options.report ?? silent, 'images/export', `Writing ${file}`, () =>
      writeImageArchive(
        file,
        [...archive, { content: scratch, reference: cache.digest, name: CACHE_IMAGE }],
        options.signal ? { signal: options.signal } : {},
      ),
    );
    return { images: images.size };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function cacheParts(options: BuildOptions): Promise<LayerPart[]> {
  const parts: LayerPart[] = [];
  const owner = { uid: 0, gid: 0 };
  for (const name of HOST_PROGRAMS) {
    const source = program(name);
    const to = `/bin/${name}-${await recipeKey(source)}-imported`;
    const files = name === 'kubernetes' ? ['kubectl'] : Object.keys(source.binaries);
    for (const file of files)
      parts.push({ file: await ensureBinary(file as BinaryName, options), to: `${to}/${file}` });
  }
  for (const path of [await giteaStaticRoot(options), join(await fluxCrds(options), '..')]) {
    parts.push({ tree: path, to: path.slice(cacheDir().length), owner });
  }
  parts.push({ tree: join(cacheDir(), 'images', 'records'), to: '/images/records', owner });
  return parts;
}

/** Takes the images and programs of an exported archive into the cache. Every digest is checked on the way. @throws `images.not-an-export` */
export async function importImages(file: string, options: EnsureOptions = {}): Promise<{ images: number }> {
  const call = options.signal ? { signal: options.signal } : {};
  const store = await imageStore();
  return reported(options.report ?? silent, 'images/import', `Reading ${file}`, async () => {
    const archive = await ImageArchive.open(file, call);
    try {
      const images = archive.images();
      const cache = images.find(image => image.names.includes(CACHE_IMAGE));
      if (!cache) {
        throw new AirlockError({
          code: 'images.not-an-export',
          message: `${file} was not written by 'airlock images export'`,
          remedy: "Make the archive with 'airlock images export FILE' where there is a network or a toolchain",
          where: file,
        });
      }
      for (const image of images) {
        const name = image.names[0];
        if (image === cache || name === undefined) continue;
        await copy(archive, image.descriptor.digest, store, name, call);
      }
      await takeCache(archive, cache.descriptor.digest, options.signal);
      return { images: images.length - 1 };
    } finally {
      await archive.close();
    }
  });
}

/** Unpacks beside the cache and moves in what is not there yet. */
async function takeCache(archive: ImageArchive, digest: string, signal: AbortSignal | undefined): Promise<void> {
  const manifest = parseManifest(await readContent(archive, await archive.resolve(digest)), archive.name);
  await mkdir(join(cacheDir(), 'tmp'), { recursive: true });
  const folder = await mkdtemp(join(cacheDir(), 'tmp', 'import-'));
  try {
    for (const layer of manifest.layers) {
      await requireSpace(layer.size * 4, 'Unpacking the archive');
      await extractLayer(await archive.fetch(layer), folder, signal ? { signal } : {});
    }
    for (const part of ['bin', 'share', join('images', 'records')]) {
      const names = await readdir(join(folder, part)).catch(() => []);
      await mkdir(join(cacheDir(), part), { recursive: true });
      for (const name of names) {
        const target = join(cacheDir(), part, name);
        if (!existsSync(target)) await rename(join(folder, part, name), target);
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
