import type { Readable } from 'node:stream';
import { METADATA_LIMIT, type HttpResponse } from '../net';
import { blobReader } from './blob-reader';
import type { CallOptions, ContentSource, Descriptor, PushOptions } from './content';
import { assertMatches, describe, isDigest, parseDigest } from './digest';
import { notFound, registryError } from './errors';
import { assertDocument, MANIFEST_LIMIT, sniffMediaType } from './manifest';
import { isManifest, MANIFEST_ACCEPT, MediaType } from './media-types';
import { paged } from './paging';
import { addToFallback, listReferrers } from './referrers';
import type { RegistryApi, RegistryCall, RepositoryApi, UploadSession } from './registry-api';
import { readContent, readSource, streamOfBytes } from './streams';
import { mountBlob, uploadBlob } from './upload';

/** One repository in a registry (distribution-spec v1.1). */
export class RegistryRepository implements RepositoryApi {
  readonly name: string;
  /** Repositories of one registry share blobs. */
  readonly store: string;
  /** Upload sessions that the registry opened when it declined a mount, by digest. */
  readonly openUploads = new Map<string, UploadSession>();

  constructor(
    readonly registry: RegistryApi,
    readonly repository: string,
  ) {
    this.name = `${registry.host}/${repository}`;
    this.store = registry.host;
  }

  async resolve(reference: string, options: CallOptions = {}): Promise<Descriptor> {
    const call: RegistryCall = {
      path: this.path(`manifests/${reference}`),
      scopes: this.scopes('pull'),
      headers: { accept: MANIFEST_ACCEPT },
      ...options,
    };
    const head = await this.registry.send({ ...call, method: 'HEAD' });
    await head.discard();
    if (head.status === 404) throw notFound(reference, this.name);
    const digest = head.header('docker-content-digest') ?? (isDigest(reference) ? reference : undefined);
    const length = head.header('content-length');
    const mediaType = mediaTypeOf(head);
    if (head.ok && digest !== undefined && isDigest(digest) && length !== undefined && mediaType !== undefined) {
      const descriptor = { mediaType, digest, size: Number(length) };
      if (!isDigest(reference) || reference === digest) return descriptor;
    }
    // Not every registry answers HEAD in full: then the bytes tell.
    const response = await this.registry.send(call);
    if (response.status === 404) {
      await response.discard();
      throw notFound(reference, this.name);
    }
    if (!response.ok) throw await registryError(response, `resolving ${reference}`, this.name);
    const bytes = await response.bytes(METADATA_LIMIT);
    const found = describe(sniffMediaType(bytes) ?? mediaTypeOf(response) ?? MediaType.manifest, bytes);
    if (isDigest(reference) && reference !== found.digest)
      assertMatches({ ...found, digest: reference }, bytes, this.name);
    assertDocument(bytes, `${this.name}:${reference}`);
    return found;
  }

  async fetch(descriptor: Descriptor, options: CallOptions = {}): Promise<Readable> {
    parseDigest(descriptor.digest);
    if (!isManifest(descriptor.mediaType)) return blobReader(this, descriptor, options.signal);
    const response = await this.registry.send({
      path: this.path(`manifests/${descriptor.digest}`),
      scopes: this.scopes('pull'),
      headers: { accept: descriptor.mediaType },
      ...options,
    });
    if (!response.ok) throw await registryError(response, `fetching manifest ${descriptor.digest}`, this.name);
    const bytes = await response.bytes(MANIFEST_LIMIT);
    assertMatches(descriptor, bytes, this.name);
    return streamOfBytes(bytes);
  }

  async push(descriptor: Descriptor, content: ContentSource, options: PushOptions = {}): Promise<void> {
    parseDigest(descriptor.digest);
    if (!options.absent && (await this.exists(descriptor, options))) return;
    if (!isManifest(descriptor.mediaType)) return uploadBlob(this, descriptor, content, options.signal);
    const bytes = await readSource(content, descriptor, this.name);
    await this.putManifest(descriptor, bytes, descriptor.digest, options);
  }

