import { instanceDirectory, type ProductInstance } from '../instance';
import { parseLock, textDigest, type ProductLock } from '../lock';
import { productFileNames } from '../product-files';
import type { InstanceFiles } from '../proposal';
import { planAnswer } from './answer';
import { targetClusters } from './clusters';
import { openForge } from './connections';
import type {
  DeploymentInputs,
  DeploymentPlan,
  OpenedVersion,
  OpenReader,
  PlannedPullRequest,
  PlanOptions,
  Project,
} from './deployment-inputs';
import { blockedBy, proposalChanges, proposed, pullRequestFor } from './deployment-proposal';
import { dependencies, filesOf, inRepository, installedTargets, instanceOf, withFiles } from './instance-files';
import { subjectIn } from './markers';
import { planOthersRequests } from './others-requests';
import { blockedOr, settled, waiting } from './phases';
import { planPublications } from './publication';
import type { PullRequestState } from './pull-request';
import { planRemoval, wasInstalled } from './removal';
import { missingSnapshots } from './snapshots';
import { planOpenRollback, type RollbackRequest } from './rollback-request';
import { withOverrides } from './values-sources';
import { isJudged } from './verdict';

/**
 * Plans one product instance from what is in Git and in the registry. Writes nothing. What is wrong with this product alone (files
 * on main that cannot be read, a version that does not verify) makes a `blocked` plan with its {@link DeploymentPlan.refusal};
 * everything else throws.
 */
export async function planDeployment(
  inputs: DeploymentInputs,
  open: OpenReader,
  { signal, forge = openForge, programs }: PlanOptions = {},
): Promise<DeploymentPlan> {
  const options = signal === undefined ? {} : { signal };
  const repository = forge(inputs.forge, inputs.repository);
  const { kubeconfig } = inputs;
  const clusters = kubeconfig === undefined ? undefined : targetClusters(kubeconfig, `mpas-${inputs.project}`);
  const project: Project = {
    inputs,
    repository,
    options,
    ...(programs && { programs }),
    ...(clusters && { clusterOf: clusters.clusterOf }),
  };
  try {
    const management = forge(inputs.forge, inputs.installation);
    const targets = await installedTargets(inputs, management, options);
    if (targets === undefined) {
      if (await wasInstalled(management, inputs.instance, options)) return await planUninstalled(project);
      const { owner, name } = inputs.installation;
      return waiting(`${inputs.instance} is not installed yet: its pull request in ${owner}/${name} waits for a merge`);
    }
    const { names, missing } = await dependencies(project);
    if (missing !== undefined)
      return waiting(`${inputs.instance} waits for ${missing}, which it depends on, to be merged`);
    return await planInstalled(await withOverrides(project, forge), instanceOf(inputs, targets, names), open);
  } catch (error) {
    return blockedOr(waiting(''), inRepository(error, inputs));
  } finally {
    await clusters?.close();
  }
}

/** The generator was taken back on main: what is deployed of the product is proposed for removal. */
async function planUninstalled(project: Project): Promise<DeploymentPlan> {
  const gone = `the generator of ${project.inputs.instance} was removed`;
  const removal = await planRemoval(project);
  if (removal === undefined) return waiting(`${gone}, and nothing of it is deployed`);
  const closed = removal.observed.state === 'closed';
  const what = closed
    ? 'its removal was closed without a merge: what is deployed stays'
    : 'a pull request removes what is deployed';
  return { ...waiting(`${gone}; ${what}`), phase: closed ? 'skipped' : 'proposed', removal };
}

