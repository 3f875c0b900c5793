import { AirlockError } from '../report';
import { parseValues } from './configure';
import { manifestDiff, type ObjectDiff } from './diff';
import { dryRuns, untried, type ClusterOf } from './dry-run';
import { checkInstance, instanceDirectory, placeRoles, type ProductInstance } from './instance';
import { parseLock, textDigest, type ProductLock } from './lock';
import { loadProduct } from './product';
import { lockFiles, lockOf, productFileNames } from './product-files';
import type { InstanceFiles } from './proposal-input';
import { releases } from './releases';
import { programOptions, renderProduct, type RenderOptions } from './render';
import { buildSnapshot, type Snapshot } from './snapshot';
import type { ValidationFault } from './validation';
import type { ResourceReader } from './source';
import { namingOrigins, type ValueOrigin } from './values-from';

export interface LockRenewalInput {
  readonly instance: ProductInstance;
  /** The version that the lock names. */
  readonly reader: ResourceReader;
  /** The files where the edit was made: main, or the branch of a pull request. */
  readonly current: InstanceFiles & { readonly lock: string };
  /** The commit that is answered; undefined where it is not `values.yaml` that has changed. */
  readonly answers?: { readonly commit: string; readonly subject?: string };
  /** The programs of the languages that products are written in, and their bounds. */
  readonly render?: Omit<RenderOptions, 'release'>;
  /** Where `render.overrides` are from, for messages. */
  readonly origins?: readonly ValueOrigin[];
  /** The clusters of targets, for a dry run of what would be deployed. Default: none is asked. */
  readonly clusterOf?: ClusterOf;
}

export interface LockRenewal {
  /** `unchanged`: the lock fits. `blocked`: rules or a cluster refuse the values, what runs stays. `renewed`: the files are to be committed. */
  readonly phase: 'unchanged' | 'renewed' | 'blocked';
  /** The new lock and Flux objects by path in the repository; empty unless `renewed`. */
  readonly files: ReadonlyMap<string, string>;
  readonly lock: ProductLock;
  readonly snapshots: readonly Snapshot[];
  readonly faults: readonly ValidationFault[];
  readonly warnings: readonly string[];
  readonly commitMessage: string;
}

/**
 * Answers an edit of `values.yaml`: the same version, rendered with the values as they are now. Pure, writes nothing.
 * Throws `product.renewal-mismatch` when the reader is not of the locked version, and the errors of the values file.
 */
export async function planLockRenewal(input: LockRenewalInput): Promise<LockRenewal> {
  const { instance, reader, current, answers } = input;
  checkInstance(instance);
  const directory = instanceDirectory(instance);
  const lockFile = `${directory}/${productFileNames.lock}`;
  const valuesFile = `${directory}/${productFileNames.values}`;
  const lock = parseLock(current.lock, lockFile);
  const { component } = reader;
  if (component.descriptorDigest !== lock.component.descriptorDigest) {
    throw new AirlockError({
      code: 'product.renewal-mismatch',
      message: `The lock names ${lock.component.name}:${lock.component.version} (${lock.component.descriptorDigest}), but ${component.name}:${component.version} (${component.descriptorDigest}) was read`,
      remedy:
        'The version was published again with another content; restore the one that was locked, or propose a new version.',
      where: lockFile,
    });
  }
  const product = await loadProduct(reader, programOptions(input.render ?? {}));
  // A values file that was deleted means the vendor's defaults; configuration takes them for whatever the file lacks.
  const values = current.values ?? '';
  const placed = placeRoles(product.description, instance);
  const rendered = await renderProduct(product, parseValues(values, valuesFile), {
    ...input.render,
    release: releases(instance.name, product.description, placed),
  });
  const snapshots = await Promise.all(
    rendered.pipelines.map(pipeline =>
      buildSnapshot(pipeline.files, {
        registry: instance.snapshotRegistry,
        project: instance.project,
        instance: instance.name,
        pipeline: pipeline.name,
        component,
        source: `${instance.repository}//${component.name}`,
      }),
    ),
  );
  const renewed = lockOf(instance, product, values, snapshots);
  const files = lockFiles(instance, product, placed, renewed);
  const fits = files.get(lockFile) === current.lock && fluxFits(current, files, directory);
  const tried = fits ? untried : await dryRuns(rendered.pipelines, placed, input.clusterOf, input.render?.signal);
  const own = rendered.faults.filter(each => each.source === 'consumer');
  const faults = [...namingOrigins(own, input.origins), ...tried.faults];
  const phase = fits ? 'unchanged' : faults.length > 0 ? 'blocked' : 'renewed';
  return {
    phase,
    files: phase === 'renewed' ? files : new Map(),
    lock: phase === 'renewed' ? renewed : lock,
    snapshots: phase === 'blocked' ? [] : snapshots,
    faults,
    warnings: [
      ...rendered.warnings,
      ...tried.warnings,
      ...rendered.faults
        .filter(each => each.source === 'vendor')
        .map(each => `${each.path} ${each.message} (${each.where})`),
    ],
    commitMessage: [
      `${instance.name}: renew the lock${answers ? ` for ${answers.commit.slice(0, 10)}` : ''}`,
      '',
      answers
        ? `Answers ${answers.commit}${answers.subject ? `: ${answers.subject.split('\n')[0] ?? ''}` : ''}`
        : 'The values in Git are the same; their other sources, the targets, the dependencies or the signing have changed.',
      `Component: ${component.name}:${component.version}`,
      `Values: ${textDigest(values)}`,
      '',
    ].join('\n'),
  };
}

function fluxFits(current: InstanceFiles, files: ReadonlyMap<string, string>, directory: string): boolean {
  const path = `${directory}/${productFileNames.flux}`;
  return current.files === undefined || current.files.get(path) === files.get(path);
}

/** What an edit would change of what is deployed, object by object; for previews. */
export async function renewalDiff(
  reader: ResourceReader,
  before: string,
  after: string,
  file = 'values.yaml',
  options: RenderOptions = {},
): Promise<ObjectDiff[]> {
  const product = await loadProduct(reader, programOptions(options));
  const old = await renderProduct(product, parseValues(before, file), options);
  const now = await renderProduct(product, parseValues(after, file), options);
  return now.pipelines.flatMap(pipeline =>
    manifestDiff(old.pipelines.find(each => each.name === pipeline.name)?.files, pipeline.files),
  );
}
