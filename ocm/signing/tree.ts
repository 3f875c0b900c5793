import { AirlockError, hasCode, messageOf, silent } from '../../report';
import {
  identitiesOf,
  identityText,
  nameAndVersion,
  type ComponentDescriptor,
  type DigestSpec,
  type NestedComponentDigests,
  type Reference,
  type Resource,
} from '../descriptor';
import { isNoneAccess, normalise, type Normalisation } from '../normalisation';
import { openIfExists, type ComponentRepository, type ComponentVersionAccess, type OpenOptions } from '../repository';
import { platformsOf } from '../access';
import { concurrently } from './concurrently';
import { digestContent, digestLike, isExcluded, type ContentCheckOptions } from './content-digest';
import { hashAlgorithmOf, hashText, type HashAlgorithm } from './hashes';
import { NestedDigests } from './nested-digests';

/** The algorithms of a signature: what is hashed, and how. */
export interface DigestMode {
  readonly normalisation: Normalisation;
  readonly hash: HashAlgorithm;
  /** Old signatures name their hash `sha256`, and then so do all digests in the normal form. */
  readonly lowerCaseNames?: boolean;
}

export interface TreeOptions extends OpenOptions, Pick<ContentCheckOptions, 'deep'> {
  /** Repositories asked for referenced components that are not beside the component. */
  readonly lookup?: readonly ComponentRepository[];
  /** Trusts digests that are stored; fetches no content and follows no reference that has a digest. Default false. */
  readonly local?: boolean;
  /** Resources read at once. Default 4. */
  readonly concurrency?: number;
}

/** What was found about one resource. */
export interface CheckedResource {
  readonly component: string;
  readonly resource: string;
  readonly digest?: DigestSpec;
  /** `content`: read and digested; `excluded`: not signed by intent; `none`: there is no content; `trusted`: not read. */
  readonly checked: 'content' | 'excluded' | 'none' | 'trusted';
}

/** One thing that is not as the descriptor says. */
export interface Difference {
  readonly component: string;
  /** `resource name`, `reference name`, `signature name`. */
  readonly element: string;
  readonly problem: string;
}

/** A component version whose digests were computed anew. */
export interface DigestedComponent {
  readonly access: ComponentVersionAccess;
  /** The descriptor with all digests filled in, as it is normalised. */
  readonly descriptor: ComponentDescriptor;
  readonly normalised: string;
  /** Lower-case hex. */
  readonly digest: string;
}

/** Computes the digests of a component version and everything it refers to, reading each content once. */
export class DigestTree {
  readonly resources: CheckedResource[] = [];
  readonly differences: Difference[] = [];
  readonly components = new Map<string, ComponentVersionAccess>();
  private readonly digested = new Map<string, Promise<DigestedComponent>>();
  private readonly contents = new Map<string, Promise<readonly Resource[]>>();
  private readonly nested: NestedDigests;
  /** Resources that are in `resources`. */
  private readonly told = new Set<string>();

  /** @param recorded digests of nested components that the root carries (`nestedDigests`) */
  constructor(
    private readonly options: TreeOptions,
    recorded: readonly NestedComponentDigests[] = [],
  ) {
    this.nested = new NestedDigests(recorded);
  }

  /** Throws `ocm.cyclic-reference`, `ocm.component-version-not-found`, and what reading throws. */
  digest(access: ComponentVersionAccess, mode: DigestMode, path: readonly string[] = []): Promise<DigestedComponent> {
    const name = nameAndVersion(access.descriptor);
    if (path.includes(name)) {
      throw new AirlockError({
        code: 'ocm.cyclic-reference',
        message: `the component versions refer to each other in a circle: ${[...path, name].join(' -> ')}`,
        where: access.reference,
      });
    }
    const key = `${name} ${mode.normalisation} ${mode.hash} ${mode.lowerCaseNames === true}`;
    const known = this.digested.get(key) ?? this.compute(access, mode, [...path, name]);
    this.digested.set(key, known);
    return known;
  }

  private async compute(
    access: ComponentVersionAccess,
    mode: DigestMode,
    path: readonly string[],
  ): Promise<DigestedComponent> {
    this.components.set(path[path.length - 1] ?? '', access);
    const references: Reference[] = [];
    for (const reference of access.descriptor.component.componentReferences)
      references.push(await this.reference(access, reference, mode, path));
    const resources = await this.resourcesOf(access, mode.hash);
    const named = (digest: DigestSpec): DigestSpec =>
      mode.lowerCaseNames === true && !isExcluded(digest)
        ? { ...digest, hashAlgorithm: digest.hashAlgorithm.toLowerCase().replace('-', '') }
        : digest;
    const renamed = <T extends { readonly digest?: DigestSpec }>(element: T): T =>
      element.digest === undefined ? element : { ...element, digest: named(element.digest) };
    const descriptor: ComponentDescriptor = {
      ...access.descriptor,
      component: {
        ...access.descriptor.component,
        resources: resources.map(renamed),
        componentReferences: references.map(renamed),
      },
    };
    const normalised = normalise(descriptor, mode.normalisation);
    const digest = hashText(mode.hash, normalised);
    const nested = this.nested.compare(nameAndVersion(descriptor), descriptor, {
      hashAlgorithm: mode.hash,
      normalisationAlgorithm: mode.normalisation,
      value: digest,
    });
    for (const { element, problem } of nested) this.differ(access, element, problem);
    return { access, descriptor, normalised, digest };
  }

