import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { ArtifactStorage } from './storage';

/** Serves artifacts, and `/healthz` and `/readyz`. Nothing else exists; no folder is listed. */
export function artifactServer(storage: ArtifactStorage, isReady: () => boolean): Server {
  return createServer({ requestTimeout: 30_000, keepAliveTimeout: 30_000 }, (request, response) => {
    answer(storage, isReady, request, response).catch(() => response.destroy());
  });
}

async function answer(
  storage: ArtifactStorage,
  isReady: () => boolean,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return finish(response, 405);
  const path = pathOf(request.url ?? '');
  if (path === 'healthz') return finish(response, 200);
  if (path === 'readyz') return finish(response, isReady() ? 200 : 503);
  const file = path === undefined ? undefined : storage.locate(path);
  const info = file ? await stat(file).catch(() => undefined) : undefined;
  if (!file || !info?.isFile()) return finish(response, 404);
  response.writeHead(200, {
    'content-type': 'application/gzip',
    'content-length': info.size,
    'last-modified': info.mtime.toUTCString(),
    'x-content-type-options': 'nosniff',
  });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  await pipeline(createReadStream(file, { highWaterMark: 256 * 1024 }), response);
}

function finish(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-type': 'text/plain' });
  response.end(status === 200 ? 'ok\n' : status === 404 ? 'not found\n' : '\n');
}

/** Decoded, without the leading slash and query; undefined where it cannot be decoded. */
function pathOf(url: string): string | undefined {
  try {
    return decodeURIComponent((url.split('?')[0] ?? '').replace(/^\//, ''));
  } catch {
    return undefined;
  }
}
