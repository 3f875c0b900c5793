import { reportingNetwork } from '../../net';
import { copy, CopySession } from '../../oci';
import { AirlockError, hasCode, reported, silent } from '../../report';
import { platformsLabel } from '../access';
import {
  nameAndVersion,
  type ComponentDescriptor,
  type Label,
  type ParsedDescriptor,
  type Reference,
  type Resource,
} from '../descriptor';
import {
  openIfExists,
  repositoryOf,
  tagOfVersion,
  type ComponentRepository,
  type ComponentVersionAccess,
  type LocalBlob,
} from '../repository';
import { concurrently, reparsed, verifyAccess, type VerifiedComponentVersion } from '../signing';
import { sameJson } from '../yaml';
import { ElementTransfer, type MovedElement } from './element';
import { assertSameSigned, compareWithTarget, isAtHome } from './existing';
import { assertInventory } from './inventory';
import { TransferCount, type TransferOptions, type TransferredComponentVersion, type TransferResult } from './options';

/**
 * Transfers a component version into another repository, with everything it needs there. What is signed stays as it is, so
 * signatures stay valid; where no access changes, the stored descriptor and manifest go over byte for byte.
 * @throws `ocm.not-verified` (before or after, with `verify`), `ocm.component-version-differs`, `ocm.digest-mismatch`,
 *   `ocm.access-not-supported`, `ocm.cyclic-reference`, `ocm.transfer-incomplete`, and what both repositories throw
 */
export async function transferComponentVersion(
  source: ComponentVersionAccess,
  target: ComponentRepository,
  options: TransferOptions = {},
): Promise<TransferResult> {
  return reportingNetwork(options.report, () => new ComponentTransfer(target, options).run(source));
}

class ComponentTransfer {
  private readonly count = new TransferCount();
  private readonly session: CopySession;
  /** Looks at every blob even below manifests that are present. */
  private repairing = false;
  private readonly done = new Map<string, TransferredComponentVersion>();

  constructor(
    private readonly target: ComponentRepository,
    private readonly options: TransferOptions,
  ) {
    this.session = options.session ?? new CopySession();
  }

  async run(source: ComponentVersionAccess): Promise<TransferResult> {
    if (this.options.verify !== undefined) await verifyAccess(source, this.verifying(true));
    await this.transfer(source, []);
    const verified = await this.verifiedTarget(source);
    const { bytes, copied, mounted, skipped } = this.count;
    return {
      componentVersions: [...this.done.values()],
      bytes,
      copied,
      mounted,
      skipped,
      omitted: this.count.omitted,
      ...(verified === undefined ? {} : { verified }),
    };
  }

  private verifying(atSource: boolean): Parameters<typeof verifyAccess>[1] {
    const { signal, report, verify, lookup } = this.options;
    const found = atSource || this.options.recursive !== true ? lookup : undefined;
    return {
      ...verify,
      ...(signal === undefined ? {} : { signal }),
      ...(report === undefined ? {} : { report }),
      ...(found === undefined ? {} : { lookup: found }),
    };
  }

  private async verifiedTarget(source: ComponentVersionAccess): Promise<VerifiedComponentVersion | undefined> {
    if (this.options.verify === undefined) return undefined;
    const { name, version } = source.descriptor.component;
    const stored = await this.target.open(name, version, this.options);
    const options = this.verifying(false);
    // Without its references in the target, the target is read together with where they still are.
    const lookup =
      this.options.recursive === true ? (options.lookup ?? []) : [source.repository, ...(options.lookup ?? [])];
    return verifyAccess(stored, { ...options, lookup });
  }

