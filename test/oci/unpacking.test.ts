import { expect } from 'chai';
import * as fc from 'fast-check';
import { lstat, mkdir, mkdtemp, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { extractLayer } from '../../oci';
import { codeOf, rawTar, type RawEntry } from '../support/tar';

describe('layers', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'airlock-layer-'))));
  afterEach(() => rm(folder, { recursive: true, force: true }));

  describe('unpacking', () => {
    let out: string;
    beforeEach(async () => {
      out = join(folder, 'out');
      await mkdir(out);
      await writeFile(join(folder, 'outside'), 'untouched');
    });
    afterEach(async () => expect(await readFile(join(folder, 'outside'), 'utf8')).to.equal('untouched'));
    const unpack = async (entries: readonly RawEntry[], options = {}): Promise<string> =>
      codeOf(extractLayer(Readable.from([await rawTar(entries)]), out, options));

    const attacks: [string, RawEntry[]][] = [
      ['an absolute path', [{ name: '/etc/airlock-test', body: 'x' }]],
      ['a path upwards', [{ name: '../outside', body: 'x' }]],
      ['a path upwards in the middle', [{ name: 'a/../../outside', body: 'x' }]],
      ['a link upwards', [{ name: 'l', type: 'symlink', linkname: '../outside' }]],
      ['a link upwards from below', [{ name: 'd/l', type: 'symlink', linkname: '../../outside' }]],
      ['an absolute link', [{ name: 'l', type: 'symlink', linkname: '/etc' }]],
      [
        'a link through a link',
        [
          { name: 'x/y', type: 'symlink', linkname: '.' },
          { name: 'l', type: 'symlink', linkname: 'x/y/../../outside' },
        ],
      ],
      [
        'a file through a link',
        [
          { name: 'd', type: 'directory' },
          { name: 'l', type: 'symlink', linkname: 'd' },
          { name: 'l/f', body: 'x' },
        ],
      ],
      [
        'a folder through a link',
        [
          { name: 'd', type: 'directory' },
          { name: 'l', type: 'symlink', linkname: 'd' },
          { name: 'l/f/', type: 'directory' },
        ],
      ],
      ['a hard link outside', [{ name: 'h', type: 'link', linkname: '../outside' }]],
      ['a hard link to an absolute path', [{ name: 'h', type: 'link', linkname: '/etc/passwd' }]],
      [
        'a hard link to a link',
        [
          { name: 'd', body: 'x' },
          { name: 'l', type: 'symlink', linkname: 'd' },
          { name: 'h', type: 'link', linkname: 'l' },
        ],
      ],
      ['a hard link to nothing', [{ name: 'h', type: 'link', linkname: 'none' }]],
      ['a character device', [{ name: 'null', type: 'character-device', devmajor: 1, devminor: 3 }]],
      ['a block device', [{ name: 'sda', type: 'block-device', devmajor: 8, devminor: 0 }]],
      ['a pipe', [{ name: 'p', type: 'fifo' }]],
      [
        'a file under a file',
        [
          { name: 'a', body: 'x' },
          { name: 'a/b', body: 'x' },
        ],
      ],
    ];
    for (const [what, entries] of attacks)
      it(`refuses ${what}`, async () => expect(await unpack(entries)).to.equal('oci.unsafe-archive'));

    it('keeps to its bounds', async () => {
      const files = [...Array(20).keys()].map(i => ({ name: `f${i}`, body: 'x'.repeat(100) }));
      expect(await unpack(files, { maxEntries: 10 })).to.equal('oci.archive-too-large');
      expect(await unpack(files, { maxBytes: 500 })).to.equal('oci.archive-too-large');
      expect(await unpack(files)).to.equal('none');
    });

    it('is not blown up by a small archive', async () => {
      const bomb = gzipSync(await rawTar([{ name: 'zeros', body: Buffer.alloc(20_000_000) }]));
      expect(bomb.length).to.be.lessThan(30_000);
      expect(await codeOf(extractLayer(Readable.from([bomb]), out, { maxBytes: 1_000_000 }))).to.equal(
        'oci.archive-too-large',
      );
    });

    it('takes gzip, zstd and plain tar, links that stay inside, and later entries over earlier ones', async () => {
      const tar = await rawTar([
        { name: './', type: 'directory' },
        { name: './d/f', body: 'one' },
        { name: 'd/f', body: 'two', mode: 0o4755 },
        { name: 'd/l', type: 'symlink', linkname: '../e/g' },
        { name: 'd/h', type: 'link', linkname: './d/f' },
      ]);
      for (const [i, bytes] of [tar, gzipSync(tar), zstdCompressSync(tar)].entries()) {
        const to = join(out, String(i));
        await mkdir(to);
        await extractLayer(Readable.from([bytes]), to);
        expect(await readFile(join(to, 'd', 'h'), 'utf8')).to.equal('two');
        expect((await lstat(join(to, 'd', 'f'))).mode & 0o7777).to.equal(0o755);
        expect(await readlink(join(to, 'd', 'l'))).to.equal('../e/g');
      }
    });

    it('says so when the archive is damaged, and never hangs', async () => {
      const tar = await rawTar([
        { name: 'a', body: 'x'.repeat(3000) },
        { name: 'b', body: 'y' },
      ]);
      const broken = Buffer.from(tar);
      broken[100] = 0xff;
      const gzip = gzipSync(tar);
      for (const bytes of [
        tar.subarray(0, 700),
        tar.subarray(0, 2000),
        broken,
        gzip.subarray(0, 60),
        Buffer.concat([gzip.subarray(0, 40), Buffer.alloc(50)]),
        Buffer.from('x'.repeat(600)),
      ]) {
        expect(await codeOf(extractLayer(Readable.from([bytes]), out))).to.equal('oci.invalid-archive');
      }
      await fc.assert(
        fc.asyncProperty(fc.nat(tar.length - 1), fc.nat(255), async (at, value) => {
          const hurt = Buffer.from(tar);
          hurt[at] = value;
          expect(await codeOf(extractLayer(Readable.from([hurt]), out))).to.match(
            /^(none|oci\.(invalid-archive|invalid-entry|unsafe-archive|archive-too-large))$/,
          );
        }),
        { numRuns: 100 },
      );
    });

    it('ends when aborted', async () => {
      const stop = new AbortController();
      const endless = new Readable({ read: () => undefined });
      endless.push(await rawTar([{ name: 'a', body: 'x' }]).then(tar => tar.subarray(0, 600)));
      const reason = new Error('enough');
      setTimeout(() => stop.abort(reason), 20);
      expect(await extractLayer(endless, out, { signal: stop.signal }).catch((thrown: unknown) => thrown)).to.equal(
        reason,
      );
    });
  });
});
