import { join } from 'node:path';
import { podinfoUi, podinfoVersions } from '../binaries';
import { contentKey } from '../cache';
import { ordersPrograms } from '../example-programs';
import { buildGo, recipeKey } from '../golang';
import { BUNDLED_PROGRAMS } from '../language-programs';
import type { LayerPart } from '../layer';
import { type GoProgram, languageProgramNames, program } from '../programs';
import { projectRoot } from '../root';
import type { LayerRecipe } from '../store';
import { airlockLayers, CONFIG, digestOfTree, HOME, PUBLIC_BASE, ROOT } from './airlock';
import { goLayer, type Recipe, type RecipeContext } from './recipe';

/** Where the release pipeline finds podinfo: `<here>/<version>/podinfo`, and `ui/` beside it. */
export const PODINFO_FOLDER = '/opt/podinfo';

/** Where the release pipeline finds the programs of examples/orders. */
export const ORDERS_FOLDER = '/opt/orders';

/** Pipelines that the runner executes, where it looks for them: beside the code. */
const pipelines = ['podinfo-pipeline', 'orders-pipeline'];

/**
 * Airlock with what the examples' releases put into images, and with the programs of products' languages, which the linter
 * runs: a pod has no Go toolchain.
 */
export const releaseRunner: Recipe = async context => ({
  layers: [
    ...(await airlockLayers(context)),
    ...(await Promise.all(
      languageProgramNames.map(name => goLayer(name, context, { [name]: `${HOME}/${BUNDLED_PROGRAMS}/${name}` })),
    )),
    await podinfoLayer(context),
    await ordersLayer(context),
    await pipelineLayer(projectRoot()),
  ],
  config: CONFIG,
  publicBase: PUBLIC_BASE,
});

const keysOf = (sources: readonly GoProgram[]): Promise<string[]> =>
  Promise.all(sources.map(source => recipeKey(source)));

async function podinfoLayer({ options }: RecipeContext): Promise<LayerRecipe> {
  const versions = podinfoVersions();
  return {
    name: 'programs-podinfo',
    key: contentKey(await keysOf(versions.map(version => program(`podinfo-${version}`))), PODINFO_FOLDER, 2),
    make: async () => {
      const parts: LayerPart[] = [];
      for (const version of versions) {
        const to = `${PODINFO_FOLDER}/${version}`;
        const folder = await buildGo(program(`podinfo-${version}`), options, 'linux');
        parts.push({ file: join(folder, 'podinfo'), to: `${to}/podinfo` });
        parts.push({ tree: await podinfoUi(version, options), to, owner: ROOT });
      }
      return parts;
    },
  };
}

async function ordersLayer({ options }: RecipeContext): Promise<LayerRecipe> {
  const sources = [program('nats'), program('orders')];
  return {
    name: 'programs-orders',
    key: contentKey(await keysOf(sources), ordersPrograms, ORDERS_FOLDER, 1),
    make: async () => {
      const parts: LayerPart[] = [];
      for (const source of sources) {
        const folder = await buildGo(source, options, 'linux');
        for (const file of Object.keys(source.binaries))
          parts.push({ file: join(folder, file), to: `${ORDERS_FOLDER}/${file}` });
      }
      return parts;
    },
  };
}

async function pipelineLayer(root: string): Promise<LayerRecipe> {
  const folders = pipelines.map(name => join('examples', name));
  return {
    name: 'release-pipelines',
    key: contentKey(await Promise.all(folders.map(folder => digestOfTree(join(root, folder), () => true))), 1),
    make: () =>
      Promise.resolve(folders.map(folder => ({ tree: join(root, folder), to: join(HOME, folder), owner: ROOT }))),
  };
}
