import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { messageOf } from '../../report';
import { signatureHolds } from '../release/event';
import type { Log } from '../source/log';
import { metricsText } from './metrics';
import type { Reconciler } from './reconciler';

export interface WatchServerParts {
  readonly reconciler: Reconciler;
  /** Signs what the forge sends (HMAC-SHA-256), and is the bearer token of the registry. Undefined: events are refused. */
  readonly secret: string | undefined;
  readonly log: Log;
}

/** An event has some ten kilobytes; a registry may send a few hundred of them at once. */
const maxBodyBytes = 4 * 1024 * 1024;
/** Events of the forge after which something may be to do. */
const forgeEvents = /^(push|pull_request\w*|issue_comment|create|delete|repository|release)$/;

/** `POST /hooks/forge`, `POST /hooks/registry`, `GET /healthz`, `/readyz`, `/metrics`. */
export function watchServer(parts: WatchServerParts): Server {
  const server = createServer((request, response) => {
    answer(parts, request, response).catch((error: unknown) => {
      parts.log.error({ url: request.url, error: messageOf(error) }, 'request failed');
      if (response.headersSent) response.destroy();
      else send(response, 500, 'The request failed; see the log\n');
    });
  });
  server.headersTimeout = 10_000;
  server.requestTimeout = 30_000;
  return server;
}

async function answer(parts: WatchServerParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://watch');
  const { record } = parts.reconciler;
  if (pathname === '/hooks/forge' || pathname === '/hooks/registry') {
    if (request.method !== 'POST') return send(response, 405, 'POST events here\n');
    return pathname === '/hooks/forge' ? forgeEvent(parts, request, response) : registryEvent(parts, request, response);
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') return send(response, 405, 'Not here\n');
  if (pathname === '/healthz') return send(response, 200, 'ok\n');
  if (pathname === '/readyz') {
    if (record.lastFailure !== '') return send(response, 503, `The last update failed: ${record.lastFailure}\n`);
    return record.succeeded > 0 ? send(response, 200, 'ok\n') : send(response, 503, 'The first update runs\n');
  }
  if (pathname === '/metrics') return send(response, 200, metricsText(record));
  send(response, 404, 'There is nothing here\n');
}

async function forgeEvent(
  { reconciler, secret, log }: WatchServerParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await bodyOf(request);
  if (body === undefined) return send(response, 413, `Larger than ${maxBodyBytes} bytes\n`);
  const signature =
    header(request, 'x-gitea-signature') ?? header(request, 'x-hub-signature-256')?.replace(/^sha256=/, '');
  if (!signatureHolds(body, signature, secret ?? '')) return refuse(response, log, request, 'signature');
  const event = header(request, 'x-gitea-event') ?? header(request, 'x-github-event') ?? '';
  if (!forgeEvents.test(event)) return send(response, 202, `Event ${event} is ignored\n`);
  reconciler.ask('forge');
  send(response, 202, 'An update follows\n');
}

/** Notifications of the distribution project's registry: an envelope of events; only pushes matter. */
async function registryEvent(
  { reconciler, secret, log }: WatchServerParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const given = header(request, 'authorization')?.replace(/^Bearer /, '');
  if (secret === undefined || !same(secret, given)) return refuse(response, log, request, 'token');
  const body = await bodyOf(request);
  if (body === undefined) return send(response, 413, `Larger than ${maxBodyBytes} bytes\n`);
  if (!isPush(body)) return send(response, 202, 'Nothing was pushed\n');
  reconciler.ask('registry');
  send(response, 202, 'An update follows\n');
}

function isPush(body: Buffer): boolean {
  try {
    const { events } = JSON.parse(body.toString('utf8')) as { events?: unknown };
    return (
      Array.isArray(events) &&
      events.some(each => {
        const { action, target } = (each ?? {}) as { action?: unknown; target?: { repository?: unknown } };
        // Snapshots are ours, and tell nothing new.
        const repository = target?.repository;
        return action === 'push' && !(typeof repository === 'string' && repository.includes('snapshots/'));
      })
    );
  } catch {
    return false;
  }
}

function refuse(response: ServerResponse, log: Log, request: IncomingMessage, what: string): void {
  log.warn({ from: request.socket.remoteAddress }, `event with a wrong ${what} refused`);
  send(response, 401, `The ${what} does not hold; check the secret of the webhook\n`);
}

function same(expected: string, given: string | undefined): boolean {
  const [left, right] = [Buffer.from(expected), Buffer.from(given ?? '')];
  return left.length === right.length && timingSafeEqual(left, right);
}

async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > maxBodyBytes) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(body);
}
