import { compare, valid } from 'semver';
import { AirlockError } from '../report';
import { parseValues } from './configure';
import { dryRuns, untried } from './dry-run';
import { manifestDiff, textDiff, type ObjectDiff } from './diff';
import { checkInstance, instanceDirectory, placeRoles } from './instance';
import { parseLock, textDigest, type ProductLock } from './lock';
import { mergeValues, type MergeResult } from './merge';
import { loadProduct, type LoadedProduct } from './product';
import { lockOf, productFileNames, productFiles } from './product-files';
import { proposalBody, proposalTitle } from './proposal-body';
import { releases } from './releases';
import { releasedFiles } from './helm-release';
import { programOptions, renderProduct, type RenderedProduct, type RenderOptions } from './render';
import type { Proposal, ProposalInput, ProposalKind } from './proposal-input';
import { buildSnapshot } from './snapshot';
import { namingOrigins } from './values-from';

export type { InstanceFiles, Proposal, ProposalInput, ProposalKind } from './proposal-input';

/**
 * Plans what should be merged for an instance to run a version: pure, writes nothing, reads only small resources.
 * Planning again after the merge gives `kind: 'none'`. Errors of the consumer's files carry their position.
 */
export async function planProposal(input: ProposalInput): Promise<Proposal> {
  const { instance, reader, merged } = input;
  checkInstance(instance);
  const running = programOptions(input.render ?? {});
  const product = await loadProduct(reader, running);
  const placed = placeRoles(product.description, instance);
  const directory = instanceDirectory(instance);
  const valuesFile = `${directory}/${productFileNames.values}`;
  const lock = merged.lock === undefined ? undefined : parseLock(merged.lock, `${directory}/${productFileNames.lock}`);
  const before = await previousProduct(input, lock);
  const { merge, warnings } = mergeAll(input, product, before, lock, valuesFile);

  const options = { ...input.render, release: releases(instance.name, product.description, placed) };
  const rendered = await renderProduct(product, parseValues(merge.text, valuesFile), options);
  const snapshots = await Promise.all(
    rendered.pipelines.map(pipeline =>
      buildSnapshot(pipeline.files, {
        registry: instance.snapshotRegistry,
        project: instance.project,
        instance: instance.name,
        pipeline: pipeline.name,
        component: reader.component,
        source: `${instance.repository}//${reader.component.name}`,
      }),
    ),
  );
  const newLock = lockOf(instance, product, merge.text, snapshots);
  const files = productFiles(instance, product, placed, newLock, merge.text);
  const kind = kindOf(input, lock, files);
  const tried =
    kind === 'none' ? untried : await dryRuns(rendered.pipelines, placed, input.clusterOf, input.render?.signal);
  const own = rendered.faults.filter(each => each.source === 'consumer');
  const faults = [...namingOrigins(own, input.origins), ...tried.faults];
  const vendorFaults = rendered.faults.filter(each => each.source === 'vendor');
  const diff = await renderedDiff(before, merged.values, product, rendered, valuesFile, options);
  const notes = [
    ...(input.notes ?? []),
    ...warnings,
    ...diff.notes,
    ...rendered.warnings,
    ...tried.warnings,
    ...vendorFaults.map(
      each => `The vendor's own default breaks the vendor's rules: ${each.path} ${each.message} (${each.where}).`,
    ),
  ];
  const { component } = reader;
  const described = {
    kind,
    phase:
      kind === 'none'
        ? ('deployed' as const)
        : merge.conflicts.length + faults.length > 0
          ? ('blocked' as const)
          : ('proposed' as const),
    component: component.name,
    version: component.version,
    descriptorDigest: component.descriptorDigest,
    ...(lock && { from: lock.component.version }),
    directory,
    files,
    lock: newLock,
    snapshots,
    images: rendered.pipelines.flatMap(each => each.images),
    valuesChanges: merge.changes,
    conflicts: merge.conflicts,
    faults,
    warnings: notes,
    valuesDiff: textDiff(merged.values ?? '', merge.text, productFileNames.values).text,
    manifestDiff: diff.objects,
  };
  const title = proposalTitle(described, instance.name);
  return {
    ...described,
    title,
    body: proposalBody(described, input),
    branch: `airlock/${instance.name}`,
    commitMessage: `${title}\n\nComponent: ${component.name}:${component.version}\nDescriptor: ${component.descriptorDigest}\n`,
    digest: textDigest(JSON.stringify([...files])),
  };
}

