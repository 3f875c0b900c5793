import type { ImageConfig } from '../oci';
import { AirlockError, type Reporter, reported, silent } from '../report';
import { contentKey } from './cache';
import { platformImage } from './list';
import type { RecipeContext } from './recipes';
import {
  assemble,
  ensureLayer,
  findImage,
  imageStore,
  type LayerRecipe,
  recordImage,
  type StoredImage,
  type StoredLayer,
} from './store';

export interface EnsureOptions {
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
 * The named images, from the cache where they are there, else assembled.
 * @throws `images.build-failed` naming the program and the log file, `images.disk-full`, `images.root-needed`, `images.go-missing`
 */
export async function ensureImages(
  names: readonly string[],
  options: EnsureOptions = {},
): Promise<Map<string, ReadyImage>> {
  const store = await imageStore();
  const report = options.report ?? silent;
  const context: RecipeContext = { store, options };
  const ready = new Map<string, ReadyImage>();
  for (const name of names) {
    options.signal?.throwIfAborted();
    const image = platformImage(name);
    const recipe = await image.recipe(context);
    const key = recipeOf(recipe);
    const known = await findImage(store, name, key);
    const title = `${image.reference}`;
    let stored: StoredImage;
    if (known) {
      stored = known;
      report({ kind: 'skipped', id: `images/${name}`, title, detail: 'in the cache' });
    } else {
      stored = await reported(
        report,
        `images/${name}`,
        title,
        () => provide(name, key, recipe, context),
        result => result.origin,
      );
    }
    ready.set(name, {
      layoutDir: store.folder,
      digest: stored.digest,
      reference: image.reference,
      origin: stored.origin,
    });
  }
  return ready;
}

interface Built {
  readonly layers: readonly LayerRecipe[];
  readonly config: ImageConfig;
}

function recipeOf(recipe: Built): string {
  return contentKey(
    recipe.layers.map(layer => layer.key),
    recipe.config,
  );
}

async function provide(
  name: string,
  key: string,
  recipe: Built,
  { store, options }: RecipeContext,
): Promise<StoredImage> {
  const layers: StoredLayer[] = [];
  try {
    for (const layer of recipe.layers) layers.push(await ensureLayer(store, layer, options.signal));
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!(error instanceof AirlockError)) throw error;
    throw new AirlockError({
      code: error.code,
      message: `Image ${name}: ${error.message}`,
      ...(error.remedy ? { remedy: error.remedy } : {}),
      ...(error.where ? { where: error.where } : {}),
      cause: error,
    });
  }
  const { digest } = await assemble(store, layers, recipe.config, platformImage(name).reference);
  const image = { digest, origin: 'assembled' };
  await recordImage(name, key, image);
  return image;
}

/** Those of the named images that are in the cache. Builds and pulls nothing. */
export async function knownImages(names: readonly string[], options: EnsureOptions = {}): Promise<Map<string, ReadyImage>> {
  const store = await imageStore();
  const known = new Map<string, ReadyImage>();
  for (const name of names) {
    const image = platformImage(name);
    const stored = await findImage(store, name, recipeOf(await image.recipe({ store, options })));
    if (stored === undefined) continue;
    known.set(name, { layoutDir: store.folder, digest: stored.digest, reference: image.reference, origin: stored.origin });
  }
  return known;
}
