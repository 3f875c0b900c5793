import { changesTo, type ForgeRepository } from '../../forge';
import { Registry, type CredentialSource } from '../../oci';
import type { Snapshot, SnapshotBlob } from '../snapshot';
import { openForge, credentialsOf } from './connections';
import type { DeploymentInputs, DeploymentPlan } from './deployment';
import { applyPullRequest } from './pull-request';

/** The check that says on a pull request whether it may be merged. */
export const validationContext = 'airlock/validation';

/** Pushes snapshots, answers an edit on main, opens or refreshes the pull request. Returns the pull request's page, if any. */
export async function applyDeployment(
  inputs: DeploymentInputs,
  plan: DeploymentPlan,
  signal?: AbortSignal,
): Promise<string> {
  const options = signal === undefined ? {} : { signal };
  const project = openForge(inputs.forge, inputs.repository);
  const credentials = credentialsOf(inputs.registry);
  if (plan.renewal?.phase === 'renewed') {
    await pushSnapshots(plan.renewal.snapshots, credentials, signal);
    await commitToMain(project, plan.renewal.files, plan.renewal.commitMessage, signal);
  }
  const { proposal, pullRequest } = plan;
  if (proposal === undefined || pullRequest === undefined) return '';
  if (!pullRequest.action) return pullRequest.observed.pullRequest?.url ?? '';
  // Before the pull request: what it pins must be there when somebody merges at once.
  await pushSnapshots(proposal.snapshots, credentials, signal);
  const opened = await applyPullRequest(project, pullRequest.desire, pullRequest.observed, options);
  const blocked = proposal.phase === 'blocked';
  const head = await project.branch(pullRequest.desire.branch, options);
  await project.setStatus(
    head?.commit ?? opened.headCommit,
    {
      state: blocked ? 'failure' : 'success',
      context: validationContext,
      description: (blocked ? plan.reason : 'Values and manifests are valid').slice(0, 140),
      targetUrl: opened.url,
    },
    options,
  );
  return opened.url;
}

async function commitToMain(
  project: ForgeRepository,
  files: ReadonlyMap<string, string>,
  message: string,
  signal?: AbortSignal,
): Promise<void> {
  const options = signal === undefined ? {} : { signal };
  const changes = changesTo(await project.listTree('main', '', options), Object.fromEntries(files));
  if (changes.length > 0) await project.commitFiles({ branch: 'main', files: changes, message }, options);
}

/** Stores artifacts in the consumer's registry, under their tag. What is there already costs a look. */
async function pushSnapshots(
  snapshots: readonly Snapshot[],
  credentials: CredentialSource,
  signal?: AbortSignal,
): Promise<void> {
  const options = signal === undefined ? {} : { signal };
  for (const snapshot of snapshots) {
    const [host = '', ...prefix] = snapshot.registry.split('/');
    const repository = new Registry(host, { credentials }).repository([...prefix, snapshot.repository].join('/'));
    const push = ({ bytes, ...descriptor }: SnapshotBlob) => repository.push(descriptor, bytes, options);
    await push(snapshot.layer);
    await push(snapshot.config);
    await push(snapshot.manifest);
    const { bytes: _, ...manifest } = snapshot.manifest;
    await repository.tag(manifest, snapshot.tag, options);
  }
}
