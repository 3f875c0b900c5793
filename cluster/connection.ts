import { Agent, ProxyAgent, request, type Dispatcher } from 'undici';
import { setTimeout as sleep } from 'node:timers/promises';
import { addressBook, lookupIn, proxyFromEnvironment } from '../net';
import { ClusterError, errorFromFailure, errorFromStatus } from './errors';
import type { ClusterAccess } from './kubeconfig';

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Starts with a slash. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
  /** `get Deployment a/b`: for the error. */
  readonly doing: string;
  /** Longest silence in the body, milliseconds. Default 60 s; longer for watches and followed logs. */
  readonly idleTimeout?: number;
}

/** No answer of the apiserver that we read at once is larger: lists are paged. */
const MAX_ANSWER = 256 * 1024 * 1024;
const RETRIES = 4;

/** HTTP to one apiserver: its certificates, its user, retries of what is safe to repeat, typed errors. */
export class Connection {
  private dispatcher: Dispatcher | undefined;

  constructor(readonly access: ClusterAccess) {}

  async json(call: ApiRequest): Promise<unknown> {
    for (let attempt = 0; ; attempt++) {
      try {
        const response = await this.send(call);
        return parseJson(await readAll(response.body, call, this.access.server));
      } catch (error) {
        const wait = retryDelay(error, call, attempt);
        if (wait === undefined) throw error;
        await sleep(wait, undefined, call.signal ? { signal: call.signal } : {});
      }
    }
  }

  /** The body as it comes: watches and logs. The caller must read or destroy it. */
  async stream(call: ApiRequest): Promise<Dispatcher.ResponseData['body']> {
    return (await this.send(call)).body;
  }

  private async send(call: ApiRequest): Promise<Dispatcher.ResponseData> {
    const { server } = this.access;
    const url = new URL(server + call.path);
    for (const [name, value] of Object.entries(call.query ?? {}))
      if (value !== undefined) url.searchParams.set(name, value);
    let response: Dispatcher.ResponseData;
    try {
      call.signal?.throwIfAborted();
      const authorization = await this.access.authorization?.(call.signal);
      response = await request(url, {
        dispatcher: await this.connect(call.signal),
        method: call.method,
        headers: {
          accept: 'application/json',
          'user-agent': 'airlock',
          ...(authorization ? { authorization } : {}),
          ...(call.body === undefined ? {} : { 'content-type': call.contentType ?? 'application/json' }),
        },
        body: call.body === undefined ? null : JSON.stringify(call.body),
        headersTimeout: 60_000,
        bodyTimeout: call.idleTimeout ?? 60_000,
        ...(call.signal ? { signal: call.signal } : {}),
      });
    } catch (error) {
      throw errorFromFailure(error, call.doing, server, call.signal);
    }
    if (response.statusCode < 300) return response;
    const text = await readAll(response.body, call, server);
    const after = Number(response.headers['retry-after']);
    throw errorFromStatus(response.statusCode, parseJson(text), call.doing, server, after > 0 ? after : undefined);
  }

  private async connect(signal?: AbortSignal): Promise<Dispatcher> {
    if (this.dispatcher) return this.dispatcher;
    const { access } = this;
    const issued = await access.clientCertificate?.(signal);
    const cert = access.cert ?? issued?.cert;
    const key = access.key ?? issued?.key;
    const tls = {
      ...(access.ca ? { ca: access.ca } : {}),
      ...(cert ? { cert } : {}),
      ...(key ? { key } : {}),
      ...(access.serverName ? { servername: access.serverName } : {}),
      ...(access.insecure ? { rejectUnauthorized: false } : {}),
    };
    const options = { connections: 32, keepAliveTimeout: 30_000 };
    // As kubectl: the kubeconfig's proxy, else that of the environment.
    const proxy = access.proxy ?? proxyFromEnvironment()(new URL(access.server))?.href;
    this.dispatcher = proxy
      ? new ProxyAgent({ uri: proxy, requestTls: tls, ...options })
      : new Agent({ connect: { timeout: 10_000, lookup: lookupIn(addressBook()), ...tls }, ...options });
    return this.dispatcher;
  }

  async close(): Promise<void> {
    const dispatcher = this.dispatcher;
    this.dispatcher = undefined;
    await dispatcher?.destroy();
  }
}

/** Milliseconds to wait before the next attempt, or undefined where it must not or need not be repeated. */
function retryDelay(error: unknown, call: ApiRequest, attempt: number): number | undefined {
  if (!(error instanceof ClusterError) || attempt >= RETRIES || call.signal?.aborted) return undefined;
  // A refused request was not executed, whatever its method.
  if (error.code === 'cluster.busy' && (error.status === 429 || call.method === 'GET')) {
    return (error.retryAfter ?? 0.2 * 2 ** attempt) * 1000;
  }
  // The connection broke: only what changes nothing, or ends in the same state, is sent again.
  const repeatable = call.method === 'GET' || call.contentType === 'application/apply-patch+yaml';
  const broke = ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(error.reason);
  return repeatable && broke ? 100 * 2 ** attempt : undefined;
}

async function readAll(body: AsyncIterable<unknown>, call: ApiRequest, server: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      const bytes = chunk as Buffer;
      size += bytes.length;
      if (size > MAX_ANSWER) {
        throw new ClusterError({
          code: 'cluster.failed',
          message: `Cannot ${call.doing}: the answer is larger than 256 MiB`,
          where: server,
        });
      }
      chunks.push(bytes);
    }
  } catch (error) {
    throw errorFromFailure(error, call.doing, server, call.signal);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
