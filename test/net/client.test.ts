import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer as createTlsServer } from 'node:https';
import { connect, createServer as createTcpServer, type AddressInfo } from 'node:net';
import { createServer as createHttpServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { HttpClient, type RetryNotice } from '../../net';
import { AirlockError } from '../../report';
import { FaultyServer, inTurn, reply } from '../support/faulty-server';

describe('the HTTP client', () => {
  let server: FaultyServer;
  let other: FaultyServer;
  let client: HttpClient;
  let notices: RetryNotice[];

  before(async () => {
    server = await FaultyServer.start(reply(200));
    other = await FaultyServer.start(reply(200, 'other'));
  });
  beforeEach(() => {
    notices = [];
    client = new HttpClient({
      retry: { firstWaitMs: 1 },
      idleTimeoutMs: 300,
      answerTimeoutMs: 300,
      onRetry: notice => notices.push(notice),
    });
  });
  afterEach(() => client.close());
  after(async () => {
    await server.stop();
    await other.stop();
  });

  const failure = async (work: Promise<unknown>): Promise<AirlockError> => {
    const error: unknown = await work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(AirlockError);
    return error as AirlockError;
  };

  it('finds names under .localhost and says who it is', async () => {
    server.respond(reply(200, 'hello'));
    const response = await client.request({ url: `http://some.name.localhost:${server.port}/x?y=1` });
    expect(await response.text()).to.equal('hello');
    expect(server.lines).to.deep.equal(['GET /x?y=1']);
    expect(server.seen[0]?.headers['user-agent']).to.match(/^airlock\/\d/);
    expect(server.seen[0]?.headers.host).to.equal(`some.name.localhost:${server.port}`);
  });

  it('repeats what is safe to repeat', async () => {
    server.respond(inTurn(reply(503), reply(500), reply(200, 'ok')));
    expect((await client.request({ url: server.url })).status).to.equal(200);
    expect(notices.map(notice => notice.reason)).to.deep.equal(['status 503', 'status 500']);

    server.respond(inTurn(reply(503), reply(200)));
    expect((await client.request({ url: server.url, method: 'POST', body: 'x' })).status).to.equal(503);
    expect(server.seen.length).to.equal(1);
  });

  it('returns the refusal after the last repetition', async () => {
    server.respond(reply(502, 'bad'));
    const response = await client.request({ url: server.url });
    expect([response.status, await response.text()]).to.deep.equal([502, 'bad']);
    expect(server.seen.length).to.equal(5);
  });

  it('obeys Retry-After, and not one that is too long', async () => {
    server.respond(inTurn(reply(429, '', { 'retry-after': '0' }), reply(200)));
    expect((await client.request({ url: server.url, method: 'POST', body: 'x' })).status).to.equal(200);
    expect(notices[0]?.waitMs).to.equal(0);
    server.respond(reply(429, '', { 'retry-after': '3600' }));
    expect((await client.request({ url: server.url })).status).to.equal(429);
    expect(server.seen.length).to.equal(1);
  });

  it('slows down where it is told that it is too fast, and comes through', async () => {
    let running = 0;
    let peak = 0;
    let refused = 0;
    server.respond(async (_request, response) => {
      running++;
      if (running > 3) refused++;
      else peak = Math.max(peak, running);
      const status = running > 3 ? 429 : 200;
      await new Promise(resolve => setTimeout(resolve, 5));
      running--;
      response.writeHead(status).end();
    });
    client = new HttpClient({ retry: { firstWaitMs: 10, retries: 8 } });
    const answers = await Promise.all([...Array(60).keys()].map(() => client.request({ url: server.url })));
    expect(answers.every(answer => answer.status === 200)).to.equal(true);
    expect(peak).to.equal(3);
    // All sixty at once are refused at first; afterwards hardly any.
    expect(refused).to.be.lessThan(110);
    await Promise.all(answers.map(answer => answer.discard()));
  });

  it('opens the source of an upload anew for each attempt', async () => {
    const bytes = randomBytes(300_000);
    let opened = 0;
    server.respond(inTurn(reply(503), reply(201)));
    const body = (): Readable => {
      opened++;
      return Readable.from([bytes.subarray(0, 100_000), bytes.subarray(100_000)]);
    };
    const response = await client.request({
      url: server.url,
      method: 'PUT',
      body,
      headers: { 'content-length': String(bytes.length) },
    });
    expect([response.status, opened]).to.deep.equal([201, 2]);
    expect(server.seen.every(request => request.body.equals(bytes))).to.equal(true);
  });

  it('throws what went wrong with the source as it is', async () => {
    const broken = new AirlockError({ code: 'test.broken', message: 'source broke' });
    const body = (): Readable =>
      Readable.from(
        (async function* () {
          yield await Promise.resolve(Buffer.alloc(10));
          throw broken;
        })(),
      );
    expect(
      await failure(client.request({ url: server.url, method: 'PUT', body, headers: { 'content-length': '20' } })),
    ).to.equal(broken);
    expect(notices).to.deep.equal([]);
  });

  it('keeps credentials from other origins on redirects', async () => {
    other.respond(reply(200, 'stored'));
    server.respond(reply(307, '', { location: `${other.url}/blob?signature=s` }));
    const response = await client.request({
      url: server.url,
      headers: { authorization: 'Basic c2VjcmV0', cookie: 'a=b', accept: 'x/y' },
    });
    expect(await response.text()).to.equal('stored');
    expect(other.seen[0]?.headers).to.include({ accept: 'x/y' }).and.not.have.any.keys('authorization', 'cookie');

    server.respond(inTurn(reply(302, '', { location: '/again' }), reply(200)));
    await client.request({ url: server.url, headers: { authorization: 'Basic c2VjcmV0' } });
    expect(server.seen[1]?.headers.authorization).to.equal('Basic c2VjcmV0');
  });

  it('ends circles of redirects', async () => {
    server.respond(reply(302, '', { location: '/again' }));
    expect((await failure(client.request({ url: server.url }))).code).to.equal('net.redirect');
    server.respond(reply(302, '', { location: 'file:///etc/passwd' }));
    expect((await failure(client.request({ url: server.url }))).code).to.equal('net.redirect');
  });

  it('bounds what it reads whole', async () => {
    server.respond(reply(200, Buffer.alloc(100_000)));
    const response = await client.request({ url: server.url });
    expect((await failure(response.bytes(50_000))).code).to.equal('net.response-too-large');
    server.respond(reply(200, '<html>'));
    expect((await failure((await client.request({ url: server.url })).json())).code).to.equal('net.invalid-response');
  });

  it('gives up on silence, before the answer and within it', async () => {
    client = new HttpClient({ retry: { retries: 0 }, idleTimeoutMs: 200, answerTimeoutMs: 200 });
    server.respond(() => undefined);
    const silent = await failure(client.request({ url: server.url }));
    expect(silent.code).to.equal('net.timeout');
    expect(silent.message).to.contain(`127.0.0.1 port ${server.port}`);
    server.respond((_request, response) => void response.writeHead(200, { 'content-length': '10' }).write('12345'));
    expect((await failure((await client.request({ url: server.url })).bytes())).code).to.equal('net.timeout');
  });

  it('names host and port of what it cannot reach', async () => {
    client = new HttpClient({ retry: { retries: 1, firstWaitMs: 1 } });
    const gone = await FaultyServer.start(reply(200));
    const { port } = gone;
    await gone.stop();
    const error = await failure(
      client.request({ url: `http://registry.localhost:${port}/v2/?token=secret`, method: 'POST' }),
    );
    expect(error.code).to.equal('net.unreachable');
    expect(error.message).to.equal(`cannot reach registry.localhost port ${port}: connection refused`);
    expect(error.remedy).to.match(/is up/);
    expect(`${error.message} ${error.where}`).not.to.contain('secret');
    expect((await failure(client.request({ url: 'http://no-such-name.invalid/' }))).code).to.equal('net.unreachable');
  });

  it('ends at once when aborted, with the reason given', async () => {
    server.respond(() => undefined);
    const stop = new AbortController();
    const reason = new Error('enough');
    setTimeout(() => stop.abort(reason), 20);
    expect(await client.request({ url: server.url, signal: stop.signal }).catch((thrown: unknown) => thrown)).to.equal(
      reason,
    );
    server.respond(reply(503, '', { 'retry-after': '30' }));
    const waiting = new AbortController();
    setTimeout(() => waiting.abort(reason), 50);
    expect(
      await client.request({ url: server.url, signal: waiting.signal }).catch((thrown: unknown) => thrown),
    ).to.equal(reason);
  });

  it('detects a server that does not speak HTTP or TLS', async () => {
    const tcp = createTcpServer(socket => socket.end('SSH-2.0-hello\r\n'));
    await new Promise<void>(resolve => tcp.listen(0, '127.0.0.1', resolve));
    const { port } = tcp.address() as AddressInfo;
    client = new HttpClient({ retry: { retries: 0 } });
    expect((await failure(client.request({ url: `http://127.0.0.1:${port}` }))).code).to.match(/^net\./);
    const error = await failure(client.request({ url: `https://127.0.0.1:${port}` }));
    expect(error.code).to.equal('net.tls');
    expect(error.remedy).to.contain('http://');
    tcp.close();
  });
});

describe('TLS and proxies', () => {
  let folder: string;
  let ca: string;
  let port: number;
  let stop: () => void;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'airlock-tls-'));
    const file = (name: string): string => join(folder, name);
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-days',
        '1',
        '-subj',
        '/CN=test',
        '-addext',
        'subjectAltName=DNS:registry.test,DNS:tls.localhost',
        '-keyout',
        file('key'),
        '-out',
        file('cert'),
      ],
      { stdio: 'ignore' },
    );
    ca = await readFile(file('cert'), 'utf8');
    const server = createTlsServer(
      { key: await readFile(file('key')), cert: ca, ca, requestCert: true, rejectUnauthorized: false },
      (request, response) => {
        const peer = (
          request.socket as unknown as { getPeerCertificate(): { subject?: { CN?: string } } }
        ).getPeerCertificate();
        response.end(`secure ${peer.subject?.CN ?? 'nobody'}`);
      },
    );
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
    stop = () => {
      server.closeAllConnections();
      server.close();
    };
  });
  after(async () => {
    stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('refuses an unknown authority, and trusts one that is given for the host', async () => {
    const strict = new HttpClient({ retry: { retries: 0 } });
    const error: unknown = await strict
      .request({ url: `https://tls.localhost:${port}` })
      .catch((thrown: unknown) => thrown);
    expect((error as AirlockError).code).to.equal('net.tls');
    expect((error as AirlockError).remedy).to.contain('NODE_EXTRA_CA_CERTS');
    const elsewhere = new HttpClient({ retry: { retries: 0 }, trust: { 'other.localhost': { ca } } });
    expect(
      await elsewhere.request({ url: `https://tls.localhost:${port}` }).catch((thrown: AirlockError) => thrown.code),
    ).to.equal('net.tls');
    const trusting = new HttpClient({ retry: { retries: 0 }, trust: { [`tls.localhost:${port}`]: { ca } } });
    expect(await (await trusting.request({ url: `https://tls.localhost:${port}` })).text()).to.equal('secure nobody');
    const key = await readFile(join(folder, 'key'), 'utf8');
    const mutual = new HttpClient({ trust: { 'tls.localhost': { ca, cert: ca, key } } });
    expect(await (await mutual.request({ url: `https://tls.localhost:${port}` })).text()).to.equal('secure test');
    const byHost = join(folder, 'certs.d', `tls.localhost:${port}`);
    await mkdir(byHost, { recursive: true });
    for (const [name, text] of Object.entries({ 'ca.crt': ca, 'client.cert': ca, 'client.key': key }))
      await writeFile(join(byHost, name), text);
    const byFolder = new HttpClient({ certificateFolders: [join(folder, 'none'), join(folder, 'certs.d')] });
    expect(await (await byFolder.request({ url: `https://tls.localhost:${port}` })).text()).to.equal('secure test');
    const broken = new HttpClient({
      retry: { retries: 0 },
      trust: { 'tls.localhost': { ca, cert: ca, key: 'no key' } },
    });
    expect(
      await broken.request({ url: `https://tls.localhost:${port}` }).catch((thrown: AirlockError) => thrown.code),
    ).to.equal('net.invalid-certificate');
    await Promise.all([strict, elsewhere, trusting, mutual, byFolder, broken].map(client => client.close()));
  });

  it('tunnels TLS through a proxy, and checks the certificate of the target', async () => {
    const asked: string[] = [];
    const proxy = createHttpServer();
    proxy.on('connect', (request, socket) => {
      asked.push(request.url ?? '');
      const onward = connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        onward.pipe(socket).pipe(onward);
      });
      onward.on('error', () => socket.destroy());
      socket.on('error', () => onward.destroy());
    });
    await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve));
    const rule = () => new URL(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
    const trusting = new HttpClient({ retry: { retries: 0 }, proxy: rule, trust: { 'registry.test': { ca } } });
    expect(await (await trusting.request({ url: `https://registry.test:${port}/x` })).text()).to.equal('secure nobody');
    expect(asked).to.deep.equal([`registry.test:${port}`]);
    const strict = new HttpClient({ retry: { retries: 0 }, proxy: rule });
    expect(
      await strict.request({ url: `https://registry.test:${port}/x` }).catch((thrown: AirlockError) => thrown.code),
    ).to.equal('net.tls');
    await Promise.all([trusting.close(), strict.close()]);
    proxy.closeAllConnections();
    proxy.close();
  });
});
