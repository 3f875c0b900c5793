import { gunzip } from 'node:zlib';
import { promisify } from 'node:util';
import { changesTo, type FileChange } from '../../forge';
import { openRepository, readContent, type Descriptor } from '../../oci';
import { AirlockError, messageOf } from '../../report';
import type { FileSet } from '../file-set';
import { readTar } from '../tar';
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

/** Bytes of an artifact, as stored and unpacked. */
const limit = 64 * 1024 * 1024;

/** Compares the artifact with what Git has. Writes nothing. Throws `product.artifact-invalid` and what reading throws. */
export async function planSync(inputs: SyncInputs, signal?: AbortSignal): Promise<SyncPlan> {
  const options = signal === undefined ? {} : { signal };
  const { digest, files } = await artifactFiles(inputs, options);
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

async function artifactFiles(
  { artifact, account }: SyncInputs,
  options: { readonly signal?: AbortSignal },
): Promise<{ digest: string; files: FileSet }> {
  const { repository, reference } = openRepository(artifact, { credentials: { ...account } });
  const manifest = await repository.resolve(reference.digest ?? reference.tag ?? 'latest', options);
  const { layers } = JSON.parse(Buffer.from(await readContent(repository, manifest, options)).toString('utf8')) as {
    layers?: Descriptor[];
  };
  const [layer] = layers ?? [];
  if (layers?.length !== 1 || layer === undefined)
    throw invalid(artifact, `it has ${layers?.length ?? 0} layers, and one is needed`);
  if (layer.size > limit) throw invalid(artifact, `it is larger than ${limit} bytes`);
  const bytes = Buffer.from(await readContent(repository, layer, options));
  try {
    const gzipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
    const archive = gzipped ? await promisify(gunzip)(bytes, { maxOutputLength: limit }) : bytes;
    return { digest: manifest.digest, files: await readTar(archive, artifact) };
  } catch (error) {
    throw error instanceof AirlockError ? error : invalid(artifact, messageOf(error));
  }
}

function invalid(artifact: string, why: string): AirlockError {
  return new AirlockError({
    code: 'product.artifact-invalid',
    message: `The artifact cannot be unpacked into Git: ${why}`,
    where: artifact,
    remedy: 'Name an artifact with one layer that is a tar archive, as Flux and Airlock write them',
  });
}
