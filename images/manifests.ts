import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureBinary } from './binaries';
import { cacheDir, contentKey, ensureFolder } from './cache';
import { run } from './command';
import { type BuildOptions, moduleFolder, recipeKey, toolFolder } from './golang';
import { program } from './programs';

const SOURCE_API = 'github.com/fluxcd/source-controller/api';
const KUSTOMIZE_CONTROLLER = 'github.com/fluxcd/kustomize-controller';

/**
 * A file with Flux's custom resource definitions: the sources' (OCIRepository, GitRepository, ...) generated from their Go
 * types as Flux itself does, Kustomization's as its module carries it. They are the released ones of the pinned versions.
 */
export async function fluxCrds(options: BuildOptions = {}): Promise<string> {
  const [generator, controller] = [program('controller-gen'), program('kustomize-controller')];
  const key = contentKey(await recipeKey(generator), await recipeKey(controller), 1);
  const folder = await ensureFolder(
    join('share', `flux-crds-${key}`),
    async partial => {
      await run(
        await ensureBinary('controller-gen', options),
        ['crd', `paths=${SOURCE_API}/v1`, `output:crd:dir=${join(partial, 'parts')}`],
        {
          cwd: toolFolder(generator),
          env: { GOFLAGS: '', GOWORK: 'off', CGO_ENABLED: '0' },
          signal: options.signal,
          logFile: join(cacheDir(), 'logs', 'flux-crds.log'),
          what: "generating Flux's source definitions",
        },
      );
      const bases = join(
        await moduleFolder(controller, KUSTOMIZE_CONTROLLER, options.signal),
        'config',
        'crd',
        'bases',
      );
      const texts = [...(await yamlFiles(join(partial, 'parts'))), ...(await yamlFiles(bases))];
      await writeFile(
        join(partial, 'flux-crds.yaml'),
        texts.map(text => (text.startsWith('---') ? text : `---\n${text}`)).join(''),
      );
    },
    options.signal,
  );
  return join(folder, 'flux-crds.yaml');
}

async function yamlFiles(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter(name => name.endsWith('.yaml')).sort();
  return Promise.all(names.map(name => readFile(join(folder, name), 'utf8')));
}
