import type { Readable } from 'node:stream';

/** OCI content descriptor (image-spec descriptor.md). */
export interface Descriptor {
  readonly mediaType: string;
  /** `sha256:<64 hex>` or `sha512:<128 hex>`. */
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly artifactType?: string;
  readonly platform?: { readonly os: string; readonly architecture: string; readonly variant?: string };
}

/** Bytes to push: a buffer, or a function that opens a fresh stream each time (so that a push can be retried). */
export type ContentSource = Uint8Array | (() => Readable | Promise<Readable>);

export interface CallOptions {
  readonly signal?: AbortSignal;
}

/**
 * The one content interface. A repository in a registry, an image layout, a CTF archive and memory implement it;
 * push, pull, export, import and replicate are then one verb: `copy`. Every read is checked against its digest.
 */
export interface Content {
  /** For messages: `registry.example/repo`, `layout:/path`, ... */
  readonly name: string;
  /** Resolves a tag or digest to a descriptor. Throws `oci.not-found`. */
  resolve(reference: string, options?: CallOptions): Promise<Descriptor>;
  /** Opens a blob or manifest. The stream fails with `oci.digest-mismatch` at its end if the bytes are not those named. */
  fetch(descriptor: Descriptor, options?: CallOptions): Promise<Readable>;
  /** Stores a blob or manifest; the media type says which. Refuses bytes that do not match. Existing content is a no-op. */
  push(descriptor: Descriptor, content: ContentSource, options?: CallOptions): Promise<void>;
  exists(descriptor: Descriptor, options?: CallOptions): Promise<boolean>;
  /** Points a tag at a manifest that is already stored. */
  tag(descriptor: Descriptor, tag: string, options?: CallOptions): Promise<void>;
  /** All tags, in lexical order. An unknown repository has none. */
  tags(options?: CallOptions): Promise<string[]>;
}
