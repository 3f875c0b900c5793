import {
  identityKey,
  nameAndVersion,
  providerOf,
  type ComponentDescriptor,
  type DigestSpec,
  type ElementMeta,
  type Identity,
  type Label,
  type Reference,
  type Resource,
  type Signature,
  type Source,
} from '../descriptor';
import type { Json } from '../yaml';
import { changedFields, type FieldChange } from './fields';

/** An element that is not the same in both versions. */
export interface ElementChange<T> {
  readonly kind: 'added' | 'removed' | 'changed';
  /** Name and extra identity. */
  readonly identity: Identity;
  /** For `changed`: what differs. */
  readonly fields: readonly FieldChange[];
  readonly before?: T;
  readonly after?: T;
}

/** What differs between two component versions, by their descriptors alone. */
export interface DescriptorComparison {
  /** `name:version`. */
  readonly before: string;
  readonly after: string;
  /** Of the component itself: `version`, `provider`, `creationTime`, `labels.<name>`. */
  readonly fields: readonly FieldChange[];
  readonly resources: readonly ElementChange<Resource>[];
  readonly sources: readonly ElementChange<Source>[];
  readonly references: readonly ElementChange<Reference>[];
  readonly signatures: readonly ElementChange<Signature>[];
}

/**
 * Compares two descriptors. Elements are paired by name and extra identity, whatever their version. Content is compared by its
 * digest: where it is (access, repository contexts) counts only where one side has no digest, so that a transferred component
 * version is the same as its origin.
 */
export function compareDescriptors(before: ComponentDescriptor, after: ComponentDescriptor): DescriptorComparison {
  const [old, now] = [before.component, after.component];
  return {
    before: nameAndVersion(before),
    after: nameAndVersion(after),
    fields: changedFields(componentFields(before), componentFields(after)),
    resources: compareElements(old.resources, now.resources, (each, other) => ({
      version: each.version,
      type: each.type,
      relation: each.relation,
      ...contentFields(each, other),
      srcRefs: asJson(each.srcRefs),
      ...labelFields(each.labels),
    })),
    sources: compareElements(old.sources, now.sources, each => ({
      version: each.version,
      type: each.type,
      access: each.access,
      ...labelFields(each.labels),
    })),
    references: compareElements(old.componentReferences, now.componentReferences, each => ({
      componentName: each.componentName,
      version: each.version,
      digest: digestText(each.digest),
      ...labelFields(each.labels),
    })),
    signatures: compareSignatures(before.signatures ?? [], after.signatures ?? []),
  };
}

/** True when nothing differs. */
export function isSame(comparison: DescriptorComparison): boolean {
  const { fields, resources, sources, references, signatures } = comparison;
  return [fields, resources, sources, references, signatures].every(list => list.length === 0);
}

type Fields = Readonly<Record<string, Json | undefined>>;

function componentFields({ component }: ComponentDescriptor): Fields {
  const provider = providerOf(component.provider);
  return {
    name: component.name,
    version: component.version,
    provider: provider.name,
    creationTime: component.creationTime,
    ...labelFields(provider.labels, 'provider.labels'),
    ...labelFields(component.labels),
  };
}

/** A label is its value; whether it is signed, its version and how it is merged are fields beside it. */
function labelFields(labels: readonly Label[] = [], prefix = 'labels'): Fields {
  return Object.fromEntries(
    labels.flatMap(({ name, value, ...more }) => [
      [`${prefix}.${name}`, value],
      ...Object.entries(more).map(([key, each]) => [`${prefix}.${name} (${key})`, asJson(each)]),
    ]),
  ) as Fields;
}

function contentFields(resource: Resource, other: Resource | undefined): Fields {
  const byDigest = resource.digest !== undefined && (other === undefined || other.digest !== undefined);
  return byDigest
    ? { digest: digestText(resource.digest) }
    : { digest: digestText(resource.digest), access: resource.access };
}

function digestText(digest: DigestSpec | undefined): string | undefined {
  return digest === undefined ? undefined : `${digest.hashAlgorithm}:${digest.value}[${digest.normalisationAlgorithm}]`;
}

function compareElements<T extends ElementMeta>(
  before: readonly T[],
  after: readonly T[],
  fieldsOf: (element: T, other: T | undefined) => Fields,
): ElementChange<T>[] {
  return paired(before, after).flatMap(([old, now]): ElementChange<T>[] => {
    const identity = identityOfElement((now ?? old) as T);
    if (old === undefined) return now === undefined ? [] : [{ kind: 'added', identity, fields: [], after: now }];
    if (now === undefined) return [{ kind: 'removed', identity, fields: [], before: old }];
    const fields = changedFields(fieldsOf(old, now), fieldsOf(now, old));
    return fields.length === 0 ? [] : [{ kind: 'changed', identity, fields, before: old, after: now }];
  });
}

function identityOfElement({ name, extraIdentity }: ElementMeta): Identity {
  return { ...extraIdentity, name };
}

/** Pairs in the order of `after`, what is gone last. Of several with one identity those of the same version belong together. */
function paired<T extends ElementMeta>(
  before: readonly T[],
  after: readonly T[],
): (readonly [T | undefined, T | undefined])[] {
  const left = new Map<string, T[]>();
  for (const element of before) {
    const key = identityKey(identityOfElement(element));
    left.set(key, [...(left.get(key) ?? []), element]);
  }
  const partners = new Map<T, T>();
  const take = (element: T, choose: (candidates: readonly T[]) => number): void => {
    const candidates = left.get(identityKey(identityOfElement(element))) ?? [];
    const at = partners.has(element) ? -1 : choose(candidates);
    const [found] = at < 0 ? [] : candidates.splice(at, 1);
    if (found !== undefined) partners.set(element, found);
  };
  for (const element of after)
    take(element, candidates => candidates.findIndex(candidate => candidate.version === element.version));
  for (const element of after) take(element, candidates => (candidates.length === 0 ? -1 : 0));
  const gone = new Set([...left.values()].flat());
  return [
    ...after.map(element => [partners.get(element), element] as const),
    ...before.filter(element => gone.has(element)).map(element => [element, undefined] as const),
  ];
}

function compareSignatures(before: readonly Signature[], after: readonly Signature[]): ElementChange<Signature>[] {
  const fields = ({ digest, signature }: Signature): Fields => ({
    digest: digestText(digest),
    algorithm: signature.algorithm,
    mediaType: signature.mediaType,
    issuer: signature.issuer,
  });
  const asElement = (signature: Signature): ElementMeta & { signature: Signature } => ({
    name: signature.name,
    version: '',
    signature,
  });
  return compareElements(before.map(asElement), after.map(asElement), each => fields(each.signature)).map(
    ({ before: old, after: now, ...change }) => ({
      ...change,
      ...(old === undefined ? {} : { before: old.signature }),
      ...(now === undefined ? {} : { after: now.signature }),
    }),
  );
}

function asJson(value: unknown): Json | undefined {
  return value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as Json);
}
