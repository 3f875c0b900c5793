import { AirlockError } from '../../report';
import { instanceDirectory } from '../instance';
import { parseLock, type ProductLock } from '../lock';
import { productFileNames } from '../product-files';
import { planProposal, type Proposal } from '../proposal';
import { targetClusters } from './clusters';
import { openForge } from './connections';
import { propose } from './propose';
import type { DeploymentInputs, PlannedPullRequest, PlanOptions, Project } from './deployment-inputs';
import { blockedBy, rendering } from './deployment-proposal';
import { dependencies, filesOf, installedTargets, instanceOf } from './instance-files';
import { observePullRequest, type PullRequestDesire } from './pull-request';
import { deploymentReaders } from './reader';
import { pushSnapshots } from './snapshots';
import { withOverrides } from './values-sources';

/** A version that main has had. */
export type DeployedVersion = Pick<ProductLock['component'], 'version' | 'descriptorDigest'>;

export interface RollbackPlan {
  readonly from: string;
  readonly to: string;
  readonly proposal: Proposal;
  readonly pullRequest: PlannedPullRequest;
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
  const readers = deploymentReaders(inputs, signal);
  try {
    const project = await withOverrides(plain, forge);
    const [next, previous] = [
      await readers.open(back.version, back.descriptorDigest),
      await readers.open(now.version, now.descriptorDigest),
    ];
    const { names } = await dependencies(project);
    const deployed = merged.files?.get(`${directory}/${productFileNames.flux}`);
    const proposal = await planProposal({
      instance: { ...instanceOf(inputs, targets, names), ...(deployed !== undefined && { deployed }) },
      reader: next.reader,
      inventory: next.inventory,
      previous: previous.reader,
      merged,
      verifiedBy: Object.keys(inputs.trustedKeys),
      ...rendering(project),
    });
    const desire = desireOf(inputs.instance, now.version, proposal);
    const seen = await observePullRequest(repository, desire, options);
    // Asked for by a person, now: that one like it was closed or merged before says nothing.
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
  return propose({ inputs, repository: openForge(inputs.forge, inputs.repository), options }, pullRequest, {
    passed: proposal.phase !== 'blocked',
    text: blockedBy(proposal),
    faults: proposal.faults,
  });
}

function desireOf(instance: string, from: string, proposal: Proposal): PullRequestDesire {
  return {
    branch: `airlock-rollback/${instance}`,
    base: 'main',
    title: proposal.title,
    body: [
      `A rollback. After the merge ${from} is not proposed again, until a comment \`/airlock retry\` on its pull request; a newer version is.`,
      '',
      proposal.body,
    ].join('\n'),
    files: proposal.files,
    message: proposal.commitMessage,
    labels: ['airlock', 'rollback'],
    subject: `${instance} rollback from ${from} to ${proposal.version} ${proposal.digest}`,
  };
}

/** The versions that main has had, newest first, each once. A lock of the past that cannot be read is passed over. */
async function deployedVersions({ repository, options }: Project, lockFile: string): Promise<DeployedVersion[]> {
  const found = new Map<string, DeployedVersion>();
  for (const { sha } of await repository.history('main', lockFile, options)) {
    const file = await repository.readFile(lockFile, sha, options);
    const component = file && readable(file.content.toString('utf8'));
    if (component) found.set(`${component.version} ${component.descriptorDigest}`, component);
  }
  return [...found.values()];
}

function readable(lock: string): DeployedVersion | undefined {
  try {
    return parseLock(lock).component;
  } catch {
    return undefined;
  }
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
