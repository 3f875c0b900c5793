import { AirlockError } from '../report';
import { at, listAt, numberAt, textAt } from './object';

/** One reason the apiserver gives: a field, and what is wrong with it. */
export interface StatusCause {
  readonly field?: string;
  readonly reason?: string;
  readonly message: string;
}

/**
 * A failure of the Kubernetes API. Codes: `cluster.unreachable`, `cluster.unauthorized`, `cluster.forbidden`, `cluster.not-found`,
 * `cluster.no-match` (the apiserver does not know the kind), `cluster.conflict`, `cluster.already-exists`, `cluster.invalid`,
 * `cluster.gone` (a watch must start again), `cluster.busy`, `cluster.failed`.
 */
export class ClusterError extends AirlockError {
  /** HTTP status; 0 where no answer came. */
  readonly status: number;
  /** `reason` of the apiserver's Status. */
  readonly reason: string;
  readonly causes: readonly StatusCause[];
  /** Seconds after which to try again, where the apiserver says so. */
  readonly retryAfter: number | undefined;

  constructor(details: {
    code: string;
    message: string;
    remedy?: string;
    where?: string;
    cause?: unknown;
    status?: number;
    reason?: string;
    causes?: readonly StatusCause[];
    retryAfter?: number | undefined;
  }) {
    super(details);
    this.name = 'ClusterError';
    this.status = details.status ?? 0;
    this.reason = details.reason ?? '';
    this.causes = details.causes ?? [];
    this.retryAfter = details.retryAfter;
  }
}

const remedies: Readonly<Record<string, string>> = {
  'cluster.unauthorized':
    'Check the user, certificate or token in the kubeconfig; it may have expired or belong to another cluster',
  'cluster.forbidden': 'Grant the permission with a Role or ClusterRole binding, or use another user',
  'cluster.no-match': 'Install its CustomResourceDefinition first, or check apiVersion and kind',
  'cluster.conflict':
    'Another field manager owns these fields, or the object changed meanwhile; look with kubectl get --show-managed-fields',
  'cluster.already-exists': 'Delete it, import it, or choose another name',
};

/** The error for an answer of the apiserver that is not a success. `doing` is `get Deployment a/b`, `list Pods`, ... */
export function errorFromStatus(
  status: number,
  body: unknown,
  doing: string,
  server: string,
  after?: number,
): ClusterError {
  const said = textAt(body, 'message') ?? (typeof body === 'string' ? body.trim().slice(0, 500) : '');
  const reason = textAt(body, 'reason') ?? '';
  const code = codeOf(status, reason, body);
  const retryAfter = numberAt(body, 'details', 'retryAfterSeconds') ?? after;
  const causes = listAt(body, 'details', 'causes').map(cause => {
    const field = textAt(cause, 'field');
    const why = textAt(cause, 'reason');
    return { message: textAt(cause, 'message') ?? '', ...(field ? { field } : {}), ...(why ? { reason: why } : {}) };
  });
  const remedy = remedies[code];
  return new ClusterError({
    code,
    status,
    reason,
    causes,
    message: `Cannot ${doing}: ${said || `the apiserver answered HTTP ${status}`}`,
    where: server,
    ...(remedy ? { remedy } : {}),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  });
}

function codeOf(status: number, reason: string, body: unknown): string {
  if (reason === 'AlreadyExists') return 'cluster.already-exists';
  if (reason === 'Expired') return 'cluster.gone';
  switch (status) {
    case 400:
    case 422:
      return 'cluster.invalid';
    case 401:
      return 'cluster.unauthorized';
    case 403:
      return 'cluster.forbidden';
    case 404:
      // A path the apiserver does not serve at all answers without `details`: the kind is unknown, not the object.
      return at(body, 'details', 'name') === undefined && reason !== 'NotFound'
        ? 'cluster.no-match'
        : 'cluster.not-found';
    case 409:
      return 'cluster.conflict';
    case 410:
      return 'cluster.gone';
    case 429:
    case 503:
    case 504:
      return 'cluster.busy';
    default:
      return 'cluster.failed';
  }
}

const refused = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ECONNRESET',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'EPIPE',
]);

/** The error for a request that got no answer. An abort by the caller is passed on as it is. */
export function errorFromFailure(thrown: unknown, doing: string, server: string, signal?: AbortSignal): Error {
  if (thrown instanceof AirlockError) return thrown;
  if (signal?.aborted) return signal.reason instanceof Error ? signal.reason : new Error('aborted', { cause: thrown });
  const code = textAt(thrown, 'code') ?? textAt(thrown, 'cause', 'code') ?? '';
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  const tls = /certificate|self.signed|SSL|TLS|altname/i.test(`${code} ${text}`);
  return new ClusterError({
    code: 'cluster.unreachable',
    message: `Cannot ${doing}: ${tls ? 'the apiserver is not the one the kubeconfig names' : 'the apiserver does not answer'} (${code || text})`,
    where: server,
    remedy: tls
      ? 'Check certificate-authority and tls-server-name in the kubeconfig; a cluster made anew has a new authority'
      : refused.has(code) || code.startsWith('UND_ERR')
        ? 'Is the cluster running? Check the server address in the kubeconfig, or make the cluster anew'
        : 'Check the server address and proxy in the kubeconfig',
    reason: code,
    cause: thrown,
  });
}
