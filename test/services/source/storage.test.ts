import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { artifactServer } from '../../../services/source/file-server';
import { ArtifactStorage } from '../../../services/source/storage';

const key = { apiVersion: 'source.toolkit.fluxcd.io/v1', kind: 'OCIRepository', namespace: 'shop', name: 'web' };
const bytes = (text: string) => (): Readable => Readable.from([Buffer.from(text)]);

describe('artifact storage', () => {
  let dir = '';
  let storage: ArtifactStorage;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'artifacts-'));
    storage = new ArtifactStorage(dir, 'http://source-controller.flux-system.svc.cluster.local./');
    await storage.prepare();
  });
  afterEach(() => rm(dir, { recursive: true }));

  it('stores bytes and says what to advertise', async () => {
    const artifact = await storage.store(key, 'sha256:aa.tar.gz', 'sha256:aa', bytes('hello'));
    expect(artifact).to.include({
      path: 'ocirepository/shop/web/sha256:aa.tar.gz',
      url: 'http://source-controller.flux-system.svc.cluster.local./ocirepository/shop/web/sha256:aa.tar.gz',
      revision: 'sha256:aa',
      digest: 'sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
      size: 5,
    });
    expect(artifact.lastUpdateTime).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(await storage.verify(artifact)).to.equal(true);
  });

  it('notices bytes that changed or went', async () => {
    const artifact = await storage.store(key, 'a.tar.gz', 'a', bytes('hello'));
    await writeFile(join(dir, artifact.path), 'hellO');
    expect(await storage.verify(artifact)).to.equal(false);
    await storage.removeAll(key);
    expect(await storage.verify(artifact)).to.equal(false);
  });

  it('leaves nothing half written behind', async () => {
    const broken = (): Readable =>
      Readable.from(
        (function* () {
          yield Buffer.from('x');
          throw new Error('cut off');
        })(),
      );
    const failure = await storage.store(key, 'a.tar.gz', 'a', broken).catch((error: unknown) => error);
    expect(String(failure)).to.contain('cut off');
    expect(await readdir(join(dir, '.partial'))).to.deep.equal([]);
    expect(await readdir(join(dir, 'ocirepository/shop/web'))).to.deep.equal([]);
  });

  it('keeps the current artifact and a few fresh ones', async () => {
    const names = ['a', 'b', 'c', 'd'];
    for (const name of names) await storage.store(key, `${name}.tar.gz`, name, bytes(name));
    const current = await storage.store(key, 'now.tar.gz', 'now', bytes('now'));
    const old = new Date(Date.now() - 120_000);
    await utimes(join(dir, current.path), old, old);
    await storage.collect(key, current);
    expect(await readdir(join(dir, 'ocirepository/shop/web')))
      .to.have.length(3)
      .and.to.include('now.tar.gz');
    for (const name of await readdir(join(dir, 'ocirepository/shop/web')))
      await utimes(join(dir, 'ocirepository/shop/web', name), old, old);
    await storage.collect(key, current);
    expect(await readdir(join(dir, 'ocirepository/shop/web'))).to.deep.equal(['now.tar.gz']);
  });

  describe('served over HTTP', () => {
    it('gives artifacts and nothing else', async () => {
      await storage.store(key, 'sha256:aa.tar.gz', 'a', bytes('hello'));
      await writeFile(join(dir, 'secret'), 'no');
      const server = artifactServer(storage, () => false).listen(0, '127.0.0.1');
      await once(server, 'listening');
      try {
        const { port } = server.address() as AddressInfo;
        const ask = (path: string, method = 'GET'): Promise<{ status: number; text: string }> =>
          new Promise((done, fail) => {
            httpRequest({ port, path, method, host: '127.0.0.1' }, response => {
              let text = '';
              response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
              response.on('end', () => done({ status: response.statusCode ?? 0, text }));
            })
              .on('error', fail)
              .end();
          });
        expect(await ask('/ocirepository/shop/web/sha256:aa.tar.gz')).to.deep.equal({ status: 200, text: 'hello' });
        expect(await ask('/ocirepository/shop/web/sha256%3Aaa.tar.gz?x=1')).to.deep.equal({
          status: 200,
          text: 'hello',
        });
        expect(await ask('/ocirepository/shop/web/sha256:aa.tar.gz', 'HEAD')).to.deep.equal({ status: 200, text: '' });
        expect((await ask('/healthz')).status).to.equal(200);
        expect((await ask('/readyz')).status).to.equal(503);
        expect((await ask('/healthz', 'POST')).status).to.equal(405);
        for (const path of [
          '/',
          '/secret',
          '/ocirepository',
          '/ocirepository/shop/web',
          '/ocirepository/shop/web/',
          '/ocirepository/shop/../../secret',
          '/ocirepository/shop/web/..%2f..%2f..%2fsecret',
          '/../secret',
          '/%2e%2e/x/y/secret',
          '/.partial/x/y/z',
          '/a/b/c/%00',
          '/a/b/c/%ff',
        ]) {
          expect((await ask(path)).status, path).to.equal(404);
        }
      } finally {
        server.close();
      }
    });
  });
});