  private async transfer(source: ComponentVersionAccess, path: readonly string[]): Promise<void> {
    const name = nameAndVersion(source.descriptor);
    if (path.includes(name))
      throw new AirlockError({
        code: 'ocm.cyclic-reference',
        message: `the component versions refer to each other in a circle: ${[...path, name].join(' -> ')}`,
        where: source.reference,
      });
    if (this.done.has(name)) return;
    const present = await this.present(source);
    const follow = this.options.recursive === true && !(this.options.stopOnExisting === true && present !== undefined);
    if (follow)
      for (const reference of source.descriptor.component.componentReferences)
        await this.transfer(await this.referenced(source, reference), [...path, name]);
    const id = `transfer/${name}`;
    if (present !== undefined && this.stays(source, present) && (await this.isComplete(present))) {
      (this.options.report ?? silent)({ kind: 'skipped', id, title: `${name} is in ${this.target.name}` });
      this.finish(source, present, 'skipped');
      return;
    }
    await reported(
      this.options.report ?? silent,
      id,
      `${name} to ${this.target.name}`,
      () => this.copy(source),
      () => `${source.descriptor.component.resources.length} resources`,
    );
    const stored = await this.target.open(
      source.descriptor.component.name,
      source.descriptor.component.version,
      this.options,
    );
    assertSameSigned(source.descriptor, stored.descriptor);
    // Verifying the target afterwards reads all of it anyway.
    if (this.options.verify === undefined) await assertInventory(stored, this.options);
    this.finish(source, stored, 'copied');
  }

  private finish(
    source: ComponentVersionAccess,
    stored: ComponentVersionAccess,
    status: TransferredComponentVersion['status'],
  ): void {
    const { name, version, resources } = source.descriptor.component;
    this.done.set(nameAndVersion(source.descriptor), {
      component: name,
      version,
      status,
      manifestDigest: stored.manifest.digest,
      descriptorDigest: stored.descriptorDigest,
      resources: resources.length,
    });
  }

  private async present(source: ComponentVersionAccess): Promise<ComponentVersionAccess | undefined> {
    const { name, version } = source.descriptor.component;
    if (this.options.enforce === true) return undefined;
    try {
      return await openIfExists(this.target, name, version, this.options);
    } catch (error) {
      // What cannot be read can only be replaced.
      if (this.options.overwrite === true && hasCode(error, 'ocm.')) return undefined;
      throw error;
    }
  }

  /** Whether no content is missing in the target: images are deleted there to make room, by people and by rules. */
  private async isComplete(present: ComponentVersionAccess): Promise<boolean> {
    const { signal } = this.options;
    try {
      await assertInventory(present, { ...(signal === undefined ? {} : { signal }), manifestsOnly: true });
      return true;
    } catch (error) {
      if (!hasCode(error, 'ocm.transfer-incomplete')) throw error;
      this.repairing = true;
      return false;
    }
  }

  /** Whether what is in the target can stay. Throws `ocm.component-version-differs`. */
  private stays(source: ComponentVersionAccess, present: ComponentVersionAccess): boolean {
    const comparison = compareWithTarget(source, present);
    if (comparison === 'different') {
      if (this.options.overwrite === true) return false;
      throw new AirlockError({
        code: 'ocm.component-version-differs',
        message: `${nameAndVersion(source.descriptor)} is in ${this.target.name} with other content`,
        where: present.reference,
        remedy:
          'A released version does not change: find out which is right; --overwrite replaces the one in the target',
      });
    }
    if (comparison === 'unsigned-parts-differ' && this.options.noUpdate !== true) return false;
    // It may have come by reference before and be wanted by value now.
    const elements = new ElementTransfer(present, this.target, this.options, this.session, this.count);
    const { resources, sources } = present.descriptor.component;
    return (
      resources.every(each => !elements.byValue(each, 'resource') || isAtHome(each.access, present)) &&
      sources.every(each => !elements.byValue(each, 'source') || isAtHome(each.access, present))
    );
  }