  async pushTagged(descriptor: Descriptor, content: Uint8Array, tag: string, options: CallOptions = {}): Promise<void> {
    assertMatches(descriptor, content, this.name);
    await this.putManifest(descriptor, content, tag, options);
  }

  async exists(descriptor: Descriptor, options: CallOptions = {}): Promise<boolean> {
    const { hex, algorithm } = parseDigest(descriptor.digest);
    const manifest = isManifest(descriptor.mediaType);
    const response = await this.registry.send({
      method: 'HEAD',
      path: this.path(`${manifest ? 'manifests' : 'blobs'}/${algorithm}:${hex}`),
      scopes: this.scopes('pull'),
      ...(manifest ? { headers: { accept: MANIFEST_ACCEPT } } : {}),
      ...options,
    });
    if (response.status === 404) {
      await response.discard();
      return false;
    }
    if (!response.ok) throw await registryError(response, `looking for ${descriptor.digest}`, this.name);
    await response.discard();
    return true;
  }

  async tag(descriptor: Descriptor, tag: string, options: CallOptions = {}): Promise<void> {
    const bytes = await readContent(this, descriptor, options);
    await this.putManifest(descriptor, bytes, tag, options);
  }

  async tags(options: CallOptions = {}): Promise<string[]> {
    const found = await paged(this.registry, this.path('tags/list'), this.scopes('pull'), 'tags', options.signal);
    if (Array.isArray(found)) return [...new Set(found)].sort();
    if (found.status !== 404) throw await registryError(found, 'listing tags', this.name);
    await found.discard();
    return [];
  }

  mount(descriptor: Descriptor, from: string, options: CallOptions = {}): Promise<boolean> {
    return mountBlob(this, descriptor, from, options.signal);
  }

  referrers(descriptor: Descriptor, options: CallOptions = {}): Promise<Descriptor[]> {
    return listReferrers(this, descriptor, options);
  }

  /** Deletes a manifest by digest, or a tag where the registry can. Absent is fine. Throws `oci.registry-error` where it is not allowed. */
  async deleteManifest(reference: string, options: CallOptions = {}): Promise<void> {
    await this.remove(`manifests/${reference}`, reference, options);
  }

  /** Deletes a blob. Absent is fine. */
  async deleteBlob(digest: string, options: CallOptions = {}): Promise<void> {
    await this.remove(`blobs/${digest}`, digest, options);
  }

  /** `/v2/<name>/<rest>`. */
  path(rest: string): string {
    return `/v2/${this.repository}/${rest}`;
  }

  scopes(actions: 'pull' | 'pull,push' | 'delete,pull', other?: string): string[] {
    return [`repository:${this.repository}:${actions}`, ...(other === undefined ? [] : [`repository:${other}:pull`])];
  }

  private async putManifest(
    descriptor: Descriptor,
    bytes: Uint8Array,
    reference: string,
    options: CallOptions,
  ): Promise<void> {
    const response = await this.registry.send({
      method: 'PUT',
      path: this.path(`manifests/${reference}`),
      scopes: this.scopes('pull,push'),
      headers: { 'content-type': descriptor.mediaType },
      body: bytes,
      ...options,
    });
    if (!response.ok) throw await registryError(response, `pushing manifest ${reference}`, this.name);
    const handled = response.header('oci-subject') !== undefined;
    await response.discard();
    if (!handled) await addToFallback(this, descriptor, bytes, options);
  }

  private async remove(rest: string, what: string, options: CallOptions): Promise<void> {
    const response = await this.registry.send({
      method: 'DELETE',
      path: this.path(rest),
      scopes: this.scopes('delete,pull'),
      ...options,
    });
    if (!response.ok && response.status !== 404) throw await registryError(response, `deleting ${what}`, this.name);
    await response.discard();
  }
}

function mediaTypeOf(response: HttpResponse): string | undefined {
  const mediaType = response.header('content-type')?.split(';')[0]?.trim();
  return mediaType !== undefined && isManifest(mediaType) ? mediaType : undefined;
}
