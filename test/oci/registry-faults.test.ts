import { expect } from 'chai';
import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { HttpClient } from '../../net';
import { describe as described, digestOf, MediaType, readContent, Registry, type RegistryOptions } from '../../oci';
import { AirlockError, describeError } from '../../report';
import { FaultyServer, inTurn, reply, type Answer, type SeenRequest } from '../support/faulty-server';

const thrownBy = async (work: Promise<unknown>): Promise<AirlockError> => {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).to.be.instanceOf(AirlockError);
  return error as AirlockError;
};

describe('registries that misbehave', () => {
  let server: FaultyServer;
  let http: HttpClient;

  before(async () => (server = await FaultyServer.start(reply(404))));
  beforeEach(
    () => (http = new HttpClient({ retry: { firstWaitMs: 1, retries: 2 }, idleTimeoutMs: 500, answerTimeoutMs: 500 })),
  );
  afterEach(() => http.close());
  after(() => server.stop());
  const repository = (options: RegistryOptions = {}) =>
    new Registry(server.host, { credentials: 'anonymous', http, ...options }).repository('a/b');

  const bytes = randomBytes(200_000);
  const blob = described(MediaType.layer, bytes);
  const range = (request: SeenRequest): number => Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const partial =
    (from: number, to: number): Answer =>
    (_request, response) => {
      response.writeHead(from === 0 ? 200 : 206, {
        'content-length': String(bytes.length - from),
        'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}`,
      });
      response.write(bytes.subarray(from, to), () => response.destroy());
    };

  describe('when blobs are read', () => {
    it('goes on where the connection broke', async () => {
      server.respond(
        inTurn(partial(0, 70_000), partial(70_000, 150_000), (request, response) => {
          const from = range(request);
          response
            .writeHead(206, { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` })
            .end(bytes.subarray(from));
        }),
      );
      expect((await readContent(repository(), blob)).equals(bytes)).to.equal(true);
      expect(server.seen.map(range)).to.deep.equal([0, 70_000, 150_000]);
    });

    it('skips what it has where ranges are not understood', async () => {
      server.respond(inTurn(partial(0, 70_000), reply(200, bytes)));
      expect((await readContent(repository(), blob)).equals(bytes)).to.equal(true);
    });

    it('refuses another range than asked for', async () => {
      server.respond(
        inTurn(partial(0, 70_000), reply(206, bytes.subarray(0, 100), { 'content-range': 'bytes 0-99/200000' })),
      );
      expect((await thrownBy(readContent(repository(), blob))).code).to.equal('oci.registry-error');
    });

    it('detects other bytes, too few and too many', async () => {
      for (const wrong of [randomBytes(200_000), bytes.subarray(1), Buffer.concat([bytes, bytes])]) {
        server.respond(reply(200, wrong));
        expect((await thrownBy(readContent(repository(), blob))).code).to.equal('oci.digest-mismatch');
      }
    });

    it('detects another manifest than asked for, and does not read endless ones', async () => {
      const manifest = described(MediaType.manifest, '{}');
      server.respond(reply(200, '[]', { 'content-type': MediaType.manifest }));
      expect((await thrownBy(readContent(repository(), manifest))).code).to.equal('oci.digest-mismatch');
      expect((await thrownBy(repository().resolve(manifest.digest))).code).to.equal('oci.digest-mismatch');
      server.respond(
        (request, response) =>
          void (request.method === 'HEAD' ? response.end() : response.end(Buffer.alloc(9_000_000))),
      );
      expect((await thrownBy(repository().resolve('v1'))).code).to.equal('net.response-too-large');
    });

    it('gives up on silence', async () => {
      http = new HttpClient({ retry: { firstWaitMs: 1, retries: 0 }, idleTimeoutMs: 150, answerTimeoutMs: 150 });
      server.respond((_request, response) => void response.writeHead(200).write(bytes.subarray(0, 10)));
      const stop = new AbortController();
      setTimeout(() => stop.abort(new Error('enough')), 300);
      expect(
        String(await readContent(repository(), blob, { signal: stop.signal }).catch((thrown: unknown) => thrown)),
      ).to.contain('enough');
    });

    it('stops reading at once when the reader goes away', async () => {
      let closed = false;
      server.respond((_request, response) => {
        response.on('close', () => (closed = true));
        response.writeHead(200).write(bytes.subarray(0, 10));
      });
      const stream = await repository().fetch(blob);
      stream.destroy();
      for (let i = 0; i < 100 && !closed; i++) await new Promise(resolve => setTimeout(resolve, 5));
      expect(closed).to.equal(true);
    });

    it('resolves without the digest header', async () => {
      const manifest = '{"schemaVersion":2,"config":{},"layers":[]}';
      server.respond(
        (request, response) =>
          void response
            .writeHead(200, { 'content-type': `${MediaType.manifest}; charset=utf-8` })
            .end(request.method === 'HEAD' ? '' : manifest),
      );
      expect(await repository().resolve('v1')).to.deep.equal(described(MediaType.manifest, manifest));
    });
  });

  describe('when blobs are sent', () => {
    const session: Answer = (_request, response) =>
      void response.writeHead(202, { location: `/upload/${server.seen.length}?state=x` }).end();

    it('opens a new session and reads the source again after a failure', async () => {
      let opened = 0;
      let puts = 0;
      server.respond((request, response) => {
        if (request.method === 'HEAD') return void response.writeHead(404).end();
        if (request.method === 'POST') return session(request, response);
        puts++;
        if (puts === 1) return void response.destroy();
        return void response.writeHead(puts === 2 ? 502 : 201).end();
      });
      await repository().push(blob, () => {
        opened++;
        return Readable.from([bytes]);
      });
      expect([opened, puts]).to.deep.equal([3, 3]);
      expect(server.seen.filter(request => request.method === 'POST').length).to.equal(3);
      const last = server.seen.at(-1) as SeenRequest;
      expect(last.body.equals(bytes)).to.equal(true);
      expect(last.path).to.match(/^\/upload\/\d+\?state=x&digest=sha256%3A/);
    });

    it('sends credentials to the registry only', async () => {
      const storage = await FaultyServer.start(reply(201));
      server.respond((request, response) => {
        if (request.headers.authorization === undefined)
          return void response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
        if (request.method === 'HEAD') return void response.writeHead(404).end();
        return void response.writeHead(202, { location: `${storage.url}/bucket?signature=s` }).end();
      });
      await repository({ credentials: { username: 'u', password: 'p' } }).push(blob, bytes);
      expect(storage.seen.length).to.equal(1);
      expect(storage.seen[0]?.headers.authorization).to.equal(undefined);
      await storage.stop();
    });

    it('says why the registry refuses', async () => {
      const cases: [number, string][] = [
        [401, 'oci.unauthorized'],
        [403, 'oci.denied'],
        [413, 'oci.too-large'],
        [507, 'oci.registry-full'],
        [400, 'oci.registry-error'],
      ];
      for (const [status, code] of cases) {
        server.respond((request, response) => {
          if (request.method === 'HEAD') return void response.writeHead(404).end();
          if (request.method === 'POST') return session(request, response);
          return void response
            .writeHead(status)
            .end(JSON.stringify({ errors: [{ code: 'SOME_CODE', message: 'for a reason\u0007' }] }));
        });
        const error = await thrownBy(repository().push(blob, bytes));
        expect(error.code).to.equal(code);
        expect(error.message).to.contain('SOME_CODE for a reason').and.not.contain('\u0007');
      }
    });

    it('rejects sessions at no usable place', async () => {
      for (const location of [undefined, 'ftp://x/', 'http://']) {
        server.respond(
          (request, response) =>
            void response
              .writeHead(request.method === 'HEAD' ? 404 : 202, location === undefined ? {} : { location })
              .end(),
        );
        expect((await thrownBy(repository().push(blob, bytes))).code).to.equal('oci.registry-error');
      }
    });

    describe('in chunks', () => {
      /** What a registry does: keeps what arrives, tells how much it has; breaks when told. */
      const store = (breaks: (count: number) => 'cut' | number | undefined) => {
        const state = { kept: Buffer.alloc(0), patches: 0, done: '' };
        const tell = (response: ServerResponse, status: number): void =>
          void response
            .writeHead(status, {
              location: `/upload/${state.patches}`,
              range: `0-${Math.max(0, state.kept.length - 1)}`,
            })
            .end();
        const answer: Answer = (request, response) => {
          if (request.method === 'HEAD') return void response.writeHead(404).end();
          if (request.method === 'POST') return tell(response, 202);
          if (request.method === 'GET') return tell(response, 204);
          if (request.method === 'PUT') {
            state.done = digestOf(state.kept);
            return void response.writeHead(201).end();
          }
          const fault = breaks(++state.patches);
          expect(request.headers['content-range']).to.equal(
            `${state.kept.length}-${state.kept.length + request.body.length - 1}`,
          );
          if (typeof fault === 'number') return void response.writeHead(fault).end();
          state.kept = Buffer.concat([state.kept, fault === 'cut' ? request.body.subarray(0, 20_000) : request.body]);
          return fault === 'cut' ? void response.destroy() : tell(response, 202);
        };
        return { state, answer };
      };
      const chunked = { chunkFrom: 1000, chunkSize: 60_000 };
      const source = (opened: { count: number }) => () => {
        opened.count++;
        return Readable.from([bytes.subarray(0, 77_777), bytes.subarray(77_777)]);
      };

      it('reads the source once when all goes well', async () => {
        const { state, answer } = store(() => undefined);
        server.respond(answer);
        const opened = { count: 0 };
        await repository(chunked).push(blob, source(opened));
        expect(state).to.include({ patches: 4, done: blob.digest });
        expect(opened.count).to.equal(1);
      });

      it('sends again only what is missing', async () => {
        const { state, answer } = store(count => (count === 2 ? 'cut' : count === 4 ? 503 : undefined));
        server.respond(answer);
        const opened = { count: 0 };
        await repository(chunked).push(blob, source(opened));
        expect(state.done).to.equal(blob.digest);
        expect(opened.count).to.equal(3);
        const sent = server.seen
          .filter(request => request.method === 'PATCH')
          .reduce((sum, request) => sum + request.body.length, 0);
        expect(sent).to.be.lessThan(bytes.length + 2 * 60_000);
      });

      it('falls back to one piece where chunks are refused', async () => {
        server.respond((request, response) => {
          if (request.method === 'HEAD') return void response.writeHead(404).end();
          if (request.method === 'POST') return session(request, response);
          return void response.writeHead(request.method === 'PATCH' ? 405 : 201).end();
        });
        await repository(chunked).push(blob, bytes);
        expect(server.seen.at(-1)?.body.equals(bytes)).to.equal(true);
      });

      it('ends when nothing is kept, and with a source that lies', async () => {
        server.respond(
          (request, response) =>
            void response.writeHead(request.method === 'HEAD' ? 404 : 202, { location: '/u', range: '0-0' }).end(),
        );
        expect((await thrownBy(repository(chunked).push(blob, bytes))).code).to.equal('oci.registry-error');
        const { answer, state } = store(() => undefined);
        server.respond(answer);
        expect(
          (await thrownBy(repository(chunked).push(blob, () => Readable.from([randomBytes(200_000)])))).code,
        ).to.equal('oci.digest-mismatch');
        expect(state.done).to.equal('');
      });
    });
  });

  describe('when lists are read', () => {
    it('follows pages, and only at the registry', async () => {
      server.respond(
        inTurn(
          reply(200, '{"tags":["b","a"]}', { link: '</v2/a/b/tags/list?last=b&n=2>; rel="next"' }),
          reply(200, '{"tags":["c","a"]}'),
        ),
      );
      expect(await repository().tags()).to.deep.equal(['a', 'b', 'c']);
      expect(server.lines).to.deep.equal(['GET /v2/a/b/tags/list?n=1000', 'GET /v2/a/b/tags/list?last=b&n=2']);
      server.respond(
        inTurn(
          reply(200, '{"tags":["a"]}', { link: '<http://elsewhere.invalid/v2/x>; rel="next"' }),
          reply(200, '{"tags":null}'),
        ),
      );
      expect(await repository().tags()).to.deep.equal(['a']);
      expect(server.seen.length).to.equal(2);
    });

    it('ends when pages repeat, and refuses what is no list', async () => {
      server.respond(reply(200, '{"tags":["a"]}', { link: '</v2/a/b/tags/list?last=a>; rel="next"' }));
      expect((await thrownBy(repository().tags())).message).to.contain('repeat');
      for (const body of ['{"tags":"a"}', '{"tags":[1]}', '<html>']) {
        server.respond(reply(200, body));
        expect((await thrownBy(repository().tags())).code).to.match(/^(oci.registry-error|net.invalid-response)$/);
      }
    });
  });

  describe('when they ask who is there', () => {
    let tokens: FaultyServer;
    let issued: number;
    beforeEach(async () => {
      issued = 0;
      tokens = await FaultyServer.start(
        (_request, response) => void response.end(JSON.stringify({ token: `t${++issued}`, expires_in: 300 })),
      );
      server.respond((request, response) => {
        const challenge = `Bearer realm="${tokens.url}/token",service="the registry",scope="repository:a/b:pull"`;
        if (!request.headers.authorization?.startsWith('Bearer t'))
          return void response.writeHead(401, { 'www-authenticate': challenge }).end();
        return void response.writeHead(200).end('{"tags":[]}');
      });
    });
    afterEach(() => tokens.stop());

    it('fetches one token for many calls, with the credentials at the token service only', async () => {
      const mine = repository({ credentials: { username: 'user', password: 'pass' } });
      await mine.tags();
      await Promise.all([mine.tags(), mine.tags(), mine.tags()]);
      expect(issued).to.equal(1);
      expect(tokens.lines).to.deep.equal(['GET /token?service=the+registry&scope=repository%3Aa%2Fb%3Apull']);
      expect(tokens.seen[0]?.headers.authorization).to.equal(`Basic ${Buffer.from('user:pass').toString('base64')}`);
      expect(server.seen.every(request => !request.headers.authorization?.startsWith('Basic'))).to.equal(true);
      expect(server.seen.length).to.equal(5);
    });

    it('gets tokens anonymously, by identity token, or takes one that is given', async () => {
      await repository().tags();
      expect(tokens.seen[0]?.headers.authorization).to.equal(undefined);
      await repository({ credentials: { identityToken: 'refresh' } }).tags();
      expect(tokens.seen[1]?.method).to.equal('POST');
      expect(Object.fromEntries(new URLSearchParams(tokens.seen[1]?.body.toString()))).to.include({
        grant_type: 'refresh_token',
        refresh_token: 'refresh',
        service: 'the registry',
      });
      await repository({ credentials: { token: 'tMine' } }).tags();
      expect(server.seen.at(-1)?.headers.authorization).to.equal('Bearer tMine');
      expect(issued).to.equal(2);
    });

    it('asks anew once when a token is refused, and then says so', async () => {
      server.respond((request, response) => {
        if (request.headers.authorization === 'Bearer t2') return void response.end('{"tags":["ok"]}');
        return void response.writeHead(401, { 'www-authenticate': `Bearer realm="${tokens.url}/token"` }).end();
      });
      const mine = repository();
      expect((await thrownBy(mine.tags())).code).to.equal('oci.unauthorized');
      expect(await mine.tags()).to.deep.equal(['ok']);
      tokens.respond(reply(401, 'no'));
      const refused = await thrownBy(repository({ credentials: { username: 'user', password: 'hush-hush' } }).tags());
      expect(refused.code).to.equal('oci.unauthorized');
      expect(describeError(refused)).not.to.contain('hush-hush');
      tokens.respond(reply(200, '{}'));
      expect((await thrownBy(repository().tags())).message).to.contain('no token');
    });

    it('does not send credentials to a realm that is not one', async () => {
      for (const realm of ['file:///etc/passwd', 'nonsense', '']) {
        server.respond(reply(401, '', { 'www-authenticate': `Bearer realm="${realm}"` }));
        expect((await thrownBy(repository({ credentials: { username: 'u', password: 'p' } }).tags())).code).to.match(
          /oci.(unsafe-realm|unauthorized)/,
        );
      }
    });
  });
});
