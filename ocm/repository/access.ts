import { Readable } from 'node:stream';
import type { CallOptions, Content, Descriptor } from '../../oci';
import { AirlockError } from '../../report';
import { artifactContent, blobContent, openAccess, type AccessContext } from '../access';
import {
  identityText,
  selectByIdentity,
  type AccessSpec,
  type ComponentDescriptor,
  type Identity,
  type ParsedDescriptor,
  type Resource,
} from '../descriptor';
import type { StoredComponentVersion } from './manifest';
import type { ComponentRepository, ComponentVersionAccess, OpenedContent } from './repository';
import type { Registries } from './space';

/** A component version in an OCI repository. */
export class StoredAccess implements ComponentVersionAccess {
  readonly descriptor: ComponentDescriptor;
  readonly bytes: Uint8Array;
  readonly format: ParsedDescriptor['format'];
  readonly descriptorDigest: string;
  readonly manifest: Descriptor;
  private readonly context: AccessContext;

  constructor(
    readonly repository: ComponentRepository,
    readonly reference: string,
    readonly content: Content,
    private readonly stored: StoredComponentVersion,
    parsed: ParsedDescriptor,
    registries: Registries,
  ) {
    this.descriptor = parsed.descriptor;
    this.bytes = parsed.bytes;
    this.format = parsed.format;
    this.descriptorDigest = stored.descriptorLayer.digest;
    this.manifest = stored.root;
    this.context = {
      reference,
      location: repository.location,
      registries,
      localBlob: (localReference, mediaType) => Promise.resolve(this.blob(localReference, mediaType)),
    };
  }

  localBlob(localReference: string): Promise<OpenedContent> {
    return this.context.localBlob(localReference, undefined);
  }

  openAccess(access: AccessSpec, options: CallOptions = {}): Promise<OpenedContent> {
    return openAccess(access, this.context, options);
  }

  async openResource(identity: Identity, options: CallOptions = {}): Promise<OpenedContent> {
    return this.openAccess(oneResource(this.descriptor, identity, this.reference).access, options);
  }

  private blob(localReference: string, mediaType: string | undefined): OpenedContent {
    const artifact = this.stored.artifacts.find(each => each.digest === localReference);
    if (artifact !== undefined) return artifactContent(this.content, artifact, undefined);
    const parts = localReference.split(',').map(digest => this.layer(digest.trim(), localReference));
    const [first, ...others] = parts;
    const type = mediaType ?? first?.mediaType ?? 'application/octet-stream';
    if (first !== undefined && others.length === 0)
      return blobContent(this.content, first, type, `${this.reference} ${localReference}`);
    return {
      mediaType: type,
      size: parts.reduce((sum, part) => sum + part.size, 0),
      stream: options => Promise.resolve(Readable.from(this.joined(parts, options), { objectMode: false })),
    };
  }

  private layer(digest: string, localReference: string): Descriptor {
    const layer = this.stored.manifest.layers.find(each => each.digest === digest);
    if (layer !== undefined) return layer;
    throw new AirlockError({
      code: 'ocm.blob-not-found',
      message: `the local blob ${localReference} is not stored with the component version`,
      where: this.reference,
      remedy: 'Transfer the component version again from where it was made',
    });
  }

  private async *joined(parts: readonly Descriptor[], options?: CallOptions): AsyncGenerator<Buffer> {
    for (const part of parts) yield* (await this.content.fetch(part, options)) as AsyncIterable<Buffer>;
  }
}

/** The one resource that has these attributes. Throws `ocm.resource-not-found`, `ocm.resource-ambiguous`. */
export function oneResource(descriptor: ComponentDescriptor, identity: Identity, where: string): Resource {
  const [found, ...others] = selectByIdentity(descriptor.component.resources, identity);
  if (found === undefined) {
    const names = descriptor.component.resources.map(resource => resource.name).join(', ');
    throw new AirlockError({
      code: 'ocm.resource-not-found',
      message: `there is no resource ${identityText(identity)}`,
      where,
      remedy: names === '' ? 'The component version has no resources' : `It has: ${names.slice(0, 500)}`,
    });
  }
  if (others.length === 0) return found;
  throw new AirlockError({
    code: 'ocm.resource-ambiguous',
    message: `${others.length + 1} resources match ${identityText(identity)}`,
    where,
    remedy: 'Name version or extra identity too',
  });
}
