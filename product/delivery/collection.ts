import { isMissing, sourceApiVersion, textAt } from '../../cluster';
import type { ForgeRepository } from '../../forge';
import { hasCode, messageOf } from '../../report';
import { instanceDirectory } from '../instance';
import { parseLock, type ProductLock } from '../lock';
import { productFileNames } from '../product-files';
import { planCollection, type StoredSnapshot } from '../snapshot-collection';
import { targetClusters } from './clusters';
import { openForge } from './connections';
import type { DeploymentInputs } from './deployment-inputs';
import { snapshotRepository } from './snapshots';

/** Revisions that can be rolled back to without rendering anew, the present one not counted. */
export const keptRevisions = 5;

type Options = { readonly signal?: AbortSignal };

/**
 * The snapshots of one instance that nothing refers to any more: not main, no open pull request, none of the last revisions that main
 * has had, not the cluster. Empty before anything is merged, and while it is not known what the cluster runs. Writes nothing.
 */
export async function planSnapshotCollection(
  inputs: DeploymentInputs,
  options: Options = {},
): Promise<StoredSnapshot[]> {
  const { instance, registry, keepSnapshots = keptRevisions } = inputs;
  const repository = openForge(inputs.forge, inputs.repository);
  const file = `${instanceDirectory({ name: instance })}/${productFileNames.lock}`;
  const lock = await lockAt(repository, file, 'main', options);
  if (lock === undefined) return [];
  // Before Git is asked: what is pushed from now on is not looked at.
  const stored: StoredSnapshot[] = [];
  let most = 0;
  for (const { reference } of lock.snapshots) {
    const found = await storedSnapshots(reference, registry, options);
    most = Math.max(most, new Set(found.filter(each => !each.tag.startsWith('sha256-')).map(each => each.digest)).size);
    stored.push(...found);
  }
  if (most <= keepSnapshots + 1) return [];
  const proposed: ProductLock[] = [];
  for (const { headCommit } of await repository.pullRequests('open', options)) {
    const found = await lockAt(repository, file, headCommit, options);
    if (found !== undefined) proposed.push(found);
  }
  const running = await runningDigests(inputs, options);
  if (running === undefined) return [];
  const history = new Map([[instance, [lock, ...(await locksOfMain(repository, file, options))]]]);
  return [...planCollection({ history, proposed, running, stored, keep: keepSnapshots }).remove];
}

/** Deletes them. What the registry does not let go stays; returned are the reasons. */
export async function applySnapshotCollection(
  snapshots: readonly StoredSnapshot[],
  { registry }: Pick<DeploymentInputs, 'registry'>,
  options: Options = {},
): Promise<string[]> {
  const reasons = new Set<string>();
  for (const { repository, digest } of snapshots) {
    try {
      await at(repository, registry).deleteManifest(digest, options);
    } catch (error) {
      if (!hasCode(error, 'oci.')) throw error;
      reasons.add(`Snapshots that nothing refers to stay in ${repository}: ${messageOf(error)}`);
    }
  }
  return [...reasons];
}

/**
 * What the instance's Flux sources in the cluster ask for and hold: where Flux is behind Git, that is none of its last revisions.
 * Undefined where the cluster does not answer.
 */
async function runningDigests(
  { kubeconfig, project, instance }: DeploymentInputs,
  options: Options,
): Promise<string[] | undefined> {
  if (kubeconfig === undefined) return [];
  const namespace = `mpas-${project}`;
  const clusters = targetClusters(kubeconfig, namespace);
  try {
    const cluster = await clusters.clusterOf({ name: instance, type: 'kubernetes', labels: {} });
    const labelSelector = `airlock.ocm.software/product=${instance}`;
    const sources = await cluster?.list(sourceApiVersion, 'OCIRepository', { namespace, labelSelector, ...options });
    return sources?.flatMap(each =>
      [textAt(each, 'spec', 'ref', 'digest'), textAt(each, 'status', 'artifact', 'revision')]
        .filter(text => text !== undefined)
        .map(text => text.replace(/^.*@/, '')),
    );
  } catch (error) {
    if (isMissing(error)) return [];
    if (!hasCode(error, 'cluster.')) throw error;
    return undefined;
  } finally {
    await clusters.close();
  }
}

async function storedSnapshots(
  reference: string,
  registry: DeploymentInputs['registry'],
  options: Options,
): Promise<StoredSnapshot[]> {
  const name = reference.replace(/@.*$/, '').replace(/:[^:/]*$/, '');
  const repository = at(name, registry);
  const found: StoredSnapshot[] = [];
  for (const tag of await repository.tags(options)) {
    try {
      found.push({ repository: name, tag, digest: (await repository.resolve(tag, options)).digest });
    } catch (error) {
      // A tag that outlived its manifest.
      if (!hasCode(error, 'oci.not-found')) throw error;
    }
  }
  return found;
}

/** `host[:port]/path` as a repository. */
function at(name: string, registry: DeploymentInputs['registry']): ReturnType<typeof snapshotRepository> {
  const [host = '', ...path] = name.split('/');
  return snapshotRepository(host, path.join('/'), registry);
}

/** The locks that main has had, newest first. */
async function locksOfMain(repository: ForgeRepository, file: string, options: Options): Promise<ProductLock[]> {
  const locks: ProductLock[] = [];
  for (const { sha } of await repository.history('main', file, options)) {
    const lock = await lockAt(repository, file, sha, options);
    if (lock !== undefined) locks.push(lock);
  }
  return locks;
}

/** The lock as it is there; one that cannot be read refers to nothing. */
async function lockAt(
  repository: ForgeRepository,
  file: string,
  ref: string,
  options: Options,
): Promise<ProductLock | undefined> {
  const found = await repository.readFile(file, ref, options);
  try {
    return found && parseLock(found.content.toString('utf8'), file);
  } catch (error) {
    if (!hasCode(error, 'product.lock-invalid')) throw error;
    return undefined;
  }
}
