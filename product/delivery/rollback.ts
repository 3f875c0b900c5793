import { AirlockError } from '../../report';
import { instanceDirectory } from '../instance';
import { parseLock } from '../lock';
import { productFileNames } from '../product-files';
import { targetClusters } from './clusters';
import { openForge } from './connections';
import { propose } from './propose';
import type { DeploymentInputs, PlannedProposal, PlanOptions, Project } from './deployment-inputs';
import { verdictOf } from './deployment-proposal';
import { dependencies, filesOf, installedTargets, instanceOf } from './instance-files';
import { deploymentReaders } from './reader';
import { planRollbackRequest, readableLock, type DeployedVersion } from './rollback-request';
import { pushSnapshots } from './snapshots';
import { withOverrides } from './values-sources';

export interface RollbackPlan extends PlannedProposal {
  readonly from: string;
  readonly to: string;
}

/**
 * Plans the pull request that takes an instance back: the version before (or `to`), rendered from the consumer's registry, with the
 * consumer's values as they are now. Writes nothing. Throws `product.not-deployed`, `product.no-earlier-version` and what reading throws.
 */
export async function planRollback(
  inputs: DeploymentInputs,
  to: string | undefined,
  { signal, forge = openForge, programs }: PlanOptions = {},
): Promise<RollbackPlan> {
  const options = signal === undefined ? {} : { signal };
  const repository = forge(inputs.forge, inputs.repository);
  const { kubeconfig } = inputs;
  const clusters = kubeconfig === undefined ? undefined : targetClusters(kubeconfig, `mpas-${inputs.project}`);
  const plain: Project = {
    inputs,
    repository,
    options,
    ...(programs && { programs }),
    ...(clusters && { clusterOf: clusters.clusterOf }),
  };
  const targets = await installedTargets(inputs, forge(inputs.forge, inputs.installation), options);
  const directory = instanceDirectory({ name: inputs.instance });
  const merged = filesOf(await repository.readTree('main', directory, options), directory);
  if (targets === undefined || merged.lock === undefined) throw notDeployed(inputs);
  const lockFile = `${directory}/${productFileNames.lock}`;
  const now = parseLock(merged.lock, lockFile).component;
  const back = chosen(await deployedVersions(plain, lockFile), now, to, inputs.instance);
  const readers = deploymentReaders(inputs, { ...(signal && { signal }) });
  try {
    const project = await withOverrides(plain, forge);
    const [next, previous] = [
      await readers.open(back.version, back.descriptorDigest),
      await readers.open(now.version, now.descriptorDigest),
    ];
    const { names } = await dependencies(project);
    const deployed = merged.files?.get(`${directory}/${productFileNames.flux}`);
    const instance = { ...instanceOf(inputs, targets, names), ...(deployed !== undefined && { deployed }) };
    const { proposal, pullRequest } = await planRollbackRequest(project, { instance, next, previous, merged });
    // Asked for by a person, now: that one like it was closed or merged before says nothing.
    const { observed: seen, desire } = pullRequest;
    const observed = seen.state === 'open' ? seen : { ...seen, state: 'absent' as const };
    return { from: now.version, to: back.version, proposal, pullRequest: { desire, observed, action: true } };
  } finally {
    await readers.close();
    await clusters?.close();
  }
}

/** Opens the pull request, or refreshes the one that is open. Returns its page. */
export async function applyRollback(
  inputs: DeploymentInputs,
  { proposal, pullRequest }: RollbackPlan,
  signal?: AbortSignal,
): Promise<string> {
  const options = signal === undefined ? {} : { signal };
  await pushSnapshots(proposal.snapshots, inputs, options);
  const project = { inputs, repository: openForge(inputs.forge, inputs.repository), options };
  return propose(project, pullRequest, verdictOf(proposal));
}

/** The versions that main has had, newest first, each once. A lock of the past that cannot be read is passed over. */
async function deployedVersions({ repository, options }: Project, lockFile: string): Promise<DeployedVersion[]> {
  const found = new Map<string, DeployedVersion>();
  for (const { sha } of await repository.history('main', lockFile, options)) {
    const file = await repository.readFile(lockFile, sha, options);
    const component = file && readableLock(file.content.toString('utf8'));
    if (component) found.set(`${component.version} ${component.descriptorDigest}`, component);
  }
  return [...found.values()];
}

function chosen(
  versions: readonly DeployedVersion[],
  now: DeployedVersion,
  to: string | undefined,
  instance: string,
): DeployedVersion {
  const others = versions.filter(each => each.descriptorDigest !== now.descriptorDigest);
  const found = to === undefined ? others[0] : others.find(each => each.version === to);
  if (found !== undefined) return found;
  const known = others.map(each => each.version).join(', ');
  throw new AirlockError({
    code: 'product.no-earlier-version',
    message: `${instance} runs ${now.version}, and main has ${to === undefined ? 'never had another version' : `not had ${to}`}`,
    remedy: known === '' ? 'There is nothing to go back to' : `Choose one that was deployed: ${known}`,
  });
}

function notDeployed({ instance, repository }: DeploymentInputs): AirlockError {
  return new AirlockError({
    code: 'product.not-deployed',
    message: `${instance} is not deployed: main of ${repository.owner}/${repository.name} has no lock of it`,
    remedy: 'Merge the pull request that deploys it; before, there is nothing to go back from',
  });
}
