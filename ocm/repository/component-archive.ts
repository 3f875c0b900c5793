import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, realpath, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  isDigest,
  MediaType,
  MemoryContent,
  verifying,
  type CallOptions,
  type Content,
  type Descriptor,
} from '../../oci';
import { AirlockError } from '../../report';
import { isArtifactSet, openAccess, openArtifactSet, type AccessContext } from '../access';
import {
  nameAndVersion,
  parseDescriptor,
  type AccessSpec,
  type ComponentDescriptor,
  type Identity,
  type ParsedDescriptor,
} from '../descriptor';
import { oneResource } from './access';
import { componentDescriptorFile } from './ctf';
import { componentManifest } from './manifest';
import { repositoryOf, tagOfVersion } from './mapping';
import type { ComponentRepository, ComponentVersionAccess, OpenedContent, RepositoryLocation } from './repository';
import type { Registries } from './space';

/** Largest descriptor that is read, in bytes. */
const largestDescriptor = 32 * 1024 * 1024;

/**
 * A component archive: one component version as `component-descriptor.yaml` and the files under `blobs/` that local accesses
 * name. An older format, read only: transfer it to write it.
 */
export class ComponentArchive implements ComponentRepository {
  readonly location: RepositoryLocation;

  private constructor(
    readonly name: string,
    private readonly folder: string,
    private readonly descriptor: ParsedDescriptor,
    private readonly registries: Registries,
    /** An unpacked archive, which goes when it is closed. */
    private readonly temporary: boolean,
  ) {
    this.location = { subPath: '', content: repository => new MemoryContent(`${name}//${repository}`) };
  }

  /** Opens a folder, under the name that messages give it. Throws `ocm.archive-not-found`, `ocm.invalid-descriptor`. */
  static async open(folder: string, registries: Registries, unpackedFrom?: string): Promise<ComponentArchive> {
    const name = unpackedFrom ?? folder;
    const file = path.join(folder, componentDescriptorFile);
    const where = path.join(name, componentDescriptorFile);
    const info = await stat(file).catch(() => undefined);
    if (!info?.isFile() || info.size > largestDescriptor)
      throw new AirlockError({
        code: 'ocm.archive-not-found',
        message: `${name} holds no ${componentDescriptorFile} that can be read`,
        where: name,
        remedy: 'Check the path',
      });
    const descriptor = parseDescriptor(await readFile(file), where);
    return new ComponentArchive(name, folder, descriptor, registries, unpackedFrom !== undefined);
  }

  listComponents(): Promise<string[]> {
    return Promise.resolve([this.descriptor.descriptor.component.name]);
  }

  listVersions(component: string): Promise<string[]> {
    const { name, version } = this.descriptor.descriptor.component;
    return Promise.resolve(component === name ? [version] : []);
  }

  exists(component: string, version: string): Promise<boolean> {
    const own = this.descriptor.descriptor.component;
    return Promise.resolve(own.name === component && own.version === version);
  }

  async open(component: string, version: string): Promise<ComponentVersionAccess> {
    if (await this.exists(component, version))
      return ArchivedVersion.of(this, this.folder, this.descriptor, this.registries);
    throw new AirlockError({
      code: 'ocm.component-version-not-found',
      message: `the component version ${component}:${version} was not found`,
      where: this.name,
      remedy: `The archive holds ${nameAndVersion(this.descriptor.descriptor)} only`,
    });
  }

  put(): Promise<Descriptor> {
    return Promise.reject(this.readOnly());
  }

  replaceDescriptor(): Promise<Descriptor> {
    return Promise.reject(this.readOnly());
  }

  async close(): Promise<void> {
    if (this.temporary) await rm(this.folder, { recursive: true, force: true });
  }

  private readOnly(): AirlockError {
    return new AirlockError({
      code: 'ocm.read-only',
      message: `${this.name} is a component archive, a format that is read but not written`,
      where: this.name,
      remedy: 'Transfer it into a transport archive or a registry, and change it there',
    });
  }
}

