import { Readable } from 'node:stream';
import { AirlockError } from '../report';
import { Connections, type ConnectionOptions } from './dispatch';
import { isSilence, isTransient, networkError, neverSent, shownUrl } from './errors';
import { notice } from './notices';
import { outages } from './outage';
import { Pace } from './pace';
import { HttpResponse } from './response';
import { DEFAULT_RETRY, isRetryableStatus, pause, waitBefore, type RetryNotice, type RetryPolicy } from './retry';
import { userAgent } from './version';

export interface HttpRequest {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';
  readonly url: URL | string;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes, or a function that opens a fresh stream for each attempt; give `content-length` for streams where known. */
  readonly body?: Uint8Array | string | (() => Readable | Promise<Readable>);
  /** May it be repeated after an unclear failure? Default: all but POST and PATCH. */
  readonly idempotent?: boolean;
  /** Default 5; 0 returns the redirect itself. */
  readonly maxRedirects?: number;
  /** Overrides {@link HttpClientOptions.answerTimeoutMs}. */
  readonly answerTimeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface HttpClientOptions extends ConnectionOptions {
  readonly retry?: Partial<RetryPolicy>;
  /** Longest silence within a body, in milliseconds. Never a total. Default 60,000. */
  readonly idleTimeoutMs?: number;
  /**
   * Longest wait for an answer after the last byte was sent, in milliseconds. Default 30,000; 120,000 after a streamed body,
   * which a server may still have to check and store.
   */
  readonly answerTimeoutMs?: number;
  /** A notice is given when no answer has come for so long, in milliseconds. Default 5,000. */
  readonly noticeAfterMs?: number;
  readonly onRetry?: (notice: RetryNotice) => void;
}

const ANSWER_TIMEOUT_MS = 30_000;
const ANSWER_TIMEOUT_AFTER_UPLOAD_MS = 120_000;
/** Attempts at a server that takes connections and does not answer: it is not busy, as others say so, but hangs. */
const SILENT_ATTEMPTS = 2;

const REDIRECTS = [301, 302, 303, 307, 308];

/**
 * HTTP with one set of rules for registries, forges and clusters: the address book, trust, proxies, retries, idle timeouts,
 * redirects that leak no credentials, typed errors (`net.unreachable`, `net.timeout`, `net.tls`, `net.failed`).
 * Any status is returned, none thrown; 429 and 5xx only after the retries.
 */
export class HttpClient {
  /** Requests sent so far, redirects and repetitions included. */
  requests = 0;
  private readonly connections: Connections;
  private readonly retry: RetryPolicy;
  private readonly paces = new Map<string, Pace>();

  constructor(private readonly options: HttpClientOptions = {}) {
    this.connections = new Connections(options);
    this.retry = { ...DEFAULT_RETRY, ...options.retry };
  }

  async request(request: HttpRequest): Promise<HttpResponse> {
    const method = request.method ?? 'GET';
    const idempotent = request.idempotent ?? (method !== 'POST' && method !== 'PATCH');
    const url = new URL(request.url);
    for (let attempt = 1; ; attempt++) {
      request.signal?.throwIfAborted();
      let outcome: HttpResponse | undefined;
      let failure: Error | undefined;
      try {
        outcome = await this.follow({ ...request, method }, url);
        outages.answered(url.origin);
        if (!isRetryableStatus(outcome.status, idempotent)) return outcome;
      } catch (error) {
        if (!(neverSent(error) || (idempotent && isTransient(error)))) throw error;
        failure = error as Error;
      }
      const waitMs =
        attempt > this.retriesAfter(failure, url)
          ? undefined
          : waitBefore(attempt, this.retry, outcome?.header('retry-after'));
      if (waitMs === undefined) {
        if (failure !== undefined && attempt > 1) outages.failed(url.origin);
        if (outcome) return outcome;
        throw failure ?? new Error('no outcome');
      }
      await outcome?.discard();
      const reason = outcome ? `status ${outcome.status}` : failure instanceof Error ? failure.message : 'failed';
      this.options.onRetry?.({ method, url: shownUrl(url), attempt, waitMs, reason });
      notice({ kind: 'retry', host: url.host, text: `${reason}; trying again in ${Math.ceil(waitMs / 1000)} s` });
      await pause(waitMs, request.signal);
    }
  }

  private retriesAfter(failure: Error | undefined, url: URL): number {
    // What was down a moment ago, after all attempts, gets one.
    if (failure !== undefined && outages.isDown(url.origin)) return 0;
    return isSilence(failure) ? Math.min(this.retry.retries, SILENT_ATTEMPTS - 1) : this.retry.retries;
  }

  /** Ends idle connections. The client is not usable afterwards. */
  close(): Promise<void> {
    return this.connections.close();
  }

