import type { Connection } from './connection';
import { ClusterError } from './errors';
import { at, listAt, textAt } from './object';

/** How the apiserver serves one kind. */
export interface ResourceKind {
  readonly apiVersion: string;
  readonly kind: string;
  /** Plural name in URLs, `deployments`. */
  readonly plural: string;
  readonly namespaced: boolean;
  /** `/api/v1` or `/apis/<group>/<version>`. */
  readonly prefix: string;
}

/** `/api/v1` or `/apis/apps/v1`. */
export function apiPrefix(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

/** Which kinds the apiserver serves, asked once per apiVersion; asked again for a kind that is not there yet (CRDs come and go). */
export class Discovery {
  private readonly known = new Map<string, Promise<Map<string, ResourceKind>>>();

  constructor(private readonly connection: Connection) {}

  /** Throws `cluster.no-match` where the apiserver does not serve the kind. */
  async resolve(apiVersion: string, kind: string, signal?: AbortSignal): Promise<ResourceKind> {
    const cached = this.known.get(apiVersion);
    if (cached) {
      const found = (await cached.catch(() => undefined))?.get(kind);
      if (found) return found;
    }
    const fresh = this.load(apiVersion, kind, signal);
    this.known.set(apiVersion, fresh);
    let kinds: Map<string, ResourceKind>;
    try {
      kinds = await fresh;
    } catch (error) {
      if (this.known.get(apiVersion) === fresh) this.known.delete(apiVersion);
      throw error;
    }
    const found = kinds.get(kind);
    if (!found) throw noMatch(apiVersion, kind, this.connection.access.server);
    return found;
  }

  /** Forgets what was learnt, for after a CRD was deleted or changed. */
  forget(apiVersion?: string): void {
    if (apiVersion === undefined) this.known.clear();
    else this.known.delete(apiVersion);
  }

  private async load(apiVersion: string, kind: string, signal?: AbortSignal): Promise<Map<string, ResourceKind>> {
    const prefix = apiPrefix(apiVersion);
    let answer: unknown;
    try {
      answer = await this.connection.json({
        method: 'GET',
        path: prefix,
        doing: `find the kind ${kind} of ${apiVersion}`,
        signal,
      });
    } catch (error) {
      if (error instanceof ClusterError && error.status === 404)
        throw noMatch(apiVersion, kind, this.connection.access.server);
      throw error;
    }
    const kinds = new Map<string, ResourceKind>();
    for (const resource of listAt(answer, 'resources')) {
      const plural = textAt(resource, 'name') ?? '';
      const served = textAt(resource, 'kind');
      // `deployments/scale` and the like are subresources.
      if (!served || plural.includes('/')) continue;
      kinds.set(served, { apiVersion, kind: served, plural, namespaced: at(resource, 'namespaced') === true, prefix });
    }
    return kinds;
  }
}

function noMatch(apiVersion: string, kind: string, server: string): ClusterError {
  return new ClusterError({
    code: 'cluster.no-match',
    message: `The cluster does not know the kind ${kind} of ${apiVersion}`,
    remedy: 'Install its CustomResourceDefinition first, or check apiVersion and kind',
    where: server,
    status: 404,
    reason: 'NoMatch',
  });
}

/** URL path of a kind's collection, or of one object in it. */
export function resourcePath(kind: ResourceKind, namespace?: string, name?: string, subresource?: string): string {
  const scope = kind.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  const object = name === undefined ? '' : `/${encodeURIComponent(name)}`;
  return `${kind.prefix}${scope}/${kind.plural}${object}${subresource ? `/${subresource}` : ''}`;
}
