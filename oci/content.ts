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

export interface PushOptions extends CallOptions {
  /** The caller has just seen that the content is absent, so there is no need to look again. */
  readonly absent?: boolean;
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
  push(descriptor: Descriptor, content: ContentSource, options?: PushOptions): Promise<void>;
  exists(descriptor: Descriptor, options?: CallOptions): Promise<boolean>;
  /** Points a tag at a manifest that is already stored. */
  tag(descriptor: Descriptor, tag: string, options?: CallOptions): Promise<void>;
  /** All tags, in lexical order. An unknown repository has none. */
  tags(options?: CallOptions): Promise<string[]>;

  /** Where cheaper than `push` and `tag`: stores a manifest under a tag in one step. */
  pushTagged?(descriptor: Descriptor, content: Uint8Array, tag: string, options?: CallOptions): Promise<void>;
  /** Where blobs are shared between repositories: takes a blob over from the repository `from`. False: push it instead. */
  mount?(descriptor: Descriptor, from: string, options?: CallOptions): Promise<boolean>;
  /** The manifests whose `subject` this one is (signatures, attestations, SBOMs). */
  referrers?(descriptor: Descriptor, options?: CallOptions): Promise<Descriptor[]>;
  /** Where untagged manifests must be listed to be found: lists one that is already stored. */
  list?(descriptor: Descriptor, options?: CallOptions): Promise<void>;
  /** Contents with the same `store` share blobs between repositories ({@link Content.mount}); `repository` is the name there. */
  readonly store?: string;
  readonly repository?: string;
}
