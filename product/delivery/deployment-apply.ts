import { changesTo, type ForgeRepository } from '../../forge';
import { hasCode } from '../../report';
import type { LockRenewal } from '../lock-renewal';
import { openForge } from './connections';
import type { DeploymentInputs, DeploymentPlan, PlannedPullRequest, Project } from './deployment-inputs';
import { verdictOf } from './deployment-proposal';
import { propose } from './propose';
import { publish } from './publication';
import { observePullRequest } from './pull-request';
import { renewalDesire } from './renewal-request';
import { pushSnapshots } from './snapshots';
import { checksOf, judge, judgeOnMain, valid } from './verdict';

/**
 * Pushes snapshots, answers an edit on main, opens or refreshes the pull request. Returns the pull request's page, if any. Throws
 * what the forge and the registry refuse; nothing of the consumer's is lost by that, and the next run goes on from there.
 */
export async function applyDeployment(
  inputs: DeploymentInputs,
  plan: DeploymentPlan,
  signal?: AbortSignal,
): Promise<string> {
  const options = signal === undefined ? {} : { signal };
  const project: Project = { inputs, repository: openForge(inputs.forge, inputs.repository), options };
  const push = (snapshots: LockRenewal['snapshots']): Promise<void> => pushSnapshots(snapshots, inputs, options);
  let page = '';
  await push(plan.missing ?? []);
  if (plan.renewal?.phase === 'renewed') {
    await push(plan.renewal.snapshots);
    page = await renew(project, plan.renewal, plan.renewalRequest);
  }
  if (plan.judged !== undefined) await judgeOnMain(project, plan.judged.commit, plan.judged.verdict);
  await publish(plan.publications ?? [], inputs.registry, options);
  for (const { request, verdict } of plan.others ?? []) await judge(project, checksOf(inputs), request, verdict);
  if (plan.rollback !== undefined) {
    await push(plan.rollback.proposal.snapshots);
    await propose(project, plan.rollback.pullRequest, verdictOf(plan.rollback.proposal));
  }
  if (plan.obsolete !== undefined) {
    await project.repository.comment(plan.obsolete.number, `Closed: ${plan.obsolete.reason}.`, options);
    await project.repository.closePullRequest(plan.obsolete.number, options);
  }
  if (plan.removal !== undefined)
    return plan.removal.action ? propose(project, plan.removal, valid) : (plan.removal.observed.pullRequest?.url ?? '');
  const { proposal, pullRequest } = plan;
  if (proposal === undefined || pullRequest === undefined) return page;
  if (!pullRequest.action) return pullRequest.observed.pullRequest?.url ?? page;
  // Before the pull request: what it pins must be there when somebody merges at once.
  await push(proposal.snapshots);
  return propose(project, pullRequest, verdictOf(proposal));
}

/** Commits the renewal to main; where main refuses that, proposes it. Returns the pull request's page, if there is one. */
async function renew(project: Project, renewal: LockRenewal, request: PlannedPullRequest | undefined): Promise<string> {
  const { inputs, repository, options } = project;
  if (request !== undefined)
    return request.action ? propose(project, request, valid) : (request.observed.pullRequest?.url ?? '');
  try {
    await commitToMain(repository, renewal.files, renewal.commitMessage, options);
    return '';
  } catch (error) {
    if (!hasCode(error, 'forge.forbidden')) throw error;
  }
  const desire = renewalDesire(inputs.instance, renewal);
  const observed = await observePullRequest(repository, desire, options);
  return propose(project, { desire, observed, action: true }, valid);
}

async function commitToMain(
  repository: ForgeRepository,
  files: ReadonlyMap<string, string>,
  message: string,
  options: { readonly signal?: AbortSignal },
): Promise<void> {
  const changes = changesTo(await repository.listTree('main', '', options), Object.fromEntries(files));
  if (changes.length > 0) await repository.commitFiles({ branch: 'main', files: changes, message }, options);
}