  private async referenced(parent: ComponentVersionAccess, reference: Reference): Promise<ComponentVersionAccess> {
    const { componentName, version } = reference;
    for (const repository of [parent.repository, ...(this.options.lookup ?? [])]) {
      const found = await openIfExists(repository, componentName, version, this.options);
      if (found !== undefined) return found;
    }
    throw new AirlockError({
      code: 'ocm.component-version-not-found',
      message: `the reference ${reference.name} of ${nameAndVersion(parent.descriptor)} leads to ${componentName}:${version}, which was not found`,
      where: parent.repository.name,
      remedy: 'Name a repository to look in (--lookup)',
    });
  }

  private async copy(source: ComponentVersionAccess): Promise<void> {
    const { component } = source.descriptor;
    const deep = this.repairing || this.options.enforce === true;
    const elements = new ElementTransfer(source, this.target, this.options, this.session, this.count, deep);
    const limit = this.options.concurrency ?? 4;
    const resources = await concurrently(component.resources, limit, each =>
      elements.move(each, 'resource', component.resources),
    );
    const sources = await concurrently(component.sources, limit, each =>
      elements.move(each, 'source', component.sources),
    );
    const changed = (list: readonly { readonly access: unknown }[], moved: readonly MovedElement[]): boolean =>
      list.some((each, index) => !sameJson(each.access, moved[index]?.access));
    if (!changed(component.resources, resources) && !changed(component.sources, sources)) {
      await this.copyAsItIs(source);
      return;
    }
    const descriptor = rewritten(source, resources, sources, this.target);
    assertSameSigned(source.descriptor, descriptor.descriptor);
    await this.target.put({ descriptor, blobs: merged([...resources, ...sources]) }, this.options);
  }

  /** Nothing in the descriptor changes: manifest, descriptor and local blobs go over byte for byte. */
  private async copyAsItIs(source: ComponentVersionAccess): Promise<void> {
    const { name, version } = source.descriptor.component;
    const content = this.target.location.content(repositoryOf(name, this.target.location.subPath));
    const { signal, report } = this.options;
    const call = {
      session: this.session,
      deep: this.repairing || this.options.enforce === true,
      ...(signal === undefined ? {} : { signal }),
      ...(report === undefined ? {} : { report }),
    };
    this.count.add(await copy(source.content, source.manifest.digest, content, tagOfVersion(version), call));
  }
}

function rewritten(
  source: ComponentVersionAccess,
  resources: readonly MovedElement[],
  sources: readonly MovedElement[],
  target: ComponentRepository,
): ParsedDescriptor {
  const { component } = source.descriptor;
  const { context } = target.location;
  const last = component.repositoryContexts[component.repositoryContexts.length - 1];
  const descriptor: ComponentDescriptor = {
    ...source.descriptor,
    component: {
      ...component,
      repositoryContexts:
        context === undefined || sameJson(context, last)
          ? component.repositoryContexts
          : [...component.repositoryContexts, context],
      resources: component.resources.map((each, index) => ({
        ...each,
        ...labelled(each, resources[index]?.platforms),
        access: resources[index]?.access ?? each.access,
      })),
      sources: component.sources.map((each, index) => ({ ...each, access: sources[index]?.access ?? each.access })),
    },
  };
  return reparsed(descriptor, source.reference);
}

/** The labels with the platforms of which an image is here. The label is not signed: signatures stay valid. */
function labelled(
  { labels = [] }: Resource,
  platforms: readonly string[] | undefined,
): { readonly labels?: readonly Label[] } {
  if (platforms === undefined) return {};
  const others = labels.filter(label => label.name !== platformsLabel);
  return { labels: [...others, { name: platformsLabel, value: [...platforms] }] };
}

/** One layer per blob, however many elements have it as their content. */
function merged(moved: readonly MovedElement[]): LocalBlob[] {
  const blobs = new Map<string, LocalBlob>();
  for (const { blob } of moved) {
    if (blob === undefined) continue;
    const known = blobs.get(blob.descriptor.digest);
    blobs.set(
      blob.descriptor.digest,
      known === undefined ? blob : { ...known, artifacts: [...known.artifacts, ...blob.artifacts] },
    );
  }
  return [...blobs.values()];
}