class ArchivedVersion implements ComponentVersionAccess {
  readonly descriptor: ComponentDescriptor;
  readonly bytes: Uint8Array;
  readonly format: ParsedDescriptor['format'];
  readonly reference: string;
  private readonly context: AccessContext;

  private constructor(
    readonly repository: ComponentRepository,
    private readonly folder: string,
    parsed: ParsedDescriptor,
    registries: Registries,
    /** The component version as it would be stored: copied where no access changes. */
    readonly content: Content,
    readonly manifest: Descriptor,
    readonly descriptorDigest: string,
  ) {
    this.descriptor = parsed.descriptor;
    this.bytes = parsed.bytes;
    this.format = parsed.format;
    this.reference = `${repository.name}//${nameAndVersion(parsed.descriptor)}`;
    this.context = {
      reference: this.reference,
      location: repository.location,
      registries,
      localBlob: (localReference, mediaType) => this.blob(localReference, mediaType),
    };
  }

  static async of(
    repository: ComponentRepository,
    folder: string,
    parsed: ParsedDescriptor,
    registries: Registries,
  ): Promise<ArchivedVersion> {
    const { name, version } = parsed.descriptor.component;
    const content = new MemoryContent(`${repository.name}//${repositoryOf(name, '')}`);
    const { layer, config, manifest } = componentManifest(parsed, [], 'Airlock');
    for (const { descriptor, bytes } of [layer, config, manifest]) await content.push(descriptor, bytes);
    await content.tag(manifest.descriptor, tagOfVersion(version));
    return new ArchivedVersion(
      repository,
      folder,
      parsed,
      registries,
      content,
      manifest.descriptor,
      layer.descriptor.digest,
    );
  }

  localBlob(localReference: string): Promise<OpenedContent> {
    return this.blob(localReference, undefined);
  }

  openAccess(access: AccessSpec, options: CallOptions = {}): Promise<OpenedContent> {
    return openAccess(access, this.context, options);
  }

  async openResource(identity: Identity, options: CallOptions = {}): Promise<OpenedContent> {
    return this.openAccess(oneResource(this.descriptor, identity, this.reference).access, options);
  }

  /** A file under `blobs/`; where its name is a digest, its bytes have to have that digest. */
  private async blob(localReference: string, mediaType: string = MediaType.octets): Promise<OpenedContent> {
    const file = await this.fileOf(localReference);
    const { size } = await stat(file);
    const named = path.basename(file).replace('.', ':');
    const digest = isDigest(named) ? named : await digestOfFile(file);
    const descriptor = { mediaType, digest, size };
    const where = `${this.reference} ${localReference}`;
    const stream = (): ReturnType<OpenedContent['stream']> =>
      Promise.resolve(verifying(createReadStream(file, { highWaterMark: 256 * 1024 }), descriptor, where));
    return {
      ...descriptor,
      stream,
      ...(isArtifactSet(mediaType) ? { artifact: async () => openArtifactSet(await stream(), where) } : {}),
    };
  }

  private async fileOf(localReference: string): Promise<string> {
    const blobs = path.join(this.folder, 'blobs');
    // Names are file names; a digest as such is found too.
    const wanted = path.join(blobs, isDigest(localReference) ? localReference.replace(':', '.') : localReference);
    const inside = (file: string, root: string): boolean => file.startsWith(`${root}${path.sep}`);
    const found = await realpath(wanted).catch(() => undefined);
    const root = await realpath(blobs).catch(() => blobs);
    const isFile = found !== undefined && (await stat(found)).isFile();
    if (found !== undefined && isFile && inside(wanted, blobs) && inside(found, root)) return found;
    throw new AirlockError({
      code: 'ocm.blob-not-found',
      message: `the local blob ${JSON.stringify(localReference.slice(0, 200))} is not a file in the archive`,
      where: this.reference,
      remedy: 'Make the archive again',
    });
  }
}

async function digestOfFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return `sha256:${hash.digest('hex')}`;
}
