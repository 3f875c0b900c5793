import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { AirlockError, describeError, messageOf } from '../../report';
import type { Log } from '../source/log';
import { signatureHolds } from './event';
import { runPage, runsPage } from './pages';
import type { ReleaseRunner } from './runner';
import type { RunStore } from './runs';

export interface ServerParts {
  readonly runner: ReleaseRunner;
  readonly store: RunStore;
  readonly webhookSecret: string;
  readonly log: Log;
}

/** A release event has about ten kilobytes. */
const maxBodyBytes = 1024 * 1024;

/** `POST /hooks/gitea` and `/hooks/gitea/<event listener>`, `GET /runs`, `/runs/<id>`, `/runs/<id>/log`, `/healthz`. */
export function releaseServer(parts: ServerParts): Server {
  const server = createServer((request, response) => {
    answer(parts, request, response).catch((error: unknown) => {
      parts.log.error({ url: request.url, error: messageOf(error) }, 'request failed');
      if (!response.headersSent)
        send(response, 500, 'text/plain', 'The request failed; see the log of the release runner\n');
      else response.destroy();
    });
  });
  server.headersTimeout = 10_000;
  server.requestTimeout = 30_000;
  return server;
}

async function answer(parts: ServerParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://runner');
  const hooked = /^\/hooks\/gitea(?:\/([^/]+))?$/.exec(pathname);
  if (hooked) {
    if (request.method !== 'POST') return send(response, 405, 'text/plain', 'POST release events here\n');
    return hook(parts, request, response, hooked[1]);
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') return send(response, 405, 'text/plain', 'Not here\n');
  if (pathname === '/healthz') return send(response, 200, 'text/plain', 'ok\n');
  if (pathname === '/' || pathname === '/runs' || pathname === '/runs/')
    return send(response, 200, 'text/html', runsPage(parts.store.list()));
  const match = /^\/runs\/([^/]+)(\/log)?$/.exec(pathname);
  const run = match && parts.store.get(decoded(match[1] ?? ''));
  if (!run) return send(response, 404, 'text/plain', 'There is no such run\n');
  if (match[2]) {
    const offset = Number(searchParams.get('offset') ?? 0);
    return send(
      response,
      200,
      'text/plain',
      await parts.store.readLog(run.id, Number.isSafeInteger(offset) && offset > 0 ? offset : 0),
    );
  }
  if (/\bapplication\/json\b/.test(request.headers.accept ?? '')) {
    const { pipelineRun: _pipelineRun, ...shown } = run;
    return send(response, 200, 'application/json', `${JSON.stringify(shown)}\n`);
  }
  send(response, 200, 'text/html', runPage(run, (await parts.store.readLog(run.id)).toString('utf8')));
}

async function hook(
  { runner, webhookSecret, log }: ServerParts,
  request: IncomingMessage,
  response: ServerResponse,
  listener: string | undefined,
): Promise<void> {
  const body = await bodyOf(request);
  if (!body) return send(response, 413, 'text/plain', `Larger than ${maxBodyBytes} bytes\n`);
  if (!signatureHolds(body, header(request, 'x-gitea-signature'), webhookSecret)) {
    log.warn({ from: request.socket.remoteAddress }, 'event with a wrong signature refused');
    return send(response, 401, 'text/plain', 'The signature does not hold; check the secret of the webhook\n');
  }
  const event = header(request, 'x-gitea-event') ?? '';
  if (event !== 'release') return send(response, 202, 'text/plain', `Event ${event} is ignored\n`);
  try {
    const received = await runner.receive({
      headers: headersOf(request),
      body: JSON.parse(body.toString('utf8')) as unknown,
      ...(listener === undefined ? {} : { listener }),
    });
    if ('ignored' in received) return send(response, 202, 'text/plain', `Ignored: ${received.ignored}\n`);
    send(
      response,
      received.isNew ? 201 : 200,
      'application/json',
      `${JSON.stringify({ run: received.run.id, state: received.run.state })}\n`,
    );
  } catch (error) {
    if (!(error instanceof AirlockError) && !(error instanceof SyntaxError)) throw error;
    log.warn({ error: describeError(error) }, 'event refused');
    send(response, 422, 'text/plain', `${describeError(error)}\n`);
  }
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

function headersOf(request: IncomingMessage): Record<string, string | undefined> {
  return Object.fromEntries(Object.keys(request.headers).map(name => [name, header(request, name)]));
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}

function send(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
  response.writeHead(status, {
    'content-type': `${type}; charset=utf-8`,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
  });
  response.end(body);
}
