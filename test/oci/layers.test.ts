import { expect } from 'chai';
import * as fc from 'fast-check';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { buildLayer, describe as described, extractLayer, MediaType, type LayerEntry } from '../../oci';
import { collect } from '../../oci/streams';
import { codeOf } from '../support/tar';

describe('layers', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'airlock-layer-'))));
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const part = fc
    .string({ unit: fc.constantFrom('a', 'b', '-', '.x', 'ü', 'long-name-'), minLength: 1, maxLength: 30 })
    .filter(text => !/^\.+$/.test(text) && !text.includes('..'));
  const entry: fc.Arbitrary<LayerEntry> = fc
    .tuple(
      fc.array(part, { minLength: 1, maxLength: 6 }),
      fc.uint8Array({ maxLength: 2000 }),
      fc.constantFrom(0o644, 0o755),
    )
    .map(([parts, content, mode]) => ({ type: 'file', path: parts.join('/'), content, mode }));

  it('depend on their content, not on the order of entries', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(entry, { selector: one => one.path, maxLength: 8 }), async entries => {
        const one = await buildLayer(entries);
        const two = await buildLayer([...entries].reverse());
        expect(two.descriptor).to.deep.equal(one.descriptor);
        expect(two.diffId).to.equal(one.diffId);
        const bytes = await collect(one.open());
        expect(described(MediaType.layerGzip, bytes)).to.deep.equal(one.descriptor);
        expect(described('', gunzipSync(bytes)).digest).to.equal(one.diffId);
      }),
      { numRuns: 30 },
    );
  });

  it('do not depend on times, owners and umask of the folder they are made from', async () => {
    for (const name of ['one', 'two']) {
      await mkdir(join(folder, name, 'bin'), { recursive: true, mode: name === 'one' ? 0o700 : 0o775 });
      await writeFile(join(folder, name, 'bin', 'run'), '#!/bin/sh\n');
      await chmod(join(folder, name, 'bin', 'run'), name === 'one' ? 0o700 : 0o777);
      await writeFile(join(folder, name, 'conf'), 'x', { mode: name === 'one' ? 0o600 : 0o664 });
      await symlink('bin/run', join(folder, name, 'link'));
      await utimes(join(folder, name, 'conf'), 1, name === 'one' ? 1 : 1_000_000);
    }
    const [one, two] = [await buildLayer(join(folder, 'one')), await buildLayer(join(folder, 'two'))];
    expect(one.descriptor).to.deep.equal(two.descriptor);
    await mkdir(join(folder, 'out'));
    expect(await extractLayer(one.open(), join(folder, 'out'))).to.deep.equal({ entries: 4, bytes: 11 });
    expect(await readlink(join(folder, 'out', 'link'))).to.equal('bin/run');
    expect((await stat(join(folder, 'out', 'bin', 'run'))).mode & 0o777).to.equal(0o755);
    expect((await stat(join(folder, 'out', 'conf'))).mode & 0o777).to.equal(0o644);
  });

  it('survive being unpacked and built again', async () => {
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(entry, { selector: one => one.path, maxLength: 6 }), async entries => {
        const paths = entries.map(one => one.path);
        // A file cannot be a folder too.
        if (paths.some(path => paths.some(other => other.startsWith(`${path}/`)))) return;
        const out = join(folder, `round-${round++}`);
        await mkdir(out);
        await extractLayer((await buildLayer(entries)).open(), out);
        for (const one of entries)
          expect((await readFile(join(out, one.path))).equals((one as { content: Uint8Array }).content)).to.equal(true);
      }),
      { numRuns: 30 },
    );
  });

  it('may be larger than memory is wanted for, and are removed when disposed of', async () => {
    const size = 40_000_000;
    const zeros = (): Readable =>
      Readable.from(
        (function* () {
          for (let i = 0; i < size / 1_000_000; i++) yield Buffer.alloc(1_000_000, i);
        })(),
      );
    const layer = await buildLayer([{ type: 'file', path: 'big', content: { size, open: zeros } }], {
      gzip: false,
      temporary: folder,
    });
    expect(layer.descriptor.size).to.be.greaterThan(size);
    expect((await readdir(folder)).length).to.equal(1);
    expect(described(MediaType.layer, await collect(layer.open()))).to.deep.equal(layer.descriptor);
    await layer.dispose();
    expect(await readdir(folder)).to.deep.equal([]);
  });

  it('refuse entries that are unsafe, twice there, or of another size than said', async () => {
    const file = (path: string): LayerEntry => ({ type: 'file', path, content: 'x' });
    for (const path of ['/etc/passwd', '../x', 'a/../b', './a', 'a//b', 'a/', '', 'a\0b'])
      expect(await codeOf(buildLayer([file(path)])), path).to.equal('oci.invalid-entry');
    expect(await codeOf(buildLayer([file('a'), file('a')]))).to.equal('oci.invalid-entry');
    for (const size of [1, 10]) {
      expect(
        await codeOf(
          buildLayer([{ type: 'file', path: 'a', content: { size, open: () => Readable.from(['12345']) } }]),
        ),
      ).to.equal('oci.invalid-entry');
    }
    const broken = (): Readable =>
      Readable.from(
        (function* () {
          yield 'ab';
          throw Object.assign(new Error('source broke'), { code: 'test.broke' });
        })(),
      );
    expect(await codeOf(buildLayer([{ type: 'file', path: 'a', content: { size: 5, open: broken } }]))).to.equal(
      'test.broke',
    );
  });
});
