import { expect } from 'chai';
import * as fc from 'fast-check';
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  copy,
  copyGraph,
  describe as described,
  digestOf,
  ImageLayout,
  MediaType,
  MemoryContent,
  readContent,
  type Content,
  type CopyEvent,
  type Descriptor,
} from '../../oci';
import { hasCode, type ProgressEvent } from '../../report';
import { pushImage, pushIndex } from '../support/artifacts';

const thrownBy = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );

describe('contents', () => {
  let folder: string;
  let layouts = 0;
  before(async () => (folder = await mkdtemp(join(tmpdir(), 'airlock-oci-'))));
  after(() => rm(folder, { recursive: true, force: true }));
  const newLayout = (): Promise<ImageLayout> => ImageLayout.create(join(folder, `layout-${layouts++}`));

  for (const [kind, make] of [
    ['memory', () => Promise.resolve(new MemoryContent())],
    ['a layout', newLayout],
  ] as const) {
    describe(`in ${kind}`, () => {
      let content: Content;
      beforeEach(async () => (content = await make()));

      it('resolves by tag and digest, and lists tags in order', async () => {
        const image = await pushImage(content, 'b');
        await content.tag(image, 'a');
        expect(await content.resolve('a')).to.deep.equal(image);
        expect(await content.resolve(image.digest)).to.deep.equal(image);
        expect(await content.tags()).to.deep.equal(['a', 'b']);
        const next = await pushImage(content, 'a');
        expect(await content.resolve('a')).to.deep.equal(next);
        expect(await content.resolve('b')).to.deep.equal(image);
      });

      it('says what is not there', async () => {
        const absent = described(MediaType.layer, 'absent');
        expect(await content.exists(absent)).to.equal(false);
        for (const work of [
          content.resolve('x'),
          content.resolve(absent.digest),
          content.fetch(absent),
          content.tag(absent, 'x'),
        ]) {
          expect(hasCode(await thrownBy(work), 'oci.not-found')).to.equal(true);
        }
      });

      it('refuses bytes that are not those described, and digests that are none', async () => {
        const bytes = Buffer.from('right');
        const right = described(MediaType.layer, bytes);
        for (const wrong of [Buffer.from('wrong'), Buffer.from('righ'), Buffer.from('right!')]) {
          expect(hasCode(await thrownBy(content.push(right, wrong)), 'oci.digest-mismatch')).to.equal(true);
          expect(
            hasCode(await thrownBy(content.push(right, () => Readable.from([wrong]))), 'oci.digest-mismatch'),
          ).to.equal(true);
          expect(await content.exists(right)).to.equal(false);
        }
        for (const digest of ['sha256:../../etc/passwd', 'md5:abc', `sha256:${'A'.repeat(64)}`, '']) {
          expect(hasCode(await thrownBy(content.push({ ...right, digest }, bytes)), 'oci.invalid-digest')).to.equal(
            true,
          );
        }
        await content.push(right, bytes);
        await content.push(right, () => {
          throw new Error('is not asked for again');
        });
        expect((await readContent(content, right)).toString()).to.equal('right');
      });

      it('accepts sha512', async () => {
        const long = { mediaType: MediaType.layer, digest: digestOf('text', 'sha512'), size: 4 };
        await content.push(long, Buffer.from('text'));
        expect((await readContent(content, long)).toString()).to.equal('text');
      });

      it('finds referrers', async () => {
        const image = await pushImage(content, 'v1');
        const signature = await pushImage(content, 'sig', [Buffer.from('s')], { subject: image });
        expect((await content.referrers?.(image))?.map(one => one.digest)).to.deep.equal([signature.digest]);
        expect(await content.referrers?.(signature)).to.deep.equal([]);
      });
    });
  }

  describe('a layout', () => {
    it('is that of the specification', async () => {
      const layout = await newLayout();
      const image = await pushImage(layout, 'v1');
      expect(JSON.parse(await readFile(join(layout.folder, 'oci-layout'), 'utf8'))).to.deep.equal({
        imageLayoutVersion: '1.0.0',
      });
      const index = JSON.parse(await readFile(join(layout.folder, 'index.json'), 'utf8')) as {
        manifests: Descriptor[];
      };
      expect(index.manifests).to.deep.equal([{ ...image, annotations: { 'org.opencontainers.image.ref.name': 'v1' } }]);
      expect((await readdir(join(layout.folder, 'blobs', 'sha256'))).length).to.equal(4);
    });

    it('keeps every tag when many are set at once', async () => {
      const layout = await newLayout();
      const image = await pushImage(layout, 'v0');
      const second = await ImageLayout.open(layout.folder);
      await Promise.all([...Array(20).keys()].map(i => (i % 2 ? layout : second).tag(image, `t${i}`)));
      expect((await layout.tags()).length).to.equal(21);
    });

    it('leaves nothing behind when a write is cut short', async () => {
      const layout = await newLayout();
      const lie = described(MediaType.layer, 'x'.repeat(100));
      await thrownBy(layout.push(lie, () => Readable.from(['x'.repeat(50)])));
      expect(await readdir(join(layout.folder, 'blobs', 'sha256'))).to.deep.equal([]);
    });

    it('detects damage when reading, and replaces files that a crash cut short', async () => {
      const layout = await newLayout();
      const bytes = Buffer.from('x'.repeat(100));
      const blob = described(MediaType.layer, bytes);
      await layout.push(blob, bytes);
      await writeFile(layout.pathOf(blob.digest), Buffer.from('y'.repeat(100)));
      expect(hasCode(await thrownBy(readContent(layout, blob)), 'oci.digest-mismatch')).to.equal(true);
      await truncate(layout.pathOf(blob.digest), 10);
      expect(await layout.exists(blob)).to.equal(false);
      await layout.push(blob, bytes);
      expect((await readContent(layout, blob)).equals(bytes)).to.equal(true);
    });

    it('is not opened where there is none, or a damaged one', async () => {
      expect(hasCode(await thrownBy(ImageLayout.open(join(folder, 'nowhere'))), 'oci.invalid-layout')).to.equal(true);
      const layout = await newLayout();
      await writeFile(join(layout.folder, 'index.json'), '{"schemaVersion":2,"manifests":[{"digest":"../x"}]}');
      expect(hasCode(await thrownBy(ImageLayout.open(layout.folder)), 'oci.invalid-manifest')).to.equal(true);
    });
  });

  describe('copies', () => {
    it('carry everything over, children before parents, each digest once', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 4 }), { minLength: 1, maxLength: 4 }),
          fc.integer({ min: 1, max: 4 }),
          async (images, concurrency) => {
            const source = new MemoryContent();
            const manifests = [];
            for (const [i, layers] of images.entries()) manifests.push(await pushImage(source, `i${i}`, layers));
            const inner = await pushIndex(source, 'inner', manifests);
            const outer = await pushIndex(source, 'outer', [inner, ...manifests]);
            const target = new MemoryContent();
            const order: CopyEvent[] = [];
            const result = await copy(source, 'outer', target, 'copied', {
              concurrency,
              onEvent: event => order.push(event),
            });
            expect(target.digests()).to.deep.equal(source.digests());
            expect((await target.resolve('copied')).digest).to.equal(outer.digest);
            const copied = order.filter(event => event.kind === 'copied').map(event => event.descriptor.digest);
            expect(new Set(copied).size).to.equal(copied.length);
            expect(copied.at(-1)).to.equal(outer.digest);
            expect([result.copied, copied.length]).to.deep.equal([source.digests().length, source.digests().length]);
          },
        ),
        { numRuns: 40 },
      );
    });

    it('do nothing where the tag is there already', async () => {
      const source = new MemoryContent();
      const target = new MemoryContent();
      await pushImage(source, 'v1');
      await copy(source, 'v1', target);
      expect(await copy(source, 'v1', target)).to.include({ copied: 0, skipped: 1, bytes: 0 });
      expect(await copy(source, 'v1', target, 'v2')).to.include({ copied: 0, bytes: 0 });
      expect(await target.tags()).to.deep.equal(['v1', 'v2']);
    });

    it('list what has no tag, so that it can be found', async () => {
      const source = new MemoryContent();
      const image = await pushImage(source, 'v1');
      const layout = await newLayout();
      await copyGraph(source, image, layout);
      expect((await layout.roots()).map(root => root.digest)).to.deep.equal([image.digest]);
      expect(await layout.tags()).to.deep.equal([]);
    });

    it('repair a damaged target when told to look everywhere', async () => {
      const source = new MemoryContent();
      const layers = [Buffer.from('one'), Buffer.from('two')];
      await pushImage(source, 'v1', layers);
      const layout = await newLayout();
      await copy(source, 'v1', layout);
      await rm(layout.pathOf(described(MediaType.layer, 'two').digest));
      expect(await copy(source, 'v1', layout)).to.include({ copied: 0 });
      expect(await copy(source, 'v1', layout, 'v1', { deep: true })).to.include({ copied: 1 });
      expect(await layout.digests()).to.deep.equal(source.digests());
    });

    it('stop at the first failure and store no parent of what is missing', async () => {
      const source = new MemoryContent();
      const image = await pushImage(source, 'v1', [Buffer.from('one'), Buffer.from('two')]);
      const lost = described(MediaType.layer, 'two').digest;
      const broken: Content = {
        name: 'broken',
        resolve: reference => source.resolve(reference),
        exists: descriptor => source.exists(descriptor),
        fetch: descriptor =>
          descriptor.digest === lost ? Promise.reject(new Error('lost')) : source.fetch(descriptor),
        push: (descriptor, bytes) => source.push(descriptor, bytes),
        tag: (descriptor, tag) => source.tag(descriptor, tag),
        tags: () => source.tags(),
      };
      const target = new MemoryContent();
      expect(String(await thrownBy(copy(broken, 'v1', target)))).to.contain('lost');
      expect(await target.exists(image)).to.equal(false);
      expect(await target.tags()).to.deep.equal([]);
      await copy(source, 'v1', target);
      expect(target.digests()).to.deep.equal(source.digests());
    });

    it('choose a platform, or name those there are', async () => {
      const source = new MemoryContent();
      const one = await pushImage(source, 'one');
      const two = await pushImage(source, 'two');
      await pushIndex(source, 'v1', [
        { ...one, platform: { os: 'linux', architecture: 'amd64' } },
        { ...two, platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } },
      ]);
      for (const platform of ['linux/arm64', 'linux/arm64/v8']) {
        expect((await copy(source, 'v1', new MemoryContent(), 'x', { platform })).root.digest).to.equal(two.digest);
      }
      const error = await thrownBy(copy(source, 'v1', new MemoryContent(), 'x', { platform: 'linux/s390x' }));
      expect(hasCode(error, 'oci.no-such-platform') && error.remedy).to.contain('linux/amd64, linux/arm64/v8');
    });

    it('say how far they are', async () => {
      const source = new MemoryContent();
      await pushImage(source, 'v1', [Buffer.alloc(3_000_000)]);
      const events: ProgressEvent[] = [];
      await copy(source, 'v1', await newLayout(), 'v1', { report: event => events.push(event) });
      const layer = events.filter(event => event.total === 3_000_000);
      expect(layer.map(event => event.kind).filter(kind => kind !== 'update')).to.deep.equal(['start', 'done']);
      expect(layer.at(-1)?.current).to.equal(3_000_000);
    });

    it('end when aborted, with the reason given', async () => {
      const source = new MemoryContent();
      await pushImage(source, 'v1');
      const reason = new Error('enough');
      expect(
        await thrownBy(copy(source, 'v1', await newLayout(), 'v1', { signal: AbortSignal.abort(reason) })),
      ).to.equal(reason);
    });

    it('refuse manifests that are none', async () => {
      const target = new MemoryContent();
      const cases = [
        'no json',
        '[]',
        '{}',
        '{"schemaVersion":1,"config":{},"layers":[]}',
        '{"schemaVersion":2,"layers":[]}',
        '{"schemaVersion":2,"config":{"mediaType":"a/b","digest":"sha256:x","size":1},"layers":[]}',
        `{"schemaVersion":2,"config":{"mediaType":"a/b","digest":"sha256:${'a'.repeat(64)}","size":-1},"layers":[]}`,
        `{"schemaVersion":2,"config":{"mediaType":"a/b","digest":"sha256:${'a'.repeat(64)}","size":1},"layers":{}}`,
        `{"schemaVersion":2,"config":{"mediaType":"a/b","digest":"sha256:${'a'.repeat(64)}","size":1},"layers":[],"manifests":[]}`,
        `{"schemaVersion":2,"mediaType":"${MediaType.index}","config":{"mediaType":"a/b","digest":"sha256:${'a'.repeat(64)}","size":1},"layers":[]}`,
      ];
      for (const text of cases) {
        const source = new MemoryContent();
        const descriptor = described(MediaType.manifest, text);
        const odd: Content = Object.assign(Object.create(source) as Content, {
          name: 'odd',
          fetch: () => Promise.resolve(Readable.from([Buffer.from(text)])),
        });
        expect(hasCode(await thrownBy(copyGraph(odd, descriptor, target)), 'oci.invalid-manifest'), text).to.equal(
          true,
        );
      }
      expect(target.digests()).to.deep.equal([]);
    });
  });
});
