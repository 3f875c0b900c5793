import { textAt, type Cluster } from '../../cluster';
import { AirlockError } from '../../report';
import { isMap, type Value, type ValueMap } from '../value';
import { collectValues, type ValuesFetcher, type ValuesSource } from '../values-from';
import { artifactFiles } from './artifact';
import { accessTo, openForge, type OpenForge } from './connections';
import type { DeploymentInputs, Project } from './deployment-inputs';

const texts = {
  inline: [],
  git: ['repository', 'path'],
  configMap: ['name', 'key'],
  artifact: ['reference', 'path'],
} as const satisfies Record<ValuesSource['kind'], readonly string[]>;

/**
 * The project with the values that are laid over those of `values.yaml`, as they are now: files of repositories are read on main with
 * the forge's account, ConfigMaps in the environment's cluster (default: the project's namespace), artifacts with the consumer's
 * account. Throws `product.values-source-invalid`, `product.values-not-found` and what `collectValues` throws.
 */
export async function withOverrides(project: Project, forge: OpenForge = openForge): Promise<Project> {
  const { valuesFrom = [] } = project.inputs;
  if (valuesFrom.length === 0) return project;
  return { ...project, elsewhere: await collectValues(valuesFrom.map(source), fetcherOf(project, forge)) };
}

/** A source as the configuration has it. */
function source(given: unknown, index: number): ValuesSource {
  const value = given as Value;
  const kind = isMap(value) ? Object.keys(texts).find(each => each === value['kind']) : undefined;
  if (isMap(value) && kind !== undefined && isComplete(kind as ValuesSource['kind'], value))
    return value as unknown as ValuesSource;
  throw new AirlockError({
    code: 'product.values-source-invalid',
    message: `Entry ${index} of valuesFrom is no source of values`,
    remedy:
      'Give it a kind: inline (values), git (repository as owner/name, path), configMap (name, key) or artifact (reference, path)',
  });
}

function isComplete(kind: ValuesSource['kind'], value: ValueMap): boolean {
  const optional = ['subPath', 'namespace'].every(key => typeof (value[key] ?? '') === 'string');
  const values = kind !== 'inline' || isMap(value['values']);
  return optional && values && texts[kind].every(key => typeof value[key] === 'string' && value[key] !== '');
}

function fetcherOf({ inputs, options, clusterOf }: Project, forge: OpenForge): ValuesFetcher {
  return {
    git: async ({ repository, path }) => {
      const [owner = '', name = ''] = repository.split('/');
      const file = await forge(inputs.forge, { owner, name }).readFile(path, 'main', options);
      return file?.content.toString('utf8');
    },
    configMap: async ({ name, namespace = `mpas-${inputs.project}`, key }) => {
      const cluster = await ownCluster(inputs, clusterOf, name);
      return textAt(await cluster.find({ apiVersion: 'v1', kind: 'ConfigMap', name, namespace }, options), 'data', key);
    },
    artifact: async ({ reference, path }) => {
      const { files } = await artifactFiles(reference, accessTo(reference, inputs.registry), options);
      const content = files.get(path);
      return content && Buffer.from(content).toString('utf8');
    },
  };
}

/** Without the cluster it is not known what the values are: then nothing is rendered, and what runs stays. */
async function ownCluster(
  { instance }: DeploymentInputs,
  clusterOf: Project['clusterOf'],
  configMap: string,
): Promise<Cluster> {
  const own = await clusterOf?.({ name: instance, type: 'kubernetes', labels: {} });
  if (own !== undefined) return own;
  throw new AirlockError({
    code: 'product.values-not-found',
    message: `The values of ConfigMap ${configMap} cannot be read: this environment's cluster does not answer, or it has none`,
    remedy: 'Bring the cluster back, or take the values from Git',
  });
}
