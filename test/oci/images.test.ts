import { expect } from 'chai';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip, gzipSync } from 'node:zlib';
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
import { codeOf, rawTar } from '../support/tar';

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
