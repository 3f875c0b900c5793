import { expect } from 'chai';
import * as fc from 'fast-check';
import { createWriteStream } from 'node:fs';
import {
  chmod,
  lstat,
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
import { pipeline } from 'node:stream/promises';
import { createGzip, gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { pack, type Header } from 'tar-stream';
import {
  assembleImage,
  buildLayer,
  copy,
  describe as described,
  extractLayer,
  FluxMediaType,
  ImageArchive,
  ImageLayout,
  MediaType,
  MemoryContent,
  parseManifest,
  readContent,
  readImageConfig,
  singleLayerArtifact,
  tarStream,
  writeImageArchive,
  type Layer,
  type LayerEntry,
} from '../../oci';
import { collect } from '../../oci/streams';
import { hasCode } from '../../report';
import { pushImage, pushIndex } from '../support/artifacts';

type RawEntry = Partial<Header> & { readonly name: string; readonly body?: string | Buffer };

async function rawTar(entries: readonly RawEntry[]): Promise<Buffer> {
  const made = pack();
  for (const { body = '', ...header } of entries) made.entry(header, body);
  made.finalize();
  const parts: Buffer[] = [];
  for await (const part of made) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    (thrown: Error & { code?: string }) => thrown.code ?? thrown.message,
  );

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

describe('images', () => {
  let folder: string;
  before(async () => (folder = await mkdtemp(join(tmpdir(), 'airlock-image-'))));
  after(() => rm(folder, { recursive: true, force: true }));
  const layerOf = (path: string, content: string): Promise<Layer> => buildLayer([{ type: 'file', path, content }]);

  it('are assembled from scratch, the same each time', async () => {
    const digests = new Set<string>();
    for (let i = 0; i < 2; i++) {
      const target = new MemoryContent();
      const image = await assembleImage({
        target,
        tag: 'v1',
        architecture: 'amd64',
        layers: [await layerOf('bin/app', 'program'), await layerOf('etc/conf', 'x')],
        config: {
          Entrypoint: ['/bin/app'],
          Env: ['A=1'],
          ExposedPorts: ['80/tcp'],
          User: '1000',
          Labels: { b: '2', a: '1' },
          StopSignal: 'SIGINT',
        },
        annotations: { 'org.example': 'yes' },
      });
      digests.add(image.digest);
      const manifest = parseManifest(await readContent(target, image), '');
      expect(manifest.layers.length).to.equal(2);
      const config = await readImageConfig(target, image);
      expect(config).to.deep.include({ architecture: 'amd64', os: 'linux', created: '1970-01-01T00:00:00Z' });
      expect(config.config).to.deep.include({
        Entrypoint: ['/bin/app'],
        ExposedPorts: { '80/tcp': {} },
        User: '1000',
        StopSignal: 'SIGINT',
      });
      expect(config.rootfs.diff_ids.length).to.equal(2);
    }
    expect(digests.size).to.equal(1);
  });

  it('build on a base, docker types included, and choose its platform', async () => {
    const source = new MemoryContent();
    const layer = await layerOf('base', 'base');
    const base = await assembleImage({
      target: source,
      architecture: 'arm64',
      layers: [layer],
      config: { Env: ['PATH=/bin', 'A=0'], Cmd: ['sh'], Labels: { from: 'base' } },
    });
    const other = await pushImage(source, 'other');
    await pushIndex(source, 'multi', [
      { ...other, platform: { os: 'linux', architecture: 'amd64' } },
      { ...base, platform: { os: 'linux', architecture: 'arm64' } },
    ]);
    const target = new MemoryContent();
    const top = await layerOf('top', 'top');
    const image = await assembleImage({
      target,
      base: { content: source, reference: 'multi' },
      architecture: 'arm64',
      layers: [top],
      config: { Env: ['A=1'], Entrypoint: ['/top'] },
    });
    const config = await readImageConfig(target, image);
    expect(config.config).to.deep.equal({ Entrypoint: ['/top'], Env: ['PATH=/bin', 'A=1'], Labels: { from: 'base' } });
    expect(config.rootfs.diff_ids).to.deep.equal([layer.diffId, top.diffId]);
    expect(config.history?.length).to.equal(2);
    for (const one of parseManifest(await readContent(target, image), '').layers)
      expect(await target.exists(one)).to.equal(true);
  });

  it('as artifacts of one layer are as Flux reads them', async () => {
    const target = new MemoryContent();
    const content: LayerEntry[] = [{ type: 'file', path: 'kustomization.yaml', content: 'resources: []\n' }];
    const one = await singleLayerArtifact({
      target,
      content,
      tag: 'v1',
      source: 'https://example.org/repo',
      revision: 'v1@sha1:abc',
    });
    const manifest = parseManifest(await readContent(target, one), '');
    expect(manifest.config.mediaType).to.equal(FluxMediaType.config);
    expect(manifest.layers.map(layer => layer.mediaType)).to.deep.equal([FluxMediaType.content]);
    expect(manifest.annotations).to.deep.equal({
      'org.opencontainers.image.created': '1970-01-01T00:00:00Z',
      'org.opencontainers.image.revision': 'v1@sha1:abc',
      'org.opencontainers.image.source': 'https://example.org/repo',
    });
    expect(
      (await singleLayerArtifact({ target, content, source: 'https://example.org/repo', revision: 'v1@sha1:abc' }))
        .digest,
    ).to.equal(one.digest);
    const out = await mkdtemp(join(folder, 'flux-'));
    await extractLayer(await target.fetch(manifest.layers[0] as (typeof manifest.layers)[0]), out);
    expect(await readFile(join(out, 'kustomization.yaml'), 'utf8')).to.equal('resources: []\n');
  });

  describe('in archives', () => {
    it('come back as they were, compressed or not, with blobs they share once', async () => {
      const source = new MemoryContent();
      const shared = Buffer.from('shared layer');
      const one = await pushImage(source, 'one', [shared, Buffer.from('1')]);
      await pushImage(source, 'two', [shared, Buffer.from('2')]);
      const index = await pushIndex(source, 'multi', [one]);
      const path = join(folder, 'images.tar');
      const images = [
        { content: source, reference: 'one', name: 'r.localhost:8080/a/one:v1' },
        { content: source, reference: 'two', name: 'r.localhost:8080/a/two:v1' },
        { content: source, reference: 'multi', name: 'r.localhost:8080/a/multi:v1' },
      ];
      await writeImageArchive(path, images);
      const bytes = await readFile(path);
      await writeImageArchive(path, images);
      expect((await readFile(path)).equals(bytes)).to.equal(true);
      await pipeline(Readable.from([bytes]), createGzip(), createWriteStream(`${path}.gz`));
      for (const file of [path, `${path}.gz`]) {
        const archive = await ImageArchive.open(file, { temporary: folder });
        expect(await archive.tags()).to.deep.equal(images.map(image => image.name).sort());
        const layout = await ImageLayout.create(await mkdtemp(join(folder, 'layout-')));
        for (const { name, reference } of images) await copy(archive, name, layout, reference);
        expect(await layout.digests()).to.deep.equal(source.digests());
        expect((await layout.resolve('multi')).digest).to.equal(index.digest);
        expect((await archive.resolve('r.localhost:8080/a/one:v1')).digest).to.equal(one.digest);
        await archive.close();
      }
      expect((await readdir(folder)).filter(name => name.startsWith('airlock-spool'))).to.deep.equal([]);
    });

    it('are read in docker’s own format', async () => {
      const layer = await rawTar([{ name: 'f', body: 'content' }]);
      const config = Buffer.from(
        JSON.stringify({
          architecture: 'amd64',
          os: 'linux',
          rootfs: { type: 'layers', diff_ids: [described('', layer).digest] },
        }),
      );
      const path = join(folder, 'docker.tar');
      await writeFile(
        path,
        await rawTar([
          { name: 'aaa/layer.tar', body: layer },
          { name: 'bbb/layer.tar', type: 'symlink', linkname: '../aaa/layer.tar' },
          { name: 'config.json', body: config },
          {
            name: 'manifest.json',
            body: JSON.stringify([
              { Config: 'config.json', RepoTags: ['team/app:v1'], Layers: ['aaa/layer.tar', 'bbb/layer.tar'] },
            ]),
          },
        ]),
      );
      const archive = await ImageArchive.open(path);
      const target = new MemoryContent();
      const { root } = await copy(archive, 'team/app:v1', target, 'v1');
      const manifest = parseManifest(await readContent(target, root), '');
      expect(manifest.layers).to.deep.equal([described(MediaType.layer, layer), described(MediaType.layer, layer)]);
      expect((await readContent(target, manifest.config)).equals(config)).to.equal(true);
    });

    it('are refused when they are none, or lie', async () => {
      const write = async (name: string, bytes: Buffer): Promise<string> => {
        await writeFile(join(folder, name), bytes);
        return join(folder, name);
      };
      const lie = described(MediaType.manifest, 'x');
      const open = async (bytes: Buffer): Promise<string> => codeOf(ImageArchive.open(await write('bad.tar', bytes)));
      expect(await codeOf(ImageArchive.open(join(folder, 'none.tar')))).to.equal('oci.invalid-archive');
      expect(await open(Buffer.alloc(0))).to.equal('oci.invalid-archive');
      expect(await open(await rawTar([{ name: 'x', body: 'y' }]))).to.equal('oci.invalid-archive');
      expect(await open(await rawTar([{ name: 'manifest.json', body: '[{"Config":1}]' }]))).to.equal(
        'oci.invalid-archive',
      );
      expect(await open(gzipSync(Buffer.alloc(2000)).subarray(0, 12))).to.equal('oci.invalid-archive');
      const lying = await write(
        'lie.tar',
        await rawTar([
          { name: 'oci-layout', body: '{}' },
          { name: 'index.json', body: JSON.stringify({ schemaVersion: 2, manifests: [lie] }) },
          { name: `blobs/sha256/${lie.digest.slice(7)}`, body: 'y' },
        ]),
      );
      expect(
        hasCode(
          await copy(await ImageArchive.open(lying), lie.digest, new MemoryContent()).catch(
            (thrown: unknown) => thrown,
          ),
          'oci.digest-mismatch',
        ),
      ).to.equal(true);
    });

    it('leave no file behind when writing fails', async () => {
      const source = new MemoryContent();
      const image = await pushImage(source, 'v1');
      const missing = Object.assign(Object.create(source) as MemoryContent, {
        fetch: (one: { digest: string }) =>
          one.digest === image.digest ? source.fetch(image) : Promise.reject(new Error('lost')),
      });
      const before = await readdir(folder);
      expect(
        await codeOf(writeImageArchive(join(folder, 'failed.tar'), [{ content: missing, reference: 'v1' }])),
      ).to.contain('lost');
      expect(await readdir(folder)).to.deep.equal(before);
    });
  });

  it('are written as tar that other programs read', async () => {
    const tar = await collect(
      tarStream([
        { type: 'directory', path: 'd' },
        { type: 'file', path: `d/${'n'.repeat(200)}`, content: 'x' },
      ]),
    );
    expect(tar.length % 512).to.equal(0);
  });
});