  private async reference(
    parent: ComponentVersionAccess,
    reference: Reference,
    mode: DigestMode,
    path: readonly string[],
  ): Promise<Reference> {
    if (this.options.local === true && reference.digest !== undefined) return reference;
    const child = await this.open(parent, reference);
    const { digest } = await this.digest(child, mode, path);
    const stored = reference.digest;
    if (
      stored !== undefined &&
      stored.normalisationAlgorithm === mode.normalisation &&
      hashAlgorithmOf(stored.hashAlgorithm) === mode.hash &&
      stored.value !== digest
    ) {
      this.differ(
        parent,
        `reference ${reference.name}`,
        `${reference.componentName}:${reference.version} has the digest ${mode.hash}:${digest}, recorded is ${stored.value}`,
      );
    }
    return {
      ...reference,
      digest: { hashAlgorithm: mode.hash, normalisationAlgorithm: mode.normalisation, value: digest },
    };
  }

  private async open(
    parent: ComponentVersionAccess,
    { name, componentName, version }: Reference,
  ): Promise<ComponentVersionAccess> {
    for (const repository of [parent.repository, ...(this.options.lookup ?? [])]) {
      const found = await openIfExists(repository, componentName, version, this.options);
      if (found !== undefined) return found;
    }
    throw new AirlockError({
      code: 'ocm.component-version-not-found',
      message: `the reference ${name} of ${nameAndVersion(parent.descriptor)} leads to ${componentName}:${version}, which was not found`,
      where: parent.repository.name,
      remedy: 'Transfer the component recursively, or name a repository to look in (--lookup)',
    });
  }

  /** The resources with digests; each is read once however often its component is referred to. */
  private resourcesOf(access: ComponentVersionAccess, hash: HashAlgorithm): Promise<readonly Resource[]> {
    const name = nameAndVersion(access.descriptor);
    const { resources } = access.descriptor.component;
    const recorded = resources.map(resource => this.nested.digestOf(name, resource) ?? resource.digest);
    // Only digests that are not there yet depend on the signature's hash.
    const key = recorded.includes(undefined) ? `${name} ${hash}` : name;
    const known = this.contents.get(key) ?? this.readAll(access, recorded, hash);
    this.contents.set(key, known);
    return known;
  }

  private readAll(
    access: ComponentVersionAccess,
    recorded: readonly (DigestSpec | undefined)[],
    hash: HashAlgorithm,
  ): Promise<readonly Resource[]> {
    const { resources } = access.descriptor.component;
    const identities = identitiesOf(resources).map(identityText);
    return concurrently(resources, this.options.concurrency ?? 4, (resource, index) => {
      const digest = recorded[index];
      const expected = digest === undefined ? resource : { ...resource, digest };
      return this.resource(access, expected, identities[index] ?? resource.name, hash);
    });
  }

  private async resource(
    access: ComponentVersionAccess,
    resource: Resource,
    text: string,
    hash: HashAlgorithm,
  ): Promise<Resource> {
    const component = nameAndVersion(access.descriptor);
    const seen = (checked: CheckedResource['checked'], digest?: DigestSpec): void => {
      const name = `${component} ${text}`;
      if (this.told.has(name)) return;
      this.told.add(name);
      this.resources.push({ component, resource: text, checked, ...(digest === undefined ? {} : { digest }) });
    };
    if (isNoneAccess(resource.access)) {
      seen('none');
      return resource;
    }
    if (isExcluded(resource.digest)) {
      seen('excluded', resource.digest);
      return resource;
    }
    if (this.options.local === true && resource.digest !== undefined) {
      seen('trusted', resource.digest);
      return resource;
    }
    const report = this.options.report ?? silent;
    const id = `verify/${component}/${text}`;
    const begun = Date.now();
    report({ kind: 'start', id, title: `${component} ${text}` });
    const digest = await this.contentDigest(access, resource, text, hash);
    const good = digest !== undefined && (resource.digest === undefined || resource.digest.value === digest.value);
    report({
      kind: good ? 'done' : 'failed',
      id,
      title: `${component} ${text}`,
      detail: digest?.value.slice(0, 12) ?? 'not readable',
      elapsedMs: Date.now() - begun,
    });
    if (digest === undefined) return resource;
    if (!good)
      this.differ(
        access,
        `resource ${text}`,
        `the content has the digest ${digest.hashAlgorithm}:${digest.value}, the descriptor says ${resource.digest?.value ?? ''}`,
      );
    seen('content', digest);
    return { ...resource, digest: resource.digest ?? digest };
  }

  /** Undefined when the content is missing or damaged, which is a difference; anything else that fails is thrown. */
  private async contentDigest(
    access: ComponentVersionAccess,
    resource: Resource,
    text: string,
    hash: HashAlgorithm,
  ): Promise<DigestSpec | undefined> {
    const where = `${access.reference} ${text}`;
    try {
      const platforms = platformsOf(resource);
      const options = platforms === undefined ? this.options : { ...this.options, platforms };
      const opened = await access.openAccess(resource.access, this.options);
      return resource.digest === undefined
        ? await digestContent(opened, where, hash, options)
        : await digestLike(resource.digest, opened, where, options);
    } catch (error) {
      const isDifference = [
        'oci.not-found',
        'oci.digest-mismatch',
        'oci.invalid-manifest',
        'ocm.digest-mismatch',
        'ocm.blob-not-found',
        'ocm.invalid-artifact-set',
        'ocm.invalid-archive',
      ].some(code => hasCode(error, code));
      if (!isDifference) throw error;
      this.differ(access, `resource ${text}`, messageOf(error));
      return undefined;
    }
  }

  /** Notes a difference, once. */
  differ(access: ComponentVersionAccess, element: string, problem: string): void {
    const component = nameAndVersion(access.descriptor);
    const known = this.differences.some(
      each => each.component === component && each.element === element && each.problem === problem,
    );
    if (!known) this.differences.push({ component, element, problem });
  }
}
