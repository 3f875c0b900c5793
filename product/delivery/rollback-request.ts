import { instanceDirectory, type ProductInstance } from '../instance';
import { parseLock, type ProductLock } from '../lock';
import { productFileNames } from '../product-files';
import type { InstanceFiles } from '../proposal';
import type { OpenedVersion, OpenReader, PlannedProposal, Project } from './deployment-inputs';
import { proposed, withGenerated, type Proposed } from './deployment-proposal';
import { filesOf } from './instance-files';
import { subjectIn } from './markers';
import { observePullRequest, type PullRequestDesire } from './pull-request';
import { isJudged } from './verdict';

/** A version that main has had. */
export type DeployedVersion = Pick<ProductLock['component'], 'version' | 'descriptorDigest'>;

export interface RollbackRequest {
  readonly instance: ProductInstance;
  /** The version to go back to. */
  readonly next: OpenedVersion;
  /** The version on main. */
  readonly previous: OpenedVersion;
  readonly merged: InstanceFiles;
}

/** The pull request that goes back as it should be, with what people wrote on its branch, and as it is. */
export async function planRollbackRequest(project: Project, request: RollbackRequest): Promise<PlannedProposal> {
  const branch = rollbackBranch(request.instance.name);
  const both = await proposed(project, { ...request, branch });
  const desire = desireOf(request, branch, both);
  const observed = await observePullRequest(project.repository, desire, project.options);
  const waits = observed.state === 'open' && !observed.stale && (await isJudged(project, observed.head));
  return { proposal: both.proposal, pullRequest: { desire, observed, action: !waits } };
}

/** The rollback that is open, where an edit on its branch is to be answered; undefined where there is nothing to do. */
export async function planOpenRollback(
  project: Project,
  request: Omit<RollbackRequest, 'next'>,
  now: DeployedVersion,
  open: OpenReader,
): Promise<PlannedProposal | undefined> {
  const { repository, options } = project;
  const branch = rollbackBranch(request.instance.name);
  const requests = await repository.pullRequestsFrom(branch, options);
  if (!requests.some(each => each.state === 'open' && subjectIn(each.body) !== undefined)) return undefined;
  const directory = instanceDirectory(request.instance);
  const files = filesOf(await repository.readTree(branch, directory, options), directory);
  const target = files.lock === undefined ? undefined : readableLock(files.lock);
  if (target === undefined || target.descriptorDigest === now.descriptorDigest) return undefined;
  const next = await open(target.version, target.descriptorDigest);
  const planned = await planRollbackRequest(project, { ...request, next });
  return planned.pullRequest.action ? planned : undefined;
}

/** The version of a lock; undefined where it cannot be read. */
export function readableLock(text: string): DeployedVersion | undefined {
  try {
    return parseLock(text, productFileNames.lock).component;
  } catch {
    return undefined;
  }
}

const rollbackBranch = (instance: string): string => `airlock-rollback/${instance}`;

function desireOf({ instance, previous }: RollbackRequest, branch: string, both: Proposed): PullRequestDesire {
  const { proposal } = both;
  const from = previous.reader.component.version;
  return {
    branch,
    base: 'main',
    title: proposal.title,
    body: withGenerated(
      [
        `A rollback. After the merge ${from} is not proposed again, until a comment \`/airlock retry\` on its pull request; a newer version is.`,
        '',
        proposal.body,
      ].join('\n'),
      both,
    ),
    files: proposal.files,
    message: proposal.commitMessage,
    labels: ['airlock', 'rollback'],
    subject: `${instance.name} rollback from ${from} to ${proposal.version} ${proposal.descriptorDigest}`,
  };
}
