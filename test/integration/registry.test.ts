import { expect } from 'chai';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { HttpClient } from '../../net';
import {
  copy,
  CopySession,
  describe as described,
  ImageLayout,
  MediaType,
  MemoryContent,
  readContent,
  Registry,
  type CopyEvent,
} from '../../oci';
import { hasCode } from '../../report';
import { pushImage, pushIndex } from '../support/artifacts';
import { registryFor, startRegistry, type TestRegistry } from '../support/registry';

describe('a real registry', () => {
  let server: TestRegistry;
  let registry: Registry;
  let http: HttpClient;
  let folder: string;

  before(async function () {
    const binary = await registryFor(this);
    server = await startRegistry(binary);
    http = new HttpClient({ retry: { firstWaitMs: 10 } });
    registry = new Registry(server.host, {
      credentials: { username: server.username, password: server.password },
      http,
    });
    folder = await mkdtemp(join(tmpdir(), 'airlock-copy-'));
  });
  after(async () => {
    await server?.stop();
    await http?.close();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  it('lets in with the right password only', async () => {
    await registry.ping();
    const wrong = new Registry(server.host, {
      credentials: { username: server.username, password: 'secret-wrong' },
      http,
    });
    const error: unknown = await wrong.ping().catch((thrown: unknown) => thrown);
    expect(hasCode(error, 'oci.unauthorized'), String(error)).to.equal(true);
    expect(String(error)).not.to.contain('secret-wrong');
    expect(
      hasCode(
        await new Registry(server.host, { credentials: 'anonymous', http })
          .repository('a')
          .tags()
          .catch((e: unknown) => e),
        'oci.unauthorized',
      ),
    ).to.equal(true);
  });

  it('stores, resolves, reads, lists and deletes', async () => {
    const repository = registry.repository('team/app');
    const pushed = await pushImage(repository, 'v1');
    expect(await repository.resolve('v1')).to.deep.equal(pushed);
    expect(await repository.resolve(pushed.digest)).to.deep.equal(pushed);
    expect((await readContent(repository, pushed)).length).to.equal(pushed.size);
    await repository.tag(pushed, 'v2');
    expect(await repository.tags()).to.deep.equal(['v1', 'v2']);
    expect(await registry.catalog()).to.include('team/app');
    expect(await registry.repository('nobody/home').tags()).to.deep.equal([]);
    expect(hasCode(await repository.resolve('v9').catch((e: unknown) => e), 'oci.not-found')).to.equal(true);
    await repository.deleteManifest(pushed.digest);
    expect(await repository.exists(pushed)).to.equal(false);
    await repository.deleteManifest(pushed.digest);
  });

  it('refuses bytes that are not those described', async () => {
    const repository = registry.repository('team/lies');
    const real = randomBytes(100_000);
    for (const sent of [randomBytes(100_000), real.subarray(1), Buffer.concat([real, real])]) {
      const lie = { ...described(MediaType.layer, real) };
      const error: unknown = await repository.push(lie, () => Readable.from([sent])).catch((e: unknown) => e);
      expect(hasCode(error, 'oci.digest-mismatch'), String(error)).to.equal(true);
      expect(await repository.exists(lie)).to.equal(false);
    }
  });

  it('copies memory -> registry -> layout -> registry and keeps every digest', async () => {
    const memory = new MemoryContent();
    const one = await pushImage(memory, 'one');
    const two = await pushImage(memory, 'two');
    const index = await pushIndex(memory, 'v1', [
      { ...one, platform: { os: 'linux', architecture: 'amd64' } },
      { ...two, platform: { os: 'linux', architecture: 'arm64' } },
    ]);
    const a = registry.repository('chain/a');
    const first = await copy(memory, 'v1', a);
    expect(first.root.digest).to.equal(index.digest);
    expect(first.copied).to.equal(9);
    const layout = await ImageLayout.create(join(folder, 'layout'));
    await copy(a, 'v1', layout);
    expect(await layout.digests()).to.deep.equal(memory.digests().filter(d => d !== ''));
    const b = registry.repository('chain/b');
    await copy(layout, 'v1', b, 'v2');
    expect(await b.resolve('v2')).to.deep.equal(await memory.resolve('v1'));

    const before = http.requests;
    const again = await copy(a, 'v1', b, 'v2');
    expect([again.copied, again.mounted, again.bytes]).to.deep.equal([0, 0, 0]);
    expect(http.requests - before).to.equal(2);

    const arm = await copy(a, 'v1', registry.repository('chain/arm'), 'arm', { platform: 'linux/arm64' });
    expect(arm.root.digest).to.equal(two.digest);
  });

  it('mounts what another repository of the registry holds', async () => {
    const source = registry.repository('mount/source');
    await pushImage(source, 'v1');
    const events: CopyEvent[] = [];
    const result = await copy(source, 'v1', registry.repository('mount/target'), undefined, {
      onEvent: event => events.push(event),
    });
    expect(result.mounted).to.equal(3);
    expect(events.filter(event => event.kind === 'copied').map(event => event.descriptor.mediaType)).to.deep.equal([
      MediaType.manifest,
    ]);
  });

  it('sends layers that images share once', async () => {
    const shared = [randomBytes(50_000), randomBytes(60_000)];
    const memory = new MemoryContent();
    const session = new CopySession(4);
    const tags = [...Array(8).keys()].map(i => `v${i}`);
    for (const tag of tags) await pushImage(memory, tag, [...shared, randomBytes(1000)]);
    const results = await Promise.all(
      tags.map(tag => copy(memory, tag, registry.repository(`shared/${tag}`), tag, { session })),
    );
    expect(results.reduce((sum, result) => sum + result.mounted, 0)).to.equal(14);
    expect(results.reduce((sum, result) => sum + result.bytes, 0)).to.be.lessThan(8 * 10_000 + 110_000);
    for (const tag of tags)
      expect(
        await registry.repository(`shared/${tag}`).exists(described(MediaType.layer, shared[0] as Buffer)),
      ).to.equal(true);
  });

  it('keeps referrers findable and copies them on request', async () => {
    const source = registry.repository('refer/source');
    const image = await pushImage(source, 'v1');
    const signature = await pushImage(source, 'sig', [randomBytes(10)], {
      subject: image,
      artifactType: 'application/vnd.example.signature',
    });
    expect((await source.referrers(image)).map(one => one.digest)).to.deep.equal([signature.digest]);
    const layout = await ImageLayout.create(join(folder, 'referrers'));
    await copy(source, 'v1', layout, 'v1', { referrers: true });
    expect((await layout.referrers(image)).map(one => one.digest)).to.deep.equal([signature.digest]);
    const target = registry.repository('refer/target');
    await copy(layout, 'v1', target, 'v1', { referrers: true });
    expect((await target.referrers(image)).map(one => one.digest)).to.deep.equal([signature.digest]);
  });

  it('takes large blobs in chunks, and goes on where a connection broke', async () => {
    const bytes = randomBytes(3_000_000);
    const blob = described(MediaType.layer, bytes);
    let toCut = 1;
    let passed = 0;
    const cutting = createServer(client => {
      const upstream = connect(Number(server.host.split(':')[1]), '127.0.0.1');
      let seen = 0;
      client.on('data', (chunk: Buffer) => {
        seen += chunk.length;
        passed += chunk.length;
        upstream.write(chunk);
        if (seen > 1_500_000 && toCut > 0) {
          toCut--;
          setTimeout(() => client.destroy(), 20);
        }
      });
      client.on('error', () => upstream.destroy()).on('close', () => upstream.end());
      upstream.on('error', () => client.destroy());
      upstream.pipe(client);
    });
    await new Promise<void>(resolve => cutting.listen(0, '127.0.0.1', resolve));
    const address = `127.0.0.1:${(cutting.address() as AddressInfo).port}`;
    const credentials = { username: server.username, password: server.password };
    const repository = new Registry(address, { credentials, http, chunkFrom: 1000, chunkSize: 2_000_000 }).repository(
      'chunks/a',
    );
    try {
      await repository.push(blob, () => Readable.from([bytes]));
      expect(toCut).to.equal(0);
      expect((await readContent(repository, blob)).equals(bytes)).to.equal(true);
      expect(passed).to.be.lessThan(4_500_000);
    } finally {
      cutting.close();
    }
  });
});
