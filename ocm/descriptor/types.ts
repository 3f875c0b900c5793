import type { Json } from '../yaml';

/** Attributes that, with the name, identify an element among its siblings. */
export type Identity = Readonly<Record<string, string>>;

export interface Label {
  readonly name: string;
  readonly value: Json;
  /** `v1`, `v2`, ... */
  readonly version?: string;
  /** Whether the label is part of what is signed. Default false. */
  readonly signing?: boolean;
  readonly merge?: { readonly algorithm?: string; readonly config?: Json };
}

/** How a thing's content was digested. */
export interface DigestSpec {
  /** `SHA-256`, `SHA-512` or `NO-DIGEST`. */
  readonly hashAlgorithm: string;
  /** `genericBlobDigest/v1`, `ociArtifactDigest/v1`, `EXCLUDE-FROM-SIGNATURE`, or a descriptor normalisation. */
  readonly normalisationAlgorithm: string;
  /** Lower-case hex, no prefix. */
  readonly value: string;
}

/** Where content is: a `type` and the fields of that type. */
export interface AccessSpec {
  readonly type: string;
  readonly [field: string]: Json;
}

export interface ElementMeta {
  readonly name: string;
  readonly version: string;
  readonly extraIdentity?: Identity;
  readonly labels?: readonly Label[];
}

export interface SourceRef {
  readonly identitySelector?: Identity;
  readonly labels?: readonly Label[];
}

export interface Resource extends ElementMeta {
  readonly type: string;
  readonly relation: 'local' | 'external';
  readonly access: AccessSpec;
  readonly srcRefs?: readonly SourceRef[];
  readonly digest?: DigestSpec;
}

export interface Source extends ElementMeta {
  readonly type: string;
  readonly access: AccessSpec;
}

export interface Reference extends ElementMeta {
  readonly componentName: string;
  readonly digest?: DigestSpec;
}

export interface Signature {
  readonly name: string;
  readonly digest: DigestSpec;
  readonly signature: {
    readonly algorithm: string;
    readonly mediaType: string;
    readonly value: string;
    readonly issuer?: string;
  };
  readonly timestamp?: { readonly value?: string; readonly time?: string };
}

export interface NestedComponentDigests {
  readonly name: string;
  readonly version: string;
  readonly digest?: DigestSpec;
  readonly resourceDigests?: readonly {
    readonly name: string;
    readonly version?: string;
    readonly extraIdentity?: Identity;
    readonly digest?: DigestSpec;
  }[];
}

export interface ComponentSpec {
  readonly name: string;
  readonly version: string;
  /** A name, or a JSON object `{name, labels?}` as a string. See {@link providerOf}. */
  readonly provider: string;
  readonly labels?: readonly Label[];
  /** RFC 3339, as written. */
  readonly creationTime?: string;
  readonly repositoryContexts: readonly AccessSpec[];
  readonly resources: readonly Resource[];
  readonly sources: readonly Source[];
  readonly componentReferences: readonly Reference[];
}

/**
 * A component version's description, in the shape of schema v2 whatever schema it was read from. Fields this model does
 * not name are kept in the objects and written again.
 */
export interface ComponentDescriptor {
  /** `v2`, or the apiVersion `ocm.software/v3alpha1` (`ocm.gardener.cloud/v3alpha1`) of the file it came from. */
  readonly meta: { readonly schemaVersion: string };
  readonly component: ComponentSpec;
  readonly signatures?: readonly Signature[];
  readonly nestedDigests?: readonly NestedComponentDigests[];
}

/** True for descriptors read from, and to be written in, schema v3alpha1. */
export function isV3(descriptor: ComponentDescriptor): boolean {
  return descriptor.meta.schemaVersion.endsWith('/v3alpha1');
}

/** `name:version`, as people and annotations write it. */
export function nameAndVersion(descriptor: ComponentDescriptor): string {
  return `${descriptor.component.name}:${descriptor.component.version}`;
}
