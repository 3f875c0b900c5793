import { changesTo, type FileChange } from '../../forge';
import { artifactFiles } from './artifact';
import { openForge, type ForgeAccount, type RepositoryName } from './connections';
import { applyPullRequest, observePullRequest, type PullRequestDesire, type PullRequestState } from './pull-request';

/** Keeps the content of an artifact in a folder of a Git repository: what MPAS' `Sync` does, again whenever the artifact changes. */
export interface SyncInputs {
  readonly forge: ForgeAccount;
  readonly repository: RepositoryName;
  /** Names the sync: its branch and its pull requests. */
  readonly name: string;
  /** `host[:port]/repository[:tag][@digest]` of an artifact with one layer, a tar archive, gzip or not. */
  readonly artifact: string;
  readonly account: { readonly username: string; readonly password: string };
  /** Folder in the repository, without slashes at its ends. */
  readonly path: string;
  /** Branch that is kept. Default `main`. */
  readonly branch?: string;
  /** Files of the folder that the artifact does not have go. Default false. */
  readonly prune?: boolean;
  /** By pull request (default) instead of by commit. */
  readonly pullRequest?: boolean;
}

export interface SyncPlan {
  /** `synced`: Git has what the artifact has. */
  readonly phase: 'synced' | 'proposed' | 'pending' | 'skipped';
  /** Of the artifact's manifest. */
  readonly digest: string;
  readonly changes: readonly FileChange[];
  readonly desire: PullRequestDesire;
  readonly observed?: PullRequestState;
  readonly action: boolean;
}

/** Compares the artifact with what Git has. Writes nothing. Throws `product.artifact-invalid` and what reading throws. */
export async function planSync(inputs: SyncInputs, signal?: AbortSignal): Promise<SyncPlan> {
  const options = signal === undefined ? {} : { signal };
  const { digest, files } = await artifactFiles(inputs.artifact, { credentials: { ...inputs.account } }, options);
  const branch = inputs.branch ?? 'main';
  const repository = openForge(inputs.forge, inputs.repository);
  const folder = inputs.path.replace(/^\/+|\/+$/g, '');
  const wanted = new Map<string, Uint8Array | undefined>(
    [...files].map(([path, content]) => [folder === '' ? path : `${folder}/${path}`, content]),
  );
  const tree = await repository.listTree(branch, folder, options);
  if (inputs.prune === true) for (const { path } of tree) if (!wanted.has(path)) wanted.set(path, undefined);
  const changes = changesTo(tree, Object.fromEntries(wanted));
  const desire = desireOf(inputs, branch, digest, wanted, changes);
  if (changes.length === 0) return { phase: 'synced', digest, changes, desire, action: false };
  if (inputs.pullRequest === false) return { phase: 'pending', digest, changes, desire, action: true };
  const seen = await observePullRequest(repository, desire, options);
  // Merged, and Git is different again since: the artifact is what counts.
  const observed = seen.state === 'merged' ? { ...seen, state: 'absent' as const } : seen;
  const action = observed.state === 'absent' || (observed.state === 'open' && observed.stale);
  return { phase: observed.state === 'closed' ? 'skipped' : 'proposed', digest, changes, desire, observed, action };
}

/** Makes it so, by a commit or by a pull request. Returns the pull request's page; empty for a commit. */
export async function applySync(inputs: SyncInputs, plan: SyncPlan, signal?: AbortSignal): Promise<string> {
  const options = signal === undefined ? {} : { signal };
  if (!plan.action) return plan.observed?.pullRequest?.url ?? '';
  const repository = openForge(inputs.forge, inputs.repository);
  if (plan.observed !== undefined) return (await applyPullRequest(repository, plan.desire, plan.observed, options)).url;
  const { base, message } = plan.desire;
  await repository.commitFiles({ branch: base, files: plan.changes, message }, options);
  return '';
}

function desireOf(
  { name, artifact, path }: SyncInputs,
  base: string,
  digest: string,
  files: ReadonlyMap<string, Uint8Array | undefined>,
  changes: readonly FileChange[],
): PullRequestDesire {
  const title = `Sync ${name}: ${path === '' ? 'the repository' : path} from ${digest.slice(0, 19)}`;
  const most = 100;
  const lines = changes.slice(0, most).map(each => `- ${each.operation} \`${each.path}\``);
  return {
    branch: `airlock-sync/${name}`,
    base,
    title,
    body: [
      `Brings \`${path}\` to what the artifact \`${artifact}\` holds.`,
      '',
      `Digest: \`${digest}\``,
      '',
      ...lines,
      ...(changes.length > most ? [`- and ${changes.length - most} more`] : []),
    ].join('\n'),
    files,
    message: `${title}\n\nArtifact: ${artifact}\nDigest: ${digest}\n`,
    labels: ['airlock', 'sync'],
    subject: `sync ${name} ${digest}`,
  };
}