  private async follow(request: HttpRequest, start: URL): Promise<HttpResponse> {
    let url = start;
    let current = request;
    for (let hops = 0; ; hops++) {
      const response = await this.exchange(current, url);
      const location = response.header('location');
      if (!REDIRECTS.includes(response.status) || location === undefined || request.maxRedirects === 0) return response;
      await response.discard();
      const next = redirectTarget(location, url, hops, request.maxRedirects ?? 5);
      current = redirected(current, response.status, next.origin !== url.origin);
      url = next;
    }
  }

  private async exchange(request: HttpRequest, url: URL): Promise<HttpResponse> {
    const method = request.method ?? 'GET';
    let body: Uint8Array | string | Readable | undefined;
    let sourceFailure: Error | undefined;
    if (typeof request.body === 'function') {
      body = await request.body();
      body.once('error', (error: Error) => (sourceFailure ??= error));
    } else {
      body = request.body;
    }
    const pace = this.paceAt(url);
    // After the body is open: what it reads may come from the same origin, and must not wait behind its own upload.
    await pace.enter(request.signal);
    this.requests++;
    let status: number | undefined;
    const streams = body instanceof Readable;
    const timeout =
      request.answerTimeoutMs ??
      this.options.answerTimeoutMs ??
      (streams ? ANSWER_TIMEOUT_AFTER_UPLOAD_MS : ANSWER_TIMEOUT_MS);
    const stopNotice = streams ? () => undefined : this.noticeOfSilence(url, timeout);
    try {
      const answer = await this.connections.for(url).request({
        origin: url.origin,
        path: url.pathname + url.search,
        method,
        headers: { 'user-agent': userAgent(), ...request.headers },
        body: body ?? null,
        headersTimeout: timeout,
        bodyTimeout: this.options.idleTimeoutMs ?? 60_000,
        ...(request.signal ? { signal: request.signal } : {}),
      });
      status = answer.statusCode;
      return new HttpResponse(method, url, status, answer.headers, answer.body, request.signal);
    } catch (error) {
      if (body instanceof Readable) body.destroy();
      // What went wrong with the source of the upload is not the server's fault.
      if (sourceFailure !== undefined && sourceFailure === error) throw sourceFailure;
      throw networkError(error, url, request.signal);
    } finally {
      stopNotice();
      pace.leave(status);
    }
  }

  /** Says after a while that an answer is waited for; the function that it returns calls that off. */
  private noticeOfSilence(url: URL, timeoutMs: number): () => void {
    const after = this.options.noticeAfterMs ?? 5_000;
    if (after >= timeoutMs) return () => undefined;
    const text = `no answer for ${Math.round(after / 1000)} s; waiting for ${Math.ceil(timeoutMs / 1000)} s at most`;
    const timer = setTimeout(() => notice({ kind: 'waiting', host: url.host, text }), after);
    timer.unref();
    return () => clearTimeout(timer);
  }

  private paceAt(url: URL): Pace {
    const pace = this.paces.get(url.origin) ?? new Pace();
    this.paces.set(url.origin, pace);
    return pace;
  }
}

/** The client of this process, with everything from the environment. */
export function defaultHttpClient(): HttpClient {
  return (shared ??= new HttpClient());
}
let shared: HttpClient | undefined;

function redirectTarget(location: string, from: URL, hops: number, limit: number): URL {
  const refuse = (why: string) =>
    new AirlockError({ code: 'net.redirect', message: `${from.host} ${why}`, where: shownUrl(from) });
  if (hops >= limit) throw refuse(`redirects more than ${limit} times`);
  if (!URL.canParse(location, from.href)) throw refuse('redirects to something that is not a URL');
  const target = new URL(location, from);
  if (!/^https?:$/.test(target.protocol)) throw refuse(`redirects to ${target.protocol}, which is not followed`);
  if (from.protocol === 'https:' && target.protocol === 'http:')
    throw refuse('redirects from https to http, which is not followed');
  target.username = target.password = target.hash = '';
  return target;
}

/** RFC 9110 section 15.4: 303 (and by custom 301, 302 after a POST) become GET; credentials stay with their origin. */
function redirected(request: HttpRequest, status: number, crossOrigin: boolean): HttpRequest {
  const becomesGet = (status === 303 && request.method !== 'HEAD') || (status <= 302 && request.method === 'POST');
  const dropped = new Set<string>();
  if (crossOrigin)
    for (const name of ['authorization', 'cookie', 'proxy-authorization', 'x-csrf-token']) dropped.add(name);
  if (becomesGet) for (const name of ['content-length', 'content-type']) dropped.add(name);
  const headers = Object.fromEntries(
    Object.entries(request.headers ?? {}).filter(([name]) => !dropped.has(name.toLowerCase())),
  );
  if (!becomesGet) return { ...request, headers };
  const { body: _body, ...rest } = request;
  return { ...rest, method: 'GET', headers };
}
