import type { FileContent, ForgeRepository } from '../../forge';
import { AirlockError } from '../../report';
import { kustomizationNames } from '../flux';
import { instanceDirectory, type ProductInstance } from '../instance';
import { parseGenerator, parseTarget, type Target } from '../manifests';
import { productFileNames } from '../product-files';
import type { InstanceFiles } from '../proposal';
import type { DeploymentInputs, Project } from './deployment-inputs';

/** Targets of the project, once its generator is merged; undefined before. */
export async function installedTargets(
  { instance }: DeploymentInputs,
  management: ForgeRepository,
  options: { readonly signal?: AbortSignal },
): Promise<Target[] | undefined> {
  const file = `generators/${instance}.yaml`;
  const generator = await management.readFile(file, 'main', options);
  if (generator === undefined) return undefined;
  parseGenerator(generator.content.toString('utf8'), file);
  const files = await management.readTree('main', 'targets', options);
  return files
    .filter(each => /\.ya?ml$/.test(each.path))
    .map(each => parseTarget(each.content.toString('utf8'), each.path));
}

/** The instance that merged manifests and configuration describe. */
export function instanceOf(
  inputs: DeploymentInputs,
  targets: readonly Target[],
  dependsOn: readonly string[],
): ProductInstance {
  const project = `mpas-${inputs.project}`;
  return {
    name: inputs.instance,
    project,
    repository: inputs.registry.host,
    snapshotRegistry: inputs.registry.host,
    pullSecret: 'registry-pull',
    // What is not signed is not demanded to be.
    ...(inputs.snapshotKey !== undefined && { verifySecret: 'snapshot-keys' }),
    serviceAccountName: project,
    interval: '1m',
    verify: Object.keys(inputs.trustedKeys).map(name => ({ name, publicKeySecret: name })),
    targets,
    ...(dependsOn.length > 0 && { dependsOn }),
  };
}

/**
 * The Kustomizations of the products that this one depends on, as main has them; `missing` names a product that is not deployed yet.
 */
export async function dependencies({
  inputs,
  repository,
  options,
}: Project): Promise<{ readonly names: string[]; readonly missing?: string }> {
  const names: string[] = [];
  for (const other of inputs.dependsOn ?? []) {
    const path = `${instanceDirectory({ name: other })}/${productFileNames.flux}`;
    const file = await repository.readFile(path, 'main', options);
    if (file === undefined) return { names, missing: other };
    names.push(...kustomizationNames(file.content.toString('utf8')));
  }
  return { names };
}

export function filesOf(tree: readonly FileContent[], directory: string): InstanceFiles {
  const files = new Map(tree.map(each => [each.path, each.content.toString('utf8')]));
  return withFiles({ files }, new Map(), directory);
}

/** The files, with some of them changed. */
export function withFiles(
  before: InstanceFiles,
  changed: ReadonlyMap<string, string>,
  directory: string,
): InstanceFiles {
  const files = new Map([...(before.files ?? []), ...changed]);
  const [values, lock] = [
    files.get(`${directory}/${productFileNames.values}`),
    files.get(`${directory}/${productFileNames.lock}`),
  ];
  return { files, ...(values !== undefined && { values }), ...(lock !== undefined && { lock }) };
}

/** Paths in the repositories, as they stand in the place of a failure, with the repository in front. */
export function inRepository(error: unknown, { instance, installation, repository }: DeploymentInputs): unknown {
  if (!(error instanceof AirlockError) || error.where === undefined) return error;
  const { code, message, remedy, where } = error;
  const inProducts = where.startsWith(`products/${instance}/`);
  const inManagement = /^(generators|targets)\//.test(where);
  if (!inProducts && !inManagement) return error;
  const { owner, name } = inProducts ? repository : installation;
  return new AirlockError({
    code,
    message,
    where: `main of ${owner}/${name}, ${where}`,
    cause: error,
    ...(remedy === undefined ? {} : { remedy: inProducts ? `${remedy}; until then, what is deployed stays` : remedy }),
  });
}
