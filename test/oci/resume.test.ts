import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { HttpClient, onNetworkNotice, type NetworkNotice } from '../../net';
import { describe as described, readContent, Registry, uploadsInCache } from '../../oci';
import { FaultyServer } from '../support/faulty-server';
import { registryFor, startRegistry, type TestRegistry } from '../support/registry';
import { codeOf } from '../support/tar';

const chunk = 1024 * 1024;
const bytes = Buffer.alloc(4 * chunk);
const blob = described('application/octet-stream', bytes);

describe('oci: uploads that another run began', () => {
  let cache: string;
  beforeEach(() => {
    cache = mkdtempSync(path.join(tmpdir(), 'airlock-test-'));
  });
  afterEach(() => rmSync(cache, { recursive: true }));
  const store = (): ReturnType<typeof uploadsInCache> => uploadsInCache({ AIRLOCK_CACHE: cache });
  const noticed = async (work: () => Promise<unknown>): Promise<NetworkNotice[]> => {
    const notices: NetworkNotice[] = [];
    const stop = onNetworkNotice(notice => notices.push(notice));
    try {
      await work();
    } finally {
      stop();
    }
    return notices;
  };

  describe('at a real registry', () => {
    let registry: TestRegistry;
    before(async function () {
      const binary = await registryFor(this);
      registry = await startRegistry(binary, { auth: false });
    });
    after(() => registry?.stop());

    it('go on where the program was killed', async () => {
      const child = spawn(
        process.execPath,
        [
          '-r',
          'tsx/cjs',
          path.join(__dirname, '../support/slow-upload.ts'),
          registry.host,
          'big/blob',
          blob.digest,
          String(blob.size),
          String(chunk),
        ],
        { env: { ...process.env, AIRLOCK_CACHE: cache }, stdio: ['ignore', 'pipe', 'inherit'] },
      );
      const remembered = (): string => {
        const folder = path.join(cache, 'uploads');
        const [name] = readdirSync(folder);
        return readFileSync(path.join(folder, name ?? ''), 'utf8');
      };
      await once(child.stdout, 'data');
      const first = remembered();
      // The chunk's answer names the upload anew: then it has been taken.
      while (remembered() === first) await new Promise(resolve => setTimeout(resolve, 20));
      child.kill('SIGKILL');
      await once(child, 'exit');
      expect(statSync(path.join(cache, 'uploads')).mode & 0o077).to.equal(0);

      const http = new HttpClient();
      const again = new Registry(`http://${registry.host}`, {
        credentials: 'anonymous',
        chunkFrom: 1,
        chunkSize: chunk,
        uploads: store(),
        http,
      }).repository('big/blob');
      const notices = await noticed(() => again.push(blob, bytes));
      expect(notices.map(each => each.kind)).to.deep.equal(['resumed']);
      expect(notices[0]?.text).to.contain(`${chunk} of ${4 * chunk} bytes`);
      // Is it there, how far is the upload, three chunks, and the end.
      expect(http.requests).to.equal(6);
      expect((await readContent(again, blob)).equals(bytes)).to.equal(true);
      expect(readdirSync(path.join(cache, 'uploads'))).to.deep.equal([]);
      await http.close();
    }).timeout(60_000);

    it('begin anew where the registry no longer knows them', async () => {
      const name = { repository: `${registry.host}/other/blob`, digest: blob.digest };
      await store().save(name, new URL(`http://${registry.host}/v2/other/blob/blobs/uploads/gone?_state=x`));
      const uploads = store();
      const content = new Registry(`http://${registry.host}`, { credentials: 'anonymous', chunkFrom: 1, uploads });
      expect(await noticed(() => content.repository('other/blob').push(blob, bytes))).to.deep.equal([]);
      expect(await content.repository('other/blob').exists(blob)).to.equal(true);
    });
  });

  it('are not gone on with at another host, when they are old, or twice', async () => {
    const uploads = store();
    const name = { repository: 'registry.example/a', digest: blob.digest };
    await uploads.save(name, new URL('https://registry.example/v2/a/blobs/uploads/1'));
    expect((await uploads.take(name))?.pathname).to.equal('/v2/a/blobs/uploads/1');
    expect(await uploads.take(name)).to.equal(undefined);
    await uploads.save(name, new URL('https://registry.example/v2/a/blobs/uploads/1'));
    const folder = path.join(cache, 'uploads');
    const file = path.join(folder, readdirSync(folder)[0] ?? '');
    utimesSync(file, 0, 0);
    expect(await uploads.take(name)).to.equal(undefined);
    await uploads.save(name, new URL('https://registry.example/v2/a/blobs/uploads/1'));
    writeFileSync(file, 'no address');
    expect(await uploads.take(name)).to.equal(undefined);

    const asked: string[] = [];
    const elsewhere = await FaultyServer.start((request, response) => {
      asked.push(request.path);
      response.writeHead(404).end();
    });
    const registry = await FaultyServer.start(
      (request, response) => void response.writeHead(request.method === 'HEAD' ? 404 : 403).end(),
    );
    try {
      await uploads.save(
        { repository: `${registry.host}/a`, digest: blob.digest },
        new URL(`${elsewhere.url}/v2/a/blobs/uploads/1`),
      );
      const content = new Registry(registry.host, { credentials: 'anonymous', chunkFrom: 1, uploads }).repository('a');
      expect(await codeOf(content.push(blob, bytes))).to.equal('oci.denied');
      expect(asked).to.deep.equal([]);
    } finally {
      await elsewhere.stop();
      await registry.stop();
    }
  });

  it('that are damaged get one try', async () => {
    let fresh = 0;
    const server = await FaultyServer.start((request, response) => {
      const damaged = request.path.includes('/damaged');
      if (request.method === 'HEAD') response.writeHead(404).end();
      else if (request.method === 'GET')
        response.writeHead(204, { range: `0-${chunk - 1}`, location: '/v2/a/blobs/uploads/damaged' }).end();
      else if (request.method === 'POST')
        response.writeHead(202, { location: `/v2/a/blobs/uploads/fresh${++fresh}` }).end();
      else if (request.method === 'PATCH') response.writeHead(202, { location: request.path }).end();
      else response.writeHead(damaged ? 400 : 201).end();
    });
    try {
      const uploads = store();
      await uploads.save(
        { repository: `${server.host}/a`, digest: blob.digest },
        new URL(`${server.url}/v2/a/blobs/uploads/damaged`),
      );
      await new Registry(server.host, { credentials: 'anonymous', chunkFrom: 1, uploads })
        .repository('a')
        .push(blob, bytes);
      expect(fresh).to.equal(1);
      expect(server.seen.filter(each => each.method === 'PATCH').map(each => each.body.length)).to.deep.equal([
        3 * chunk,
        4 * chunk,
      ]);
    } finally {
      await server.stop();
    }
  });

  it('at a registry that takes connections and never answers are given up soon, and that is said', async () => {
    const server = await FaultyServer.start(() => undefined);
    const http = new HttpClient({
      answerTimeoutMs: 150,
      noticeAfterMs: 50,
      retry: { firstWaitMs: 5, longestWaitMs: 10 },
    });
    try {
      const registry = new Registry(server.host, { credentials: 'anonymous', http, chunkFrom: 1, uploads: 'none' });
      const codes: string[] = [];
      const notices = await noticed(async () => {
        codes.push(await codeOf(registry.repository('a').resolve('latest')));
        codes.push(await codeOf(registry.repository('a').push(blob, bytes, { absent: true })));
        codes.push(await codeOf(registry.repository('a').fetch(blob)));
      });
      expect(codes).to.deep.equal(['net.timeout', 'net.timeout', 'net.timeout']);
      expect(new Set(notices.map(each => each.kind))).to.deep.equal(new Set(['waiting', 'retry']));
      // Twice at first; what was silent a moment ago is asked once for each thing.
      expect(server.seen.length).to.be.at.most(5);
    } finally {
      await http.close();
      await server.stop();
    }
  });
});
