/** Reads what a product is made of. `ocm.ts` implements it over a component version in a repository or archive. */

/** A resource of a component, as far as a product needs to know it. */
export interface ProductResource {
  readonly name: string;
  readonly version: string;
  /** Resource type, e.g. `ociArtifact`, `dir`, `productdescription.mpas.ocm.software`. */
  readonly type: string;
  readonly extraIdentity?: Readonly<Record<string, string>>;
  readonly digest?: {
    readonly hashAlgorithm: string;
    readonly normalisationAlgorithm: string;
    readonly value: string;
  };
  readonly access: Readonly<{ type: string } & Record<string, unknown>>;
}

/** A reference to another component. */
export interface ProductReference {
  readonly name: string;
  readonly componentName: string;
  readonly version: string;
  readonly extraIdentity?: Readonly<Record<string, string>>;
}

/** One step into a referenced component. */
export interface ReferenceStep {
  readonly name: string;
  readonly extraIdentity?: Readonly<Record<string, string>>;
}

/** Which of several resources of one name, and in which referenced component. */
export interface ResourceSelector {
  readonly extraIdentity?: Readonly<Record<string, string>>;
  readonly referencePath?: readonly ReferenceStep[];
}

/** The root component's descriptor, in the fields a product needs. */
export interface ProductComponent {
  readonly name: string;
  readonly version: string;
  /** Digest of the descriptor as stored, `sha256:<hex>`. */
  readonly descriptorDigest: string;
  readonly resources: readonly ProductResource[];
  readonly references: readonly ProductReference[];
}

/** A component version, read by digest. Everything a proposal is planned from comes through here. */
export interface ResourceReader {
  readonly component: ProductComponent;
  /**
   * The bytes of a resource: digest-checked, decompressed when they are gzip, bounded.
   * Throws an AirlockError when there is none, several or it is too large.
   */
  read(resourceName: string, selector?: ResourceSelector): Promise<Uint8Array>;
  /** The resource itself. Throws an AirlockError when there is none or several. */
  find(resourceName: string, selector?: ResourceSelector): Promise<ProductResource>;
  /** Where the repository that holds the component holds this image now: `host/path[:tag][@digest]`. */
  imageReference(resource: ProductResource): Promise<string>;
  /** The component at the end of a reference path; without steps the root. Throws `product.reference-not-found`. */
  componentAt(referencePath: readonly ReferenceStep[]): Promise<ProductComponent>;
  /** Where a resource is for a reader of messages, a file on disk. Default: component, version and resource. */
  place?(resourceName: string, selector?: ResourceSelector): string | undefined;
}

/** Where a resource is, for messages. */
export function placeOf(reader: ResourceReader, name: string, selector?: ResourceSelector): string {
  const { component } = reader;
  return reader.place?.(name, selector) ?? `${component.name}:${component.version} resource ${name}`;
}

/** True when `resource` has every attribute of `wanted`. */
export function matchesIdentity(
  resource: { readonly extraIdentity?: Readonly<Record<string, string>>; readonly version?: string },
  wanted: Readonly<Record<string, string>> | undefined,
): boolean {
  return Object.entries(wanted ?? {}).every(
    ([key, value]) => resource.extraIdentity?.[key] === value || (key === 'version' && resource.version === value),
  );
}
