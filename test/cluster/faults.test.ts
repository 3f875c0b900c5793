import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { Cluster, waitFor, type KubernetesObject } from '../../cluster';
import { hasCode } from '../../report';

/** Faults that a real apiserver does not show on demand. */
describe('an apiserver in trouble', () => {
  let server: Server;
  let cluster: Cluster;
  let answer: (request: IncomingMessage, response: ServerResponse, path: string) => void;
  const asked: string[] = [];

  const json = (response: ServerResponse, status: number, body: unknown, headers = {}): void => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
  const configMap = (name: string, resourceVersion: string): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'default', resourceVersion },
  });
  const list = (resourceVersion: string, ...items: KubernetesObject[]) => ({
    kind: 'ConfigMapList',
    metadata: { resourceVersion },
    items,
  });
  const event = (type: string, object: unknown): string => `${JSON.stringify({ type, object })}\n`;

  beforeEach(async () => {
    asked.length = 0;
    server = createServer((request, response) => {
      const url = new URL(request.url ?? '', 'http://x');
      if (url.pathname === '/api/v1') {
        return json(response, 200, { resources: [{ name: 'configmaps', kind: 'ConfigMap', namespaced: true }] });
      }
      asked.push(
        `${request.method ?? ''} ${url.searchParams.has('watch') ? `watch ${url.searchParams.get('resourceVersion') ?? ''}` : url.pathname}`,
      );
      answer(request, response, url.pathname);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    cluster = new Cluster({ server: `http://127.0.0.1:${port}`, context: 'test', namespace: 'default' });
  });
  afterEach(async () => {
    await cluster.close();
    server.closeAllConnections();
    server.close();
  });

  const key = { apiVersion: 'v1', kind: 'ConfigMap', name: 'a', namespace: 'default' };

  it('is asked again when it is busy, writes too', async () => {
    let times = 0;
    answer = (_request, response) =>
      ++times < 3
        ? json(response, 429, { message: 'slow down' }, { 'retry-after': '0.01' })
        : json(response, 200, configMap('a', '1'));
    await cluster.create(configMap('a', '1'));
    expect(times).to.equal(3);
  });

  it('is asked again when the connection broke, but not to create', async () => {
    let times = 0;
    answer = (request, response) =>
      ++times < 2 || request.method === 'POST' ? request.socket.destroy() : json(response, 200, configMap('a', '1'));
    await cluster.get(key);
    expect(times).to.equal(2);
    const failure: unknown = await cluster.create(configMap('a', '1')).catch((error: unknown) => error);
    expect(hasCode(failure, 'cluster.unreachable')).to.equal(true);
    expect(times).to.equal(3);
  });

  it('is not believed when it answers with something else', async () => {
    answer = (_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>login</html>');
    const failure: unknown = await cluster.get(key).catch((error: unknown) => error);
    expect(hasCode(failure, 'cluster.failed')).to.equal(true);
  });

  it('may drop a watch, cut an event off or forget its past: nothing is missed or told twice', async () => {
    const stop = new AbortController();
    const script: ((response: ServerResponse) => void)[] = [
      response => json(response, 200, list('10', configMap('a', '9'), configMap('b', '10'))),
      response => {
        response.write(event('MODIFIED', configMap('a', '11')));
        response.end(event('BOOKMARK', configMap('', '15')));
      },
      response => {
        response.write(event('ADDED', configMap('c', '16')));
        response.write('{"type":"MODIF');
        setTimeout(() => response.destroy(), 20);
      },
      response => response.end(event('ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' })),
      response => json(response, 200, list('30', configMap('a', '11'), configMap('c', '29'), configMap('d', '30'))),
      response => response.write(event('DELETED', configMap('d', '31'))),
    ];
    answer = (_request, response) => script.shift()?.(response);
    const seen: string[] = [];
    for await (const { type, object } of cluster.watch('v1', 'ConfigMap', { signal: stop.signal })) {
      seen.push(`${type} ${object?.metadata.name ?? ''}`.trim());
      if (type === 'deleted' && object?.metadata.name === 'd') stop.abort();
    }
    expect(seen).to.deep.equal([
      'added a',
      'added b',
      'synced',
      'modified a',
      'added c',
      'modified c',
      'added d',
      'deleted b',
      'deleted d',
    ]);
    expect(asked.filter(line => line.includes('watch'))).to.deep.equal([
      'GET watch 10',
      'GET watch 15',
      'GET watch 16',
      'GET watch 30',
    ]);
  });

  it('may be forbidden to watch: that is said, not repeated', async () => {
    answer = (_request, response) => json(response, 403, { message: 'configmaps is forbidden', reason: 'Forbidden' });
    const failure: unknown = await cluster
      .watch('v1', 'ConfigMap')
      .next()
      .catch((error: unknown) => error);
    expect(hasCode(failure, 'cluster.forbidden')).to.equal(true);
    expect(asked).to.have.length(1);
  });

  it('may restart while it is waited for', async () => {
    let times = 0;
    answer = (request, response, path) => {
      if (!path.endsWith('/a')) return json(response, 200, list('1'));
      if (++times < 3) return json(response, 503, { message: 'starting' }, { 'retry-after': '0.01' });
      json(response, 200, configMap('a', '1'));
    };
    const found = await waitFor(
      cluster,
      key,
      object => (object ? { state: 'ready', reason: '' } : { state: 'progressing', reason: 'none' }),
      { timeout: 5000 },
    );
    expect(found?.metadata.name).to.equal('a');
  });

  it('is given up when the signal says so, also in the middle of a wait', async () => {
    answer = (_request, response, path) =>
      path.endsWith('/a')
        ? json(response, 404, { reason: 'NotFound', details: { name: 'a' } })
        : json(response, 200, list('1'));
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('enough')), 50);
    const failure: unknown = await waitFor(cluster, key, () => ({ state: 'progressing', reason: 'never' }), {
      signal: stop.signal,
    }).catch((error: unknown) => error);
    expect(String(failure)).to.contain('enough');
  });
});