async function planInstalled(project: Project, described: ProductInstance, open: OpenReader): Promise<DeploymentPlan> {
  const { inputs, repository, options } = project;
  const directory = instanceDirectory(described);
  let main = filesOf(await repository.readTree('main', directory, options), directory);
  const deployed = main.files?.get(`${directory}/${productFileNames.flux}`);
  const instance = { ...described, ...(deployed !== undefined && { deployed }) };
  const lock = main.lock === undefined ? undefined : parseLock(main.lock, `${directory}/${productFileNames.lock}`);
  let previous: OpenedVersion | undefined;
  let soFar = waiting('nothing is replicated yet');
  if (lock !== undefined) {
    soFar = settled(lock, '');
    try {
      previous = await open(lock.component.version, lock.component.descriptorDigest);
      const answered = await planAnswer(project, instance, previous, main, lock);
      soFar = answered;
      if (answered.renewal?.phase === 'renewed') main = withFiles(main, answered.renewal.files, directory);
      else soFar = { ...answered, ...(await besides(project, { instance, previous, merged: main }, lock, open)) };
      if (answered.phase === 'blocked') return soFar;
    } catch (error) {
      return blockedOr(soFar, inRepository(error, inputs));
    }
  }
  if (inputs.version === '')
    return lock === undefined ? soFar : { ...soFar, reason: 'the source names no version; what runs stays' };
  if (lock?.component.version === inputs.version) return withoutObsolete(project, soFar, main);
  try {
    const next = await open(inputs.version, inputs.digest);
    const request = { instance, next, merged: main, ...(previous && { previous }) };
    return await planNext(project, await proposed(project, request), soFar, main);
  } catch (error) {
    return blockedOr(soFar, inRepository(error, inputs));
  }
}

/** What is merged already; a proposal that is still open is not needed any more. */
async function withoutObsolete(project: Project, soFar: DeploymentPlan, main: InstanceFiles): Promise<DeploymentPlan> {
  const { inputs, repository, options } = project;
  const plan = { ...soFar, desired: textDigest(main.lock ?? '') };
  const all = await repository.pullRequestsFrom(`airlock/${inputs.instance}`, options);
  const open = all.find(each => each.state === 'open' && subjectIn(each.body) !== undefined);
  if (open === undefined) return plan;
  return {
    ...plan,
    obsolete: { number: open.number, reason: `${inputs.version} is on main, and is what is asked for` },
  };
}

async function planNext(
  project: Project,
  both: Awaited<ReturnType<typeof proposed>>,
  soFar: DeploymentPlan,
  main: InstanceFiles,
): Promise<DeploymentPlan> {
  const { proposal } = both;
  const { desire, observed } = await pullRequestFor(project, both);
  const over = observed.state === 'closed' || observed.state === 'merged';
  const pullRequest: PlannedPullRequest = {
    desire,
    observed,
    action: !over && (observed.state === 'absent' || observed.stale || !(await isJudged(project, observed.head))),
  };
  // A proposal that is acted on pushes what it pins anyway.
  const waits = !over && !pullRequest.action;
  const lost = waits ? await missingSnapshots(proposal.snapshots, project.inputs, project.options) : [];
  const missing = [...(soFar.missing ?? []), ...lost];
  return {
    ...soFar,
    ...(missing.length > 0 && { missing }),
    phase: over ? 'skipped' : proposal.phase,
    reason: over ? whyOver(observed, proposal.version) : blockedBy(proposal),
    proposed: over ? '' : proposal.version,
    desired: textDigest(`${main.lock ?? ''}\n${proposal.digest}`),
    changes: [...soFar.changes, ...proposalChanges(proposal)],
    proposal,
    pullRequest,
  };
}

/**
 * What is to be done beside proposals: snapshots that targets lack of what is merged, verdicts on people's own pull requests, and
 * edits on the branch of a rollback.
 */
async function besides(
  project: Project,
  request: Omit<RollbackRequest, 'next'>,
  lock: ProductLock,
  open: OpenReader,
): Promise<Pick<DeploymentPlan, 'publications' | 'others' | 'rollback'>> {
  const { inputs, options } = project;
  const { instance, previous } = request;
  const publications = await planPublications(instance, lock, previous.reader, inputs.registry, options);
  const others = await planOthersRequests(project, instance, previous);
  const rollback = await planOpenRollback(project, request, lock.component, open);
  return {
    ...(publications.length > 0 && { publications }),
    ...(others.length > 0 && { others }),
    ...(rollback && { rollback }),
  };
}

function whyOver({ state, pullRequest }: PullRequestState, version: string): string {
  const number = pullRequest?.number ?? '';
  const until = `it is skipped until a newer version, or a comment '/airlock retry' on #${number}`;
  return state === 'closed'
    ? `pull request #${number} was closed without merging ${version}: ${until}`
    : `${version} was merged by pull request #${number} and taken back on main since: ${until}`;
}
