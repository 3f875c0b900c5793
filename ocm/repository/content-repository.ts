import {
  describe,
  isIndex,
  MediaType,
  parseIndex,
  readContent,
  type CallOptions,
  type Content,
  type Descriptor,
} from '../../oci';
import { AirlockError, hasCode } from '../../report';
import { parseDescriptor, type AccessSpec, type ParsedDescriptor } from '../descriptor';
import { StoredAccess } from './access';
import { blobLayer, componentManifest, readComponentVersion } from './manifest';
import { componentOfRepository, repositoryOf, tagOfVersion, versionOfTag } from './mapping';
import type {
  ComponentRepository,
  ComponentVersionAccess,
  ComponentVersionContent,
  OpenOptions,
  RepositoryLocation,
} from './repository';
import type { ContentSpace, Registries } from './space';
import { compareVersions } from './versions';

export interface ContentRepositoryOptions {
  /** Path below the root, without slashes at the ends. */
  readonly subPath?: string;
  /** Opens other registries, for accesses that name them. */
  readonly registries: Registries;
  /** Written into manifests as their creator. Default `Airlock`. */
  readonly creator?: string;
}

/** Component versions in OCI repositories (OCI mapping of the specification): in a registry, a CTF archive, or memory. */
export class ContentRepository implements ComponentRepository {
  readonly name: string;
  readonly location: RepositoryLocation;
  private readonly subPath: string;

  constructor(
    private readonly space: ContentSpace,
    private readonly options: ContentRepositoryOptions,
  ) {
    this.subPath = options.subPath ?? '';
    this.name = this.subPath === '' ? space.name : `${space.name}/${this.subPath}`;
    this.location = {
      ...(space.registry === undefined
        ? {}
        : { registry: space.registry, context: contextOf(space.registry, this.subPath) }),
      subPath: this.subPath,
      content: repository => space.content(repository),
    };
  }

  async listComponents(options: OpenOptions = {}): Promise<string[]> {
    const call = options.signal === undefined ? {} : { signal: options.signal };
    const names = await this.space.repositories?.(call);
    if (names === undefined) {
      throw new AirlockError({
        code: 'ocm.cannot-list-components',
        message: 'a registry does not tell which components it holds',
        where: this.name,
        remedy: 'Name the component: registry//component[:version]',
      });
    }
    return names.flatMap(name => componentOfRepository(name, this.subPath) ?? []).sort();
  }

  async listVersions(component: string, options: OpenOptions = {}): Promise<string[]> {
    const tags = await this.contentOf(component).tags(options);
    return tags.flatMap(tag => versionOfTag(tag) ?? []).sort(compareVersions);
  }

  async exists(component: string, version: string, options: OpenOptions = {}): Promise<boolean> {
    return (await this.resolve(component, version, options)) !== undefined;
  }

  async open(component: string, version: string, options: OpenOptions = {}): Promise<ComponentVersionAccess> {
    const reference = `${this.name}//${component}:${version}`;
    const root = await this.resolve(component, version, options);
    if (root === undefined) {
      throw new AirlockError({
        code: 'ocm.component-version-not-found',
        message: `the component version ${component}:${version} was not found`,
        where: this.name,
        remedy: 'Check name, version and access rights; `airlock component get` lists what is there',
      });
    }
    const content = this.contentOf(component);
    const stored = await readComponentVersion(content, root, options);
    const parsed = parseDescriptor(stored.bytes, reference);
    const { name, version: found } = parsed.descriptor.component;
    if (name !== component || found !== version) {
      throw new AirlockError({
        code: 'ocm.invalid-component-version',
        message: `the descriptor stored for ${component}:${version} is that of ${name}:${found}`,
        where: reference,
      });
    }
    return new StoredAccess(this, reference, content, stored, parsed, this.options.registries);
  }

  async put(content: ComponentVersionContent, options: OpenOptions = {}): Promise<Descriptor> {
    const { component } = content.descriptor.descriptor;
    const target = this.contentOf(component.name);
    for (const blob of content.blobs) {
      // A local blob is a layer, also where its media type is that of a manifest.
      if (blob.source !== undefined)
        await target.push({ ...blob.descriptor, mediaType: MediaType.octets }, blob.source, options);
    }
    const stored = await this.pushManifest(target, content.descriptor, content.blobs.map(blobLayer), options);
    await storeTagged(target, stored.descriptor, stored.bytes, tagOfVersion(component.version), options);
    return stored.descriptor;
  }

  async replaceDescriptor(
    access: ComponentVersionAccess,
    descriptor: ParsedDescriptor,
    options: OpenOptions = {},
  ): Promise<Descriptor> {
    const { name, version } = descriptor.descriptor.component;
    const target = this.contentOf(name);
    const stored = await readComponentVersion(target, access.manifest, options);
    const layers = stored.manifest.layers.filter(layer => layer.digest !== stored.descriptorLayer.digest);
    const manifest = await this.pushManifest(target, descriptor, layers, options);
    let root = manifest;
    if (isIndex(stored.root.mediaType)) {
      await target.push(manifest.descriptor, manifest.bytes, options);
      root = await reindexed(target, stored.root, manifest.descriptor, options);
    }
    await storeTagged(target, root.descriptor, root.bytes, tagOfVersion(version), options);
    return root.descriptor;
  }

  async close(options: { readonly discard?: boolean } = {}): Promise<void> {
    await this.space.close?.(options);
  }

  /** Pushes descriptor and config; the manifest itself is the caller's to store. */
  private async pushManifest(
    target: Content,
    parsed: ParsedDescriptor,
    layers: readonly Descriptor[],
    options: CallOptions,
  ): Promise<{ descriptor: Descriptor; bytes: Buffer }> {
    const stored = componentManifest(parsed, layers, this.options.creator ?? 'Airlock');
    await target.push(stored.layer.descriptor, stored.layer.bytes, options);
    await target.push(stored.config.descriptor, stored.config.bytes, options);
    return stored.manifest;
  }

  private contentOf(component: string): Content {
    return this.space.content(repositoryOf(component, this.subPath));
  }

  private async resolve(component: string, version: string, options: CallOptions): Promise<Descriptor | undefined> {
    try {
      return await this.contentOf(component).resolve(tagOfVersion(version), options);
    } catch (error) {
      if (hasCode(error, 'oci.not-found')) return undefined;
      throw error;
    }
  }
}

/** Stores a manifest under a tag, in one step where the content can. */
export async function storeTagged(
  content: Content,
  descriptor: Descriptor,
  bytes: Uint8Array,
  tag: string,
  options: CallOptions,
): Promise<void> {
  if (content.pushTagged !== undefined) return content.pushTagged(descriptor, bytes, tag, options);
  await content.push(descriptor, bytes, options);
  await content.tag(descriptor, tag, options);
}

/** The index of a component version in index form, with another manifest in the first place. */
async function reindexed(
  content: Content,
  index: Descriptor,
  manifest: Descriptor,
  options: CallOptions,
): Promise<{ descriptor: Descriptor; bytes: Buffer }> {
  const document = parseIndex(await readContent(content, index, options), content.name);
  const { mediaType, digest, size } = manifest;
  const first = { ...document.manifests[0], mediaType, digest, size };
  const bytes = Buffer.from(JSON.stringify({ ...document, manifests: [first, ...document.manifests.slice(1)] }));
  return { descriptor: describe(index.mediaType, bytes), bytes };
}

function contextOf(registry: string, subPath: string): AccessSpec {
  return {
    type: 'OCIRegistry',
    baseUrl: registry,
    componentNameMapping: 'urlPath',
    ...(subPath === '' ? {} : { subPath }),
  };
}
