import { AirlockError, type Reporter, reported, silent } from '../report';
import { cacheDir, contentKey, diskFull } from './cache';
import { type PlatformImage, platformImage, platformImages } from './list';
import { buildOnBase, debianPossible } from './on-base';
import { pullFailed, pullImage, type PullOptions, publicSource, sourceFor } from './pull';
import type { ImageRecipe, RecipeContext } from './recipes';
import { assemble, ensureLayer, findImage, imageStore, recordImage, type StoredImage, type StoredLayer } from './store';

export interface EnsureOptions extends PullOptions {
  readonly report?: Reporter;
  readonly signal?: AbortSignal | undefined;
}

export interface ReadyImage {
  /** The image layout that holds it (one for all images). */
  readonly layoutDir: string;
  readonly digest: string;
  /** The name used in manifests, `airlock.local/gitea:1.26.0`. */
  readonly reference: string;
  /** The registry reference it was pulled from, `assembled` or `imported`. */
  readonly origin: string;
}

/**
 * The named images (undefined: all): from the cache where they are there, pulled where a registry answers, else assembled.
 * @throws `images.build-failed` naming the image and the log file, `images.disk-full`, `images.root-needed`, `images.go-missing`, `images.unknown`
 */
export async function ensureImages(
  names: readonly string[] | undefined,
  options: EnsureOptions = {},
): Promise<Map<string, ReadyImage>> {
  try {
    return await ensureEach(names ?? platformImages.map(image => image.name), options);
  } catch (error) {
    throw diskFull(error, cacheDir()) ?? error;
  }
}

async function ensureEach(names: readonly string[], options: EnsureOptions): Promise<Map<string, ReadyImage>> {
  const store = await imageStore();
  const report = options.report ?? silent;
  const context: RecipeContext = { store, options };
  const ready = new Map<string, ReadyImage>();
  for (const name of names) {
    options.signal?.throwIfAborted();
    const image = platformImage(name);
    const { recipe, key, reference } = await recipeDigest(image, context);
    let stored = await findImage(store, name, key);
    const id = `images/${name}`;
    if (stored) {
      report({ kind: 'skipped', id, title: `Image ${reference}`, detail: 'in the cache' });
    } else {
      const provide = async () =>
        (await pull(image, reference, options)) ?? (await build(image, reference, recipe, context));
      stored = await reported(report, id, `Image ${reference}`, provide, result => result.origin);
      await recordImage(name, key, stored);
    }
    ready.set(name, { layoutDir: store.folder, digest: stored.digest, reference, origin: stored.origin });
  }
  return ready;
}

/** A recipe with its key and the name of its image. */
export async function recipeDigest(
  image: PlatformImage,
  context: RecipeContext,
): Promise<{ recipe: ImageRecipe; key: string; reference: string }> {
  const recipe = await image.recipe(context);
  const layers = recipe.layers.map(layer => layer.key);
  const key = contentKey(layers, recipe.config);
  return { recipe, key, reference: image.reference };
}

/** Undefined where the image is to be assembled. */
async function pull(image: PlatformImage, reference: string, options: EnsureOptions): Promise<StoredImage | undefined> {
  const source = await sourceFor(image, reference, options);
  if (!source) return undefined;
  try {
    return await pullImage(source, await imageStore(), reference, options);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (source.required) throw error;
    options.report?.({ kind: 'info', id: `images/${image.name}`, title: pullFailed(source, error) });
    return undefined;
  }
}

async function build(
  image: PlatformImage,
  reference: string,
  recipe: ImageRecipe,
  { store, options }: RecipeContext,
): Promise<StoredImage> {
  const { publicBase } = recipe;
  const base = publicBase && !debianPossible() ? await publicSource(publicBase.reference, options) : undefined;
  const layers: StoredLayer[] = [];
  try {
    if (base) return await buildOnBase(recipe, base, reference, store, options);
    for (const layer of recipe.layers) layers.push(await ensureLayer(store, layer, options.signal));
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!(error instanceof AirlockError)) throw error;
    throw new AirlockError({
      code: error.code,
      message: `Image ${image.name}: ${error.message}`,
      ...(error.remedy ? { remedy: error.remedy } : {}),
      ...(error.where ? { where: error.where } : {}),
      cause: error,
    });
  }
  const { digest } = await assemble(store, layers, recipe.config, reference);
  return { digest, origin: 'assembled' };
}
