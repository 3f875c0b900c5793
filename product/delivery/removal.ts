import type { ForgeRepository } from '../../forge';
import { instanceDirectory } from '../instance';
import { textDigest } from '../lock';
import { openForge } from './connections';
import type { DeploymentInputs, PlannedPullRequest, PlanOptions, Project } from './deployment-inputs';
import type { InstallationInputs } from './installation';
import { subjectIn } from './markers';
import { propose } from './propose';
import { applyPullRequest, observePullRequest, type PullRequestDesire } from './pull-request';
import { valid } from './verdict';

/**
 * The pull request that takes a product out of the project: its folder, and with it, by Flux, what it applied. Undefined where main
 * has none of it. Snapshots and components stay in the registry, so that the way back is a revert. Writes nothing.
 */
export async function planRemoval({ inputs, repository, options }: Project): Promise<PlannedPullRequest | undefined> {
  const directory = instanceDirectory({ name: inputs.instance });
  const paths = (await repository.listTree('main', directory, options)).map(each => each.path);
  const what = `Removes **${inputs.instance}** from this project. After the merge Flux deletes what it applied of it.`;
  return planned(repository, desireOf(inputs.instance, paths, what), options);
}

/** True where the management repository had a generator of the instance once: without it, nothing was ever installed from there. */
export async function wasInstalled(
  management: ForgeRepository,
  instance: string,
  options: { readonly signal?: AbortSignal },
): Promise<boolean> {
  return (await management.history('main', `generators/${instance}.yaml`, options)).length > 0;
}

/**
 * Offboards one product from the project: closes its open proposals with a comment and opens the removal's pull request. Returns its
 * page; empty where there is nothing to remove.
 */
export async function removeDeployment(
  inputs: DeploymentInputs,
  { signal, forge = openForge }: PlanOptions = {},
): Promise<string> {
  const options = signal === undefined ? {} : { signal };
  const repository = forge(inputs.forge, inputs.repository);
  await closeProposals(repository, inputs.instance, options);
  const project: Project = { inputs, repository, options };
  const removal = await planRemoval(project);
  if (removal === undefined) return '';
  return removal.action ? propose(project, removal, valid) : (removal.observed.pullRequest?.url ?? '');
}

/** As {@link removeDeployment}, for what the management repository has of the product: subscription, generator, its own target. */
export async function removeInstallation(
  inputs: InstallationInputs,
  { signal, forge = openForge }: PlanOptions = {},
): Promise<string> {
  const options = signal === undefined ? {} : { signal };
  const repository = forge(inputs.forge, inputs.repository);
  const { instance } = inputs;
  const branch = `airlock/install-${instance}`;
  for (const each of await repository.pullRequestsFrom(branch, options))
    if (each.state === 'open') await repository.closePullRequest(each.number, options);
  const own = ['subscriptions', 'generators', 'targets'].map(folder => `${folder}/${instance}.yaml`);
  const there = (await repository.listTree('main', '', options)).map(each => each.path);
  const paths = own.filter(path => there.includes(path));
  const what = `Ends the subscription of **${instance}** and uninstalls it. Targets that it shares, and the project, stay.`;
  const removal = await planned(repository, desireOf(instance, paths, what), options);
  if (removal === undefined) return '';
  const { desire, observed, action } = removal;
  return action
    ? (await applyPullRequest(repository, desire, observed, options)).url
    : (observed.pullRequest?.url ?? '');
}

function desireOf(instance: string, paths: readonly string[], what: string): PullRequestDesire {
  return {
    branch: `airlock-removal/${instance}`,
    base: 'main',
    title: `${instance}: remove`,
    body: [what, '', ...paths.map(path => `- \`${path}\``), '', 'Close it to keep the product.'].join('\n'),
    files: new Map(paths.map(path => [path, undefined])),
    message: `Remove ${instance}`,
    labels: ['airlock', 'removal'],
    subject: `${instance} removal ${textDigest(JSON.stringify(paths))}`,
  };
}

async function planned(
  repository: ForgeRepository,
  desire: PullRequestDesire,
  options: { readonly signal?: AbortSignal },
): Promise<PlannedPullRequest | undefined> {
  if (desire.files.size === 0) return undefined;
  const seen = await observePullRequest(repository, desire, options);
  // Merged before, and there again since: it was installed anew, and is to be removed anew.
  const observed = seen.state === 'merged' ? { ...seen, state: 'absent' as const } : seen;
  return { desire, observed, action: observed.state === 'absent' || (observed.state === 'open' && observed.stale) };
}

async function closeProposals(
  repository: ForgeRepository,
  instance: string,
  options: { readonly signal?: AbortSignal },
): Promise<void> {
  for (const branch of [`airlock/${instance}`, `airlock-lock/${instance}`, `airlock-rollback/${instance}`]) {
    for (const each of await repository.pullRequestsFrom(branch, options)) {
      if (each.state !== 'open' || subjectIn(each.body) === undefined) continue;
      await repository.comment(each.number, `Closed: ${instance} is removed from this environment.`, options);
      await repository.closePullRequest(each.number, options);
    }
  }
}
