import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import {
  memorySpace,
  openComponentRepository,
  openRegistries,
  parseDescriptor,
  transferComponentVersion,
} from '../../../ocm';
import { registryFor, startRegistry } from '../../support/registry';

const full = process.env['AIRLOCK_TEST_FULL'] === '1';
const megabyte = Buffer.alloc(1024 * 1024, 'a blob ');
const name = 'example.com/acme/big';

async function* megabytes(count: number): AsyncGenerator<Buffer> {
  for (let sent = 0; sent < count; sent++) yield await Promise.resolve(megabyte);
}

/** Runs `work`; the most memory that is in use beyond what was before, in bytes. */
async function growth(work: () => Promise<unknown>): Promise<number> {
  const before = process.memoryUsage().rss;
  let most = before;
  const look = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20);
  await work();
  clearInterval(look);
  return most - before;
}

describe('ocm/transfer: memory', () => {
  it(`stays flat for a blob of ${full ? '1 GiB' : '160 MiB'}, into folder, archive and registry`, async function () {
    const binary = await registryFor(this);
    const size = full ? 1024 : 160;
    const hash = createHash('sha256');
    for (let sent = 0; sent < size; sent++) hash.update(megabyte);
    const digest = `sha256:${hash.digest('hex')}`;
    const access = { type: 'localBlob', localReference: digest, mediaType: 'application/octet-stream' };
    const resource = { name: 'big', version: '1.0.0', type: 'blob', relation: 'local', access };
    const lists = { repositoryContexts: [], sources: [], componentReferences: [], resources: [resource] };
    const document = { meta: { schemaVersion: 'v2' }, component: { name, version: '1.0.0', provider: 'a', ...lists } };
    const descriptor = parseDescriptor(Buffer.from(JSON.stringify(document)), 'made');
    const blob = { mediaType: 'application/octet-stream', digest, size: size * megabyte.length };
    const artifacts = [{ kind: 'resource' as const, identity: { name: 'big' } }];
    const folder = mkdtempSync(path.join(tmpdir(), 'airlock-test-'));
    const registry = await startRegistry(binary, { auth: false });
    const registries = openRegistries({ credentials: 'anonymous', uploads: 'none' });
    // What is loaded lazily is not the blob's.
    memorySpace();
    try {
      const most = await growth(async () => {
        const first = await openComponentRepository(path.join(folder, 'ctf'), { mode: 'update' });
        const source = (): Readable => Readable.from(megabytes(size), { objectMode: false });
        await first.put({ descriptor, blobs: [{ descriptor: blob, source, artifacts }] });
        let from = first;
        for (const place of [`http://${registry.host}`, path.join(folder, 'ctf.tar'), path.join(folder, 'last')]) {
          const to = await openComponentRepository(place, { registries, mode: 'update' });
          await transferComponentVersion(await from.open(name, '1.0.0'), to);
          await to.close();
          await from.close();
          from = await openComponentRepository(place, { registries });
        }
        await from.close();
      });
      process.stderr.write(`    ${Math.round(most / 1024 / 1024)} MiB more in use at most\n`);
      // Less than the blob itself, whatever its size.
      expect(most).to.be.below(150 * 1024 * 1024);
    } finally {
      await registry.stop();
      rmSync(folder, { recursive: true });
    }
  }).timeout(full ? 600_000 : 120_000);
});
