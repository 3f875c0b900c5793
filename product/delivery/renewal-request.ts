import type { LockRenewal } from '../lock-renewal';
import { textDigest } from '../lock';
import type { PlannedPullRequest, Project } from './deployment-inputs';
import { observePullRequest, type PullRequestDesire } from './pull-request';

/** A renewal of the lock as a pull request, for a main that refuses our commits. */
export function renewalDesire(instance: string, renewal: LockRenewal): PullRequestDesire {
  const [title = '', , ...rest] = renewal.commitMessage.trimEnd().split('\n');
  return {
    // Beside the proposals' folder: an instance may be called anything.
    branch: `airlock-lock/${instance}`,
    base: 'main',
    title: `${instance}: renew the lock`,
    body: [
      'The values on `main` were edited. `main` accepts no commits of Airlock, so the lock that fits them is proposed here; merge it to deploy them.',
      '',
      title,
      ...rest.map(line => `- ${line}`),
    ].join('\n'),
    files: renewal.files,
    message: renewal.commitMessage,
    labels: ['airlock', 'renewal'],
    subject: `${instance} lock ${textDigest(JSON.stringify([...renewal.files]))}`,
  };
}

/** What the forge has of such a pull request; undefined where there is none: then the commit is tried first. */
export async function renewalRequest(
  { inputs, repository, options }: Project,
  renewal: LockRenewal,
): Promise<{ planned: PlannedPullRequest; reason: string } | undefined> {
  const desire = renewalDesire(inputs.instance, renewal);
  const observed = await observePullRequest(repository, desire, options);
  if (observed.state === 'absent' && observed.superseded === undefined) return undefined;
  const action = observed.state === 'absent' || (observed.state === 'open' && observed.stale);
  const number = observed.pullRequest?.number ?? observed.superseded?.number ?? 0;
  if (observed.state === 'closed')
    return {
      planned: { desire, observed, action },
      reason: `pull request #${number}, which would deploy the edit of the values on main, was closed: what runs stays`,
    };
  return {
    planned: { desire, observed, action },
    reason: `the edit of the values on main is deployed once pull request #${number} is merged: main refuses commits`,
  };
}
