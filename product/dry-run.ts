import type { Cluster, KubernetesObject } from '../cluster';
import { AirlockError, hasCode } from '../report';
import type { FileSet } from './file-set';
import { isKubernetes, type PlacedRoles } from './instance';
import { manifestObjects, type ManifestObject } from './manifest-objects';
import type { Target } from './manifests';
import type { RenderedPipeline } from './render';
import type { ValidationFault } from './validation';

/** As much of a cluster as a dry run needs. */
export type DryRunCluster = Pick<Cluster, 'apply'>;

/** What a cluster says to manifests it would be given. */
export interface DryRunResult {
  /** What it would refuse. */
  readonly faults: readonly ValidationFault[];
  /** What could not be asked. */
  readonly warnings: readonly string[];
}

/** The cluster of a target; undefined where it is not to be reached. */
export type ClusterOf = (target: Target) => Promise<DryRunCluster | undefined>;

/** Where no cluster needs to be asked. */
export const untried: DryRunResult = { faults: [], warnings: [] };

const atOnce = 8;

/** What the clusters of all targets say to what would be deployed to them. */
export async function dryRuns(
  pipelines: readonly RenderedPipeline[],
  placed: PlacedRoles,
  clusterOf: ClusterOf | undefined,
  signal?: AbortSignal,
): Promise<DryRunResult> {
  const results: DryRunResult[] = [];
  for (const { name, targetRoleName, files } of pipelines) {
    for (const target of placed.get(targetRoleName) ?? []) {
      const cluster = isKubernetes(target) ? await clusterOf?.(target) : undefined;
      if (cluster) results.push(await dryRun(name, files, target, cluster, signal));
    }
  }
  return { faults: results.flatMap(each => each.faults), warnings: results.flatMap(each => each.warnings) };
}

/**
 * Asks a target's cluster whether it would take a pipeline's manifests: server-side dry run, nothing is stored. Kinds that the
 * cluster does not know yet, namespaces that do not exist yet, missing rights and a cluster that does not answer are warnings:
 * they say nothing against the values.
 */
export async function dryRun(
  pipeline: string,
  files: FileSet,
  target: Target,
  cluster: DryRunCluster,
  signal?: AbortSignal,
): Promise<DryRunResult> {
  const queue = manifestObjects(files);
  const faults: ValidationFault[] = [];
  const warnings = new Set<string>();
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      try {
        await applied(cluster, next.value as unknown as KubernetesObject, target.targetNamespace, signal);
      } catch (error) {
        if (!(error instanceof AirlockError) || !error.code.startsWith('cluster.')) throw error;
        if (error.code === 'cluster.invalid') faults.push(faultOf(pipeline, next, target, error));
        else warnings.add(`Target ${target.name}: ${error.message}`);
        // The others would wait for the same answer.
        if (/unreachable|unauthorized/.test(error.code)) queue.length = 0;
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return { faults: faults.sort((a, b) => (a.where < b.where ? -1 : 1)), warnings: [...warnings].sort() };
}

/** Flux puts what has no namespace into the target's; only the cluster knows which kinds have one. */
async function applied(
  cluster: DryRunCluster,
  object: KubernetesObject,
  namespace: string | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const options = { dryRun: true, force: true, ...(signal && { signal }) };
  if (namespace === undefined || object.metadata.namespace !== undefined) {
    await cluster.apply(object, options);
    return;
  }
  try {
    await cluster.apply({ ...object, metadata: { ...object.metadata, namespace } }, options);
  } catch (error) {
    if (!hasCode(error, 'cluster.invalid') || !/not allowed on this type/.test(error.message)) throw error;
    await cluster.apply(object, options);
  }
}

function faultOf(
  pipeline: string,
  { kind, name, file, line }: ManifestObject,
  target: Target,
  error: AirlockError,
): ValidationFault {
  return {
    pipeline,
    path: `${kind} ${name}`,
    message: `would be refused by target ${target.name}: ${error.message}`,
    where: `${pipeline}/${file}:${line}`,
    line,
    column: 1,
    source: 'consumer',
  };
}
