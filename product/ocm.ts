import { createHash } from 'node:crypto';
import { gunzip } from 'node:zlib';
import { promisify } from 'node:util';
import { AirlockError, messageOf } from '../report';
import { accessKind, componentDescriptors, oneResource, type ComponentVersionAccess, type Resource } from '../ocm';
import {
  matchesIdentity,
  type ProductComponent,
  type ProductResource,
  type ReferenceStep,
  type ResourceReader,
  type ResourceSelector,
} from './source';

export interface ResourceReaderOptions {
  /** Bytes of one resource, as stored and unpacked. Default 64 MiB: descriptions, configuration data, manifests. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
  /** What identifies the component version. Default: the digest of its descriptor as stored. */
  readonly descriptorDigest?: string;
}

/** A component version of a repository or archive, as products are planned from it. */
export function resourceReader(version: ComponentVersionAccess, options: ResourceReaderOptions = {}): ResourceReader {
  return new OcmResourceReader(version, options);
}

class OcmResourceReader implements ResourceReader {
  readonly component: ResourceReader['component'];
  private readonly limit: number;
  private readonly owners = new WeakMap<ProductResource, ComponentVersionAccess>();
  private readonly opened = new Map<string, Promise<ComponentVersionAccess>>();

  constructor(
    private readonly version: ComponentVersionAccess,
    private readonly options: ResourceReaderOptions,
  ) {
    this.limit = options.limit ?? 64 * 1024 * 1024;
    this.component = this.described(version, options.descriptorDigest);
  }

  async componentAt(referencePath: readonly ReferenceStep[]): Promise<ProductComponent> {
    return referencePath.length === 0 ? this.component : this.described(await this.follow(referencePath));
  }

  async find(name: string, selector: ResourceSelector = {}): Promise<ProductResource> {
    return (await this.locate(name, selector)).resource;
  }

  async read(name: string, selector: ResourceSelector = {}): Promise<Uint8Array> {
    const { resource, owner } = await this.locate(name, selector);
    const where = `${owner.reference} resource ${name}`;
    const content = await owner.openAccess(resource.access as Resource['access'], this.call());
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of await content.stream(this.call())) {
      size += (chunk as Buffer).length;
      if (size > this.limit) throw this.tooLarge(where);
      chunks.push(chunk as Buffer);
    }
    const bytes = Buffer.concat(chunks);
    checkDigest(bytes, resource, where);
    return this.unpacked(bytes, where);
  }

  private described(owner: ComponentVersionAccess, descriptorDigest = owner.descriptorDigest): ProductComponent {
    const { name, version, resources, componentReferences } = owner.descriptor.component;
    for (const resource of resources) this.owners.set(resource, owner);
    return { name, version, descriptorDigest, resources, references: componentReferences };
  }

  /** Where the component's repository has the image now; the descriptor's digest is appended where the reference has none. */
  imageReference(resource: ProductResource): Promise<string> {
    return Promise.resolve().then(() => this.imageAt(resource));
  }

  private imageAt(resource: ProductResource): string {
    const owner = this.owners.get(resource) ?? this.version;
    const { access } = resource;
    const where = `${owner.reference} resource ${resource.name}`;
    const kind = accessKind(access as Resource['access']);
    const known = resource.digest && isArtifactDigest(resource.digest) ? `sha256:${resource.digest.value}` : undefined;
    const reference = locationOf(owner, resource, kind);
    if (reference === undefined) {
      throw new AirlockError({
        code: 'product.image-not-in-registry',
        message: `The image ${resource.name} (access ${access.type}) is not where a cluster could pull it from`,
        remedy: 'Replicate the component by value into a registry.',
        where,
      });
    }
    const written = /@(sha256:[0-9a-f]{64})$/.exec(reference)?.[1];
    if (written !== undefined && known !== undefined && written !== known) {
      throw new AirlockError({
        code: 'product.image-digest-mismatch',
        message: `The image ${resource.name} is at ${written}, but its component names ${known}`,
        remedy: 'Replicate the component again; do not deploy it.',
        where,
      });
    }
    return written === undefined && known !== undefined ? `${reference}@${known}` : reference;
  }

  private async locate(
    name: string,
    { extraIdentity, referencePath }: ResourceSelector,
  ): Promise<{ resource: ProductResource; owner: ComponentVersionAccess }> {
    const owner = await this.follow(referencePath ?? []);
    const resource: ProductResource = oneResource(owner.descriptor, { ...extraIdentity, name }, owner.reference);
    this.owners.set(resource, owner);
    return { resource, owner };
  }

  private async follow(path: readonly ReferenceStep[]): Promise<ComponentVersionAccess> {
    let here = this.version;
    for (const step of path) {
      const found = here.descriptor.component.componentReferences.filter(
        each => each.name === step.name && matchesIdentity(each, step.extraIdentity),
      );
      const [reference] = found;
      if (!reference || found.length > 1) {
        throw new AirlockError({
          code: 'product.reference-not-found',
          message: `${found.length} component references are named ${step.name}; one is needed`,
          remedy: 'Correct the reference path in the product description.',
          where: here.reference,
        });
      }
      const key = `${reference.componentName}:${reference.version}`;
      const opening =
        this.opened.get(key) ?? here.repository.open(reference.componentName, reference.version, this.call());
      this.opened.set(key, opening);
      here = await opening;
    }
    return here;
  }

  private async unpacked(bytes: Buffer, where: string): Promise<Uint8Array> {
    if (bytes.length < 2 || bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
    try {
      return await promisify(gunzip)(bytes, { maxOutputLength: this.limit });
    } catch (error) {
      if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') throw this.tooLarge(where);
      throw new AirlockError({
        code: 'product.resource-invalid',
        message: `The resource cannot be unpacked: ${messageOf(error)}`,
        remedy: 'It is the vendor who has to correct it.',
        where,
        cause: error,
      });
    }
  }

  private call(): { signal?: AbortSignal } {
    return this.options.signal ? { signal: this.options.signal } : {};
  }

  private tooLarge(where: string): AirlockError {
    return new AirlockError({
      code: 'product.resource-too-large',
      message: `The resource is larger than ${this.limit} bytes`,
      remedy: 'Manifests and configuration data are small; images and archives do not belong here.',
      where,
    });
  }
}

