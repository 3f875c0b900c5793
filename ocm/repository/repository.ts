import type { Readable } from 'node:stream';
import type { CallOptions, Content, ContentSource, Descriptor } from '../../oci';
import type { Reporter } from '../../report';
import type { AccessSpec, ComponentDescriptor, Identity, ParsedDescriptor } from '../descriptor';

export interface OpenOptions extends CallOptions {
  readonly report?: Reporter;
}

/** An OCI artifact (image, chart, ...) where it can be read: in a registry, or inside a local blob. */
export interface OpenedArtifact {
  readonly content: Content;
  readonly descriptor: Descriptor;
  /** Frees what was unpacked. */
  close(): Promise<void>;
}

/** How the bytes of content are made. */
export interface StreamOptions extends CallOptions {
  /** Where an OCI artifact is packed: with the signatures, attestations and SBOMs that refer to it. Default false. */
  readonly referrers?: boolean;
  /** Where an index is packed: only the images for these platforms; the index stays as it is. Default: all. */
  readonly platforms?: readonly string[];
}

/** The content of a resource or source. */
export interface OpenedContent {
  readonly mediaType: string;
  /** Bytes, where known without reading. */
  readonly size?: number;
  /** `sha256:...` of the bytes, where known without reading. */
  readonly digest?: string;
  /** Opens the bytes, anew each time, checked against what named them. For an OCI artifact they are an artifact set. */
  stream(options?: StreamOptions): Promise<Readable>;
  /** Only for OCI artifacts: opens it as such. */
  artifact?(options?: CallOptions): Promise<OpenedArtifact>;
}

/** A blob to be stored with a component version. */
export interface LocalBlob {
  readonly descriptor: Descriptor;
  /** Absent when it is in the target already. */
  readonly source?: ContentSource;
  /** What the blob is the content of, for the layer's annotation. */
  readonly artifacts: readonly { readonly kind: 'resource' | 'source'; readonly identity: Identity }[];
}

/** A component version to be stored: the bytes of its descriptor, and its local blobs. */
export interface ComponentVersionContent {
  readonly descriptor: ParsedDescriptor;
  readonly blobs: readonly LocalBlob[];
}

/** Where a repository is: what goes into `repositoryContexts`, and how images beside it are named. */
export interface RepositoryLocation {
  /** `host[:port]` for a registry, with `http://` where that was written; undefined for archives and memory. */
  readonly registry?: string;
  /** Path below the host, without slashes at the ends; may be empty. */
  readonly subPath: string;
  /** The repository with this name beside the components. */
  content(repository: string): Content;
  /** The entry of `repositoryContexts` that names this repository, for registries. */
  readonly context?: AccessSpec;
}

/** Component versions under one roof: a registry (with a path), a CTF archive, memory. */
export interface ComponentRepository {
  /** As in references, without `//`: `registry.example/path`, `path/archive.tgz`. */
  readonly name: string;
  readonly location: RepositoryLocation;
  /** All components, where the repository can tell. */
  listComponents?(options?: OpenOptions): Promise<string[]>;
  /** Versions in semantic order; an unknown component has none. */
  listVersions(component: string, options?: OpenOptions): Promise<string[]>;
  exists(component: string, version: string, options?: OpenOptions): Promise<boolean>;
  /** Throws `ocm.component-version-not-found`, `ocm.invalid-descriptor`, `ocm.invalid-component-version`, `oci.*`. */
  open(component: string, version: string, options?: OpenOptions): Promise<ComponentVersionAccess>;
  /** Stores a component version, replacing one of that name and version. Returns the manifest. */
  put(content: ComponentVersionContent, options?: OpenOptions): Promise<Descriptor>;
  /** Stores another descriptor (of the same component version) with the blobs that are there. Returns the manifest. */
  replaceDescriptor(
    access: ComponentVersionAccess,
    descriptor: ParsedDescriptor,
    options?: OpenOptions,
  ): Promise<Descriptor>;
  /** Frees what was unpacked; writes the archive file where one was changed, unless changes are to be discarded. */
  close(options?: { readonly discard?: boolean }): Promise<void>;
}

/** A stored component version. */
export interface ComponentVersionAccess {
  readonly repository: ComponentRepository;
  readonly descriptor: ComponentDescriptor;
  /** The descriptor exactly as stored. */
  readonly bytes: Uint8Array;
  readonly format: ParsedDescriptor['format'];
  /** Digest of the stored descriptor blob, `sha256:...`. */
  readonly descriptorDigest: string;
  /** The manifest (or, in index form, the index) of the component version. */
  readonly manifest: Descriptor;
  /** Where its blobs are. */
  readonly content: Content;
  /** `repository//component:version`. */
  readonly reference: string;
  /** Opens a local blob by its `localReference`. Throws `ocm.blob-not-found`. */
  localBlob(localReference: string, options?: CallOptions): Promise<OpenedContent>;
  /** Opens content by its access. Throws `ocm.access-not-supported`, `ocm.no-content`, and what reading throws. */
  openAccess(access: AccessSpec, options?: CallOptions): Promise<OpenedContent>;
  /** Opens the one resource that has these attributes. Throws `ocm.resource-not-found`, `ocm.resource-ambiguous`. */
  openResource(identity: Identity, options?: CallOptions): Promise<OpenedContent>;
}
