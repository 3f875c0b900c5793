import { type ImageLayout, parseReference } from '../oci';
import { AirlockError, hasCode, messageOf, type Reporter, reported, silent } from '../report';
import { cacheDir, contentKey, diskFull } from './cache';
import { type PlatformImage, platformImage, platformImages } from './list';
import { buildOnBase, debianPossible } from './on-base';
import {
  isOffline,
  pullFailed,
  pullImage,
  type PullOptions,
  publicName as publicNameOf,
  publicSource,
  sourceFor,
} from './pull';
import type { ImageRecipe, RecipeContext } from './recipes';
import { assemble, ensureLayer, findImage, imageStore, recordImage, type StoredImage, type StoredLayer } from './store';

export interface EnsureOptions extends PullOptions {
  readonly report?: Reporter;
  readonly signal?: AbortSignal | undefined;
  /** Those of the named images that are left out, and reported as skipped, where they cannot be had. Default: none. */
  readonly optional?: readonly string[];
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
 * The named images (undefined: all, those that are only pulled being optional): from the cache where they are there, pulled
 * where a registry answers, else assembled.
 * @throws `images.build-failed` naming the image and the log file, `images.disk-full`, `images.root-needed`, `images.go-missing`,
 * `images.unknown`, `images.not-pullable`
 */
export async function ensureImages(
  names: readonly string[] | undefined,
  options: EnsureOptions = {},
): Promise<Map<string, ReadyImage>> {
  try {
    if (names) return await ensureEach(names, options);
    const optional = platformImages.filter(image => !image.recipe).map(image => image.name);
    return await ensureEach(
      platformImages.map(image => image.name),
      { ...options, optional: [...(options.optional ?? []), ...optional] },
    );
  } catch (error) {
    throw diskFull(error, cacheDir()) ?? error;
  }
}

async function ensureEach(names: readonly string[], options: EnsureOptions): Promise<Map<string, ReadyImage>> {
  const store = await imageStore();
  const report = options.report ?? silent;
  const context: RecipeContext = { store, options };
  const ready = new Map<string, ReadyImage>();
  // Registries are asked side by side, and once: one that does not answer costs its time limit only once.
  await Promise.all(names.map(name => askedAhead(platformImage(name), store, options)));
  for (const name of names) {
    options.signal?.throwIfAborted();
    const image = platformImage(name);
    const { reference } = image;
    const { recipe, key } = await imageKey(image, context);
    let stored = await findImage(store, name, key);
    const id = `images/${name}`;
    const title = `Image ${reference}`;
    if (stored) {
      report({ kind: 'skipped', id, title, detail: 'in the cache' });
    } else {
      const optional = options.optional?.includes(name) ?? false;
      const provide = async () =>
        (await pull(image, reference, options)) ?? (await build(image, reference, recipe, context));
      try {
        if (optional && !recipe && !(await sourceFor(image, reference, options))) throw notPullable(image, options);
        stored = await reported(optional ? quiet(report) : report, id, title, provide, result => result.origin);
      } catch (error) {
        options.signal?.throwIfAborted();
        if (!optional || !isRefusal(error)) throw error;
        report({ kind: 'skipped', id, title, detail: messageOf(error) });
        continue;
      }
      await recordImage(name, key, stored);
    }
    ready.set(name, { layoutDir: store.folder, digest: stored.digest, reference, origin: stored.origin });
  }
  return ready;
}

/** For what may be missing: that it could not be had is said once, as skipped and not as failed. */
function quiet(report: Reporter): Reporter {
  return event => {
    if (event.kind !== 'failed') report(event);
  };
}

/** An image that cannot be pulled, in distinction to a cache that cannot be written. */
function isRefusal(error: unknown): boolean {
  return ['images.not-pullable', 'oci.', 'net.'].some(code => hasCode(error, code));
}

async function askedAhead(image: PlatformImage, store: ImageLayout, options: EnsureOptions): Promise<void> {
  if (image.recipe || options.from !== undefined) return;
  const { key } = await imageKey(image, { store, options });
  if (!(await findImage(store, image.name, key))) await sourceFor(image, image.reference, options);
}

/** Whether a registry answers for this image. Nothing is pulled. */
export async function canBePulled(name: string, options: PullOptions = {}): Promise<boolean> {
  const image = platformImage(name);
  return (await sourceFor(image, image.reference, options)) !== undefined;
}

/** The name of an image in a public registry, by digest where that is known; empty for what only Airlock makes. @throws `images.unknown` */
export function publicName(name: string): string {
  return publicNameOf(platformImage(name));
}

/** What an image is known by in the cache, with its recipe where it has one. */
export async function imageKey(
  image: PlatformImage,
  context: RecipeContext,
): Promise<{ recipe?: ImageRecipe; key: string }> {
  return image.recipe ? recipeDigest(image, context) : { key: contentKey('pulled', image.pull ?? '') };
}

/** A recipe with its key and the name of its image. @throws `images.not-pullable` for an image that has no recipe */
export async function recipeDigest(
  image: PlatformImage,
  context: RecipeContext,
): Promise<{ recipe: ImageRecipe; key: string; reference: string }> {
  if (!image.recipe) throw notPullable(image);
  const recipe = await image.recipe(context);
  const layers = recipe.layers.map(layer => layer.key);
  const key = contentKey(layers, recipe.config);
  return { recipe, key, reference: image.reference };
}

function notPullable(image: PlatformImage, options: PullOptions = {}): AirlockError {
  const { registry } = parseReference(image.pull ?? image.reference);
  return new AirlockError({
    code: 'images.not-pullable',
    message: `Image ${image.name} is only pulled, and ${registry} ${isOffline(options) ? 'is not asked (offline)' : 'does not answer'}`,
    remedy: `Build it where ${registry} can be reached, name a registry that holds it (--from), or import an archive of images`,
    where: image.pull ?? image.reference,
  });
}

/** Undefined where the image is to be assembled. */
async function pull(image: PlatformImage, reference: string, options: EnsureOptions): Promise<StoredImage | undefined> {
  const source = await sourceFor(image, reference, options);
  if (!source) return undefined;
  try {
    return await pullImage(source, await imageStore(), reference, options);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (source.required || !image.recipe) throw error;
    options.report?.({ kind: 'info', id: `images/${image.name}`, title: pullFailed(source, error) });
    return undefined;
  }
}

async function build(
  image: PlatformImage,
  reference: string,
  recipe: ImageRecipe | undefined,
  { store, options }: RecipeContext,
): Promise<StoredImage> {
  if (!recipe) throw notPullable(image, options);
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
