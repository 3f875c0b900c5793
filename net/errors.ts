import { AirlockError, messageOf } from '../report';

const UNREACHABLE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was reset',
  ENOTFOUND: 'the name does not resolve',
  EAI_AGAIN: 'the name does not resolve at the moment',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  EPIPE: 'the connection was closed while sending',
  UND_ERR_SOCKET: 'the connection was closed',
};

const TIMEOUTS: Readonly<Record<string, string>> = {
  UND_ERR_CONNECT_TIMEOUT: 'no connection',
  ETIMEDOUT: 'no connection',
  UND_ERR_HEADERS_TIMEOUT: 'no answer',
  UND_ERR_BODY_TIMEOUT: 'no more data',
};

/** A URL as it may appear in messages: no user, no query (a presigned query is a secret). */
export function shownUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/**
 * The typed form of what undici or a socket threw: `net.unreachable`, `net.timeout`, `net.tls` or `net.failed`.
 * Airlock's own errors and the reason of an aborted signal pass through unchanged.
 */
export function networkError(thrown: unknown, url: URL, signal?: AbortSignal): Error {
  if (signal?.aborted) return signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason));
  if (thrown instanceof AirlockError) return thrown;
  const place = `${url.hostname} port ${url.port || (url.protocol === 'https:' ? '443' : '80')}`;
  const code = rootCode(thrown);
  const where = shownUrl(url);
  const timeout = TIMEOUTS[code];
  if (timeout !== undefined) {
    return new AirlockError({
      code: 'net.timeout',
      message: `${timeout} from ${place} in time`,
      remedy: `Check that ${url.host} is up and that no firewall or proxy holds the connection, then run again`,
      where,
      cause: thrown,
    });
  }
  const unreachable = UNREACHABLE[code];
  if (unreachable !== undefined) {
    return new AirlockError({
      code: 'net.unreachable',
      message: `cannot reach ${place}: ${unreachable}`,
      remedy: `Check that ${url.host} is up and reachable from here (HTTPS_PROXY, NO_PROXY and AIRLOCK_ADDRESSES are honoured)`,
      where,
      cause: thrown,
    });
  }
  if (isTls(code)) {
    return new AirlockError({
      code: 'net.tls',
      message: `no trusted TLS connection to ${place}: ${messageOf(innermost(thrown))}`,
      remedy: /WRONG_VERSION|PACKET_LENGTH|HTTP_REQUEST/.test(code)
        ? `If ${url.host} speaks plain HTTP, write http://${url.host}`
        : `Add the certificate authority of ${url.host} to the system's or name its file in NODE_EXTRA_CA_CERTS`,
      where,
      cause: thrown,
    });
  }
  return new AirlockError({
    code: 'net.failed',
    message: `exchange with ${place} failed: ${messageOf(innermost(thrown))}`,
    where,
    cause: thrown,
  });
}

/** True for failures that another attempt may cure. */
export function isTransient(error: unknown): boolean {
  return error instanceof AirlockError && (error.code === 'net.unreachable' || error.code === 'net.timeout');
}

/** True when the request cannot have reached the server, so that even a POST may be sent again. */
export function neverSent(error: unknown): boolean {
  return (
    error instanceof AirlockError &&
    ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT'].includes(rootCode(error.cause))
  );
}

/** True when the server took the request and did not answer in time. */
export function isSilence(error: unknown): boolean {
  return error instanceof AirlockError && rootCode(error.cause) === 'UND_ERR_HEADERS_TIMEOUT';
}

function isTls(code: string): boolean {
  return /^ERR_(SSL|TLS)_|CERT|^UNABLE_TO_|SELF_SIGNED|^HOSTNAME_MISMATCH$|^EPROTO$|^CRL_/.test(code);
}

function innermost(thrown: unknown): unknown {
  if (thrown instanceof AggregateError && thrown.errors.length > 0) return innermost(thrown.errors[0]);
  return thrown instanceof Error && thrown.cause !== undefined ? innermost(thrown.cause) : thrown;
}

function rootCode(thrown: unknown): string {
  const inner = innermost(thrown);
  const code = inner instanceof Error ? (inner as NodeJS.ErrnoException).code : undefined;
  if (code !== undefined) return code;
  const outer = thrown instanceof Error ? (thrown as NodeJS.ErrnoException).code : undefined;
  return outer ?? '';
}