/** The product on main, read again; it must be the very one that the lock names. */
async function previousProduct(
  input: ProposalInput,
  lock: ProductLock | undefined,
): Promise<LoadedProduct | undefined> {
  const { previous } = input;
  if (!previous || !lock) return undefined;
  const { name, version, descriptorDigest } = previous.component;
  if (descriptorDigest !== lock.component.descriptorDigest || name !== lock.component.name) {
    throw new AirlockError({
      code: 'product.previous-mismatch',
      message: `The lock names ${lock.component.name}:${lock.component.version} (${lock.component.descriptorDigest}), but ${name}:${version} (${descriptorDigest}) was read`,
      remedy:
        'The version was published again with another content; restore the one that was locked, or propose a new version.',
    });
  }
  return loadProduct(previous, programOptions(input.render ?? {}));
}

interface Merged {
  readonly merge: MergeResult;
  readonly warnings: string[];
}

/** Merges the vendor's news into the values on main, then what people edited on the branch into that. */
function mergeAll(
  input: ProposalInput,
  product: LoadedProduct,
  before: LoadedProduct | undefined,
  lock: ProductLock | undefined,
  file: string,
): Merged {
  const next = product.defaultsText;
  const warnings: string[] = [];
  let base = before?.defaultsText;
  if (base === undefined && lock?.defaultsDigest === textDigest(next)) base = next;
  if (base === undefined && lock) {
    warnings.push(
      'The version on main cannot be read any more: every difference from the new defaults is listed, not only edits.',
    );
  }
  const onto = (current: string | undefined): MergeResult =>
    mergeValues({
      next,
      file,
      listKeys: product.listKeys,
      ...(base !== undefined && { base }),
      ...(current !== undefined && { current }),
    });
  const onMain = onto(input.merged.values);
  const { branch } = input;
  if (branch?.values === undefined || branch.values === onMain.text) return { merge: onMain, warnings };
  const branchLock = branch.lock === undefined ? undefined : parseLock(branch.lock, `${file} on the branch`);
  if (branchLock?.defaultsDigest !== textDigest(next)) {
    // The branch proposed another version: what is on it is merged as the consumer's file.
    return { merge: onto(branch.values), warnings };
  }
  const proposed = branch.fork ? onto(branch.fork.values) : onMain;
  const withBranch = mergeValues({
    base: proposed.text,
    current: branch.values,
    next: onMain.text,
    file,
    listKeys: product.listKeys,
  });
  const overall = onto(withBranch.text);
  // What was in conflict on main and reads otherwise now, a person has decided.
  const undecided = overall.conflicts.filter(each =>
    onMain.conflicts.some(
      other => other.path === each.path && JSON.stringify(other.current) === JSON.stringify(each.current),
    ),
  );
  const changes = overall.changes.map(each =>
    each.kind === 'conflict' && !undecided.includes(each) ? { ...each, kind: 'kept-edit' as const } : each,
  );
  return { merge: { text: withBranch.text, changes, conflicts: [...undecided, ...withBranch.conflicts] }, warnings };
}

function kindOf(input: ProposalInput, lock: ProductLock | undefined, files: ReadonlyMap<string, string>): ProposalKind {
  if (!lock) return 'install';
  const known = input.merged.files ?? new Map<string, string>();
  const [lockPath, valuesPath] = [productFileNames.lock, productFileNames.values].map(
    each => `${instanceDirectory(input.instance)}/${each}`,
  );
  const same = [...files].every(([path, text]) => {
    if (path === lockPath) return input.merged.lock === text;
    if (path === valuesPath) return input.merged.values === text;
    return input.merged.files === undefined || known.get(path) === text;
  });
  if (same) return 'none';
  const { version } = input.reader.component;
  if (lock.component.version === version) return 'renewal';
  return valid(version) && valid(lock.component.version) && compare(version, lock.component.version) < 0
    ? 'downgrade'
    : 'upgrade';
}

/** What is deployed by either version, object by object: manifests, and what HelmReleases among them make of their charts. */
async function renderedDiff(
  before: LoadedProduct | undefined,
  values: string | undefined,
  product: LoadedProduct,
  after: RenderedProduct,
  file: string,
  options: RenderOptions,
): Promise<{ objects: readonly ObjectDiff[]; notes: readonly string[] }> {
  const old =
    before && values !== undefined ? await renderProduct(before, parseValues(values, file), options) : undefined;
  const running = programOptions(options);
  const objects: ObjectDiff[] = [];
  const notes: string[] = [];
  for (const pipeline of after.pipelines) {
    const former = old?.pipelines.find(each => each.name === pipeline.name)?.files;
    const was = before && former ? await releasedFiles(former, before.reader, running) : undefined;
    const is = await releasedFiles(pipeline.files, product.reader, running);
    notes.push(...is.notes);
    // What one side cannot be rendered to would look as if all of it came or went.
    const both = was === undefined || was.notes.length + is.notes.length === 0;
    objects.push(
      ...manifestDiff(
        former && new Map([...former, ...(both && was ? was.files : [])]),
        new Map([...pipeline.files, ...(both ? is.files : [])]),
      ),
    );
  }
  return { objects, notes };
}
