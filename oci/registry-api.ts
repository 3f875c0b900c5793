import type { HttpClient, HttpRequest, HttpResponse } from '../net';
import type { Content } from './content';
import type { Credentials, CredentialSource } from './credentials';
import type { UploadStore } from './upload-store';

export interface RegistryOptions {
  /** Default: the docker configuration. `'anonymous'`: none at all. */
  readonly credentials?: Credentials | CredentialSource | 'anonymous';
  /** Default: the process's client. */
  readonly http?: HttpClient;
  /** Blobs from this size in bytes are uploaded in chunks, resumed after a broken connection. Default 64 MiB; Infinity: never. */
  readonly chunkFrom?: number;
  /** Size of a chunk in bytes. Default 64 MiB; raised to the registry's OCI-Chunk-Min-Length. */
  readonly chunkSize?: number;
  /** Where uploads in chunks are remembered, for another run. Default: files in the cache. `'none'`: nowhere. */
  readonly uploads?: UploadStore | 'none';
}

/** A request to the registry's API. */
export interface RegistryCall extends Omit<HttpRequest, 'url'> {
  /** Below the registry's base URL (`/v2/...`), or an absolute URL the registry named. */
  readonly path: string | URL;
  /** `repository:<name>:<actions>`. */
  readonly scopes: readonly string[];
}

/** What the parts of the client need of a registry. */
export interface RegistryApi {
  readonly host: string;
  readonly options: RegistryOptions;
  /** Sends a call with authorization. Any status is returned. */
  send(call: RegistryCall): Promise<HttpResponse>;
  /** An absolute URL for a path below the base. */
  url(path: string): URL;
}

/** An upload that the registry has opened. */
export interface UploadSession {
  readonly url: URL;
  /** The registry's OCI-Chunk-Min-Length in bytes, 0 when it names none. */
  readonly leastChunk: number;
  /** Bytes that the registry has already. Default 0. */
  readonly taken?: number;
}

/** What the parts of the client need of a repository. */
export interface RepositoryApi extends Content {
  readonly registry: RegistryApi;
  /** Upload sessions that the registry opened when it declined a mount, by digest. */
  readonly openUploads: Map<string, UploadSession>;
  /** `/v2/<name>/<rest>`. */
  path(rest: string): string;
  /** Scopes for this repository, and for reading `other` beside it. */
  scopes(actions: 'pull' | 'pull,push' | 'delete,pull', other?: string): string[];
  pushTagged: NonNullable<Content['pushTagged']>;
}