function isArtifactDigest({ hashAlgorithm, value }: NonNullable<ProductResource['digest']>): boolean {
  return /^sha-?256$/i.test(hashAlgorithm) && /^[0-9a-f]{64}$/.test(value);
}

/** Where an image is: its own reference, or, for a blob that is itself an OCI artifact, beside the component's descriptor. */
function locationOf(
  owner: ComponentVersionAccess,
  resource: ProductResource,
  kind: ReturnType<typeof accessKind>,
): string | undefined {
  const { access } = resource;
  const text = (field: string): string | undefined => {
    const value = access[field];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const { registry, subPath } = owner.repository.location;
  if (kind === 'ociArtifact') return text('imageReference')?.replace(/^(oci|https?):\/\//, '');
  if (kind === 'ociBlob') return text('ref') && text('digest') ? `${text('ref')}@${text('digest')}` : undefined;
  if (kind === 'relativeOciReference') {
    const path = text('reference');
    return registry && path ? `${registry}/${path}` : undefined;
  }
  if (kind !== 'localBlob') return undefined;
  const global = access.globalAccess;
  if (typeof global === 'object' && global !== null && 'type' in global && typeof global.type === 'string') {
    const copy: ProductResource = { ...resource, access: { ...global, type: global.type } };
    return locationOf(owner, copy, accessKind(copy.access as Resource['access']));
  }
  const digest = text('localReference');
  if (
    !registry ||
    !digest ||
    !/^application\/vnd\.(oci|docker).*(manifest|index).*json$/.test(text('mediaType') ?? '')
  ) {
    return undefined;
  }
  const { name } = owner.descriptor.component;
  return [registry, subPath, componentDescriptors, `${name}@${digest}`].filter(Boolean).join('/');
}

/** Checks bytes against the digest that the signed descriptor has for them, where it is one of the bytes themselves. */
function checkDigest(bytes: Buffer, { digest }: ProductResource, where: string): void {
  if (!digest || !digest.normalisationAlgorithm.startsWith('genericBlobDigest')) return;
  const algorithm = digest.hashAlgorithm.toLowerCase().replace('-', '');
  if (algorithm !== 'sha256' && algorithm !== 'sha512') return;
  if (createHash(algorithm).update(bytes).digest('hex') === digest.value) return;
  throw new AirlockError({
    code: 'product.resource-digest-mismatch',
    message: 'The resource is not the one that its component names: the digest differs',
    remedy: 'Replicate the component again; do not deploy it.',
    where,
  });
}
