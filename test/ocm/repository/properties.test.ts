import { expect } from 'chai';
import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import {
  memorySpace,
  openComponentRepository,
  openRegistries,
  parseDescriptor,
  repositoryIn,
  tagOfVersion,
  transferComponentVersion,
  versionOfTag,
  type ComponentRepository,
} from '../../../ocm';
import { readTar, writeTar, type TarEntry } from '../../../ocm/archive';
import { isTag, streamOfBytes } from '../../../oci';
import { registryBinary, startRegistry } from '../../support/registry';

const collected = async (stream: AsyncIterable<unknown>): Promise<Buffer> => {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts);
};

const number = fc.nat({ max: 999 });
const word = fc.stringMatching(/^[0-9A-Za-z][0-9A-Za-z-]{0,8}$/).filter(text => !/^0\d+$/.test(text));
const words = fc.array(word, { minLength: 1, maxLength: 3 }).map(parts => parts.join('.'));
const version = fc
  .tuple(fc.boolean(), number, number, number, fc.option(words), fc.option(words))
  .map(
    ([v, major, minor, patch, before, build]) =>
      `${v ? 'v' : ''}${major}.${minor}.${patch}${before === null ? '' : `-${before}`}${build === null ? '' : `+${build}`}`,
  )
  .filter(text => text.length < 100);

describe('ocm/repository: properties', () => {
  it('every version has a tag, and the tag that version', () => {
    fc.assert(
      fc.property(version, text => {
        // A prerelease that itself ends like the mark is what the reference cannot tell apart either.
        fc.pre(!text.split('+')[0]?.includes('.build-'));
        const tag = tagOfVersion(text);
        expect(isTag(tag), tag).to.equal(true);
        expect(versionOfTag(tag)).to.equal(text);
      }),
      { numRuns: 500 },
    );
  });

  it('every archive that is written is read as it was, compressed or not, in any pieces', async () => {
    const segment = fc
      .string({ minLength: 1, maxLength: 60, unit: 'grapheme' })
      .filter(text => !/[/\\\0]|^\.{1,2}$/.test(text));
    const file = fc.record({
      name: fc.array(segment, { minLength: 1, maxLength: 4 }).map(parts => parts.join('/')),
      content: fc.uint8Array({ maxLength: 2000 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(file, { maxLength: 8, selector: each => each.name }),
        fc.boolean(),
        fc.integer({ min: 1, max: 3000 }),
        async (files, compress, piece) => {
          const entries = files.map(({ name, content }): TarEntry => ({
            name,
            content,
            type: 'file',
            mode: 0o644,
            mtime: 0,
            size: content.length,
          }));
          const tar = await collected(writeTar(entries));
          const bytes = compress ? gzipSync(tar) : tar;
          async function* pieces(): AsyncGenerator<Buffer> {
            for (let at = 0; at < bytes.length; at += piece)
              yield await Promise.resolve(bytes.subarray(at, at + piece));
          }
          const found: { name: string; content: string }[] = [];
          for await (const entry of readTar(Readable.from(pieces(), { objectMode: false }), 'archive'))
            found.push({ name: entry.name, content: (await collected(entry.stream)).toString('hex') });
          expect(found).to.deep.equal(
            files.map(({ name, content }) => ({ name, content: Buffer.from(content).toString('hex') })),
          );
        },
      ),
      { numRuns: 25 },
    );
  }).timeout(60_000);

  it('no damage to an archive is more than an error', async () => {
    const tar = await collected(
      writeTar([
        { name: 'a', type: 'file', mode: 0o644, mtime: 0, size: 600, content: Buffer.alloc(600, 'a') },
        { name: 'd', type: 'directory', mode: 0o755, mtime: 0 },
        { name: `${'long/'.repeat(60)}x`, type: 'file', mode: 0o644, mtime: 0, size: 5, content: Buffer.from('hello') },
      ]),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: tar.length - 1 }),
        fc.nat({ max: 255 }),
        fc.nat({ max: tar.length }),
        async (at, value, length) => {
          const bytes = Buffer.from(tar.subarray(0, length));
          if (at < bytes.length) bytes[at] = value;
          try {
            for await (const entry of readTar(streamOfBytes(bytes), 'archive')) await collected(entry.stream);
          } catch (error) {
            expect((error as { code?: string }).code).to.equal('ocm.invalid-archive');
          }
        },
      ),
      { numRuns: 150 },
    );
  }).timeout(60_000);

  describe('descriptors', () => {
    let folder: string;
    const open: (() => Promise<ComponentRepository>)[] = [];
    let stop = (): Promise<void> => Promise.resolve();
    before(async () => {
      folder = mkdtempSync(path.join(tmpdir(), 'airlock-test-'));
      for (const name of ['ctf', 'ctf.tar', 'ctf.tgz'])
        open.push(() => openComponentRepository(path.join(folder, name), { mode: 'update' }));
      const binary = await registryBinary();
      if (binary === undefined)
        return void process.stderr.write('skipped for registries: there is none in the cache\n');
      const registry = await startRegistry(binary, { auth: false });
      stop = () => registry.stop();
      const registries = openRegistries({ credentials: 'anonymous' });
      open.push(() => openComponentRepository(`http://${registry.host}/some/path`, { registries }));
    });
    after(async () => {
      await stop();
      rmSync(folder, { recursive: true });
    });

    it('keep their bytes on every way through archives and registries, whatever they look like', async () => {
      const label = fc.record({
        name: fc.stringMatching(/^[a-z]{3,10}$/),
        value: fc.jsonValue({ maxDepth: 3 }),
        signing: fc.boolean(),
      });
      const style = fc.record({
        indent: fc.integer({ min: 0, max: 4 }),
        trailer: fc.constantFrom('', '\n', '\n\n# the end\n'),
      });
      let run = 0;
      await fc.assert(
        fc.asyncProperty(
          version,
          fc.uniqueArray(label, { maxLength: 3, selector: each => each.name }),
          style,
          async (text, labels, { indent, trailer }) => {
            const name = `example.com/acme/run${++run}`;
            const lists = { repositoryContexts: [], sources: [], componentReferences: [], resources: [] };
            const component = { name, version: text, provider: 'acme', labels, unknown: { kept: true }, ...lists };
            const bytes = Buffer.from(
              JSON.stringify({ component, meta: { schemaVersion: 'v2' } }, undefined, indent) + trailer,
            );
            let from: ComponentRepository = repositoryIn(memorySpace());
            await from.put({ descriptor: parseDescriptor(bytes, 'made'), blobs: [] });
            for (const each of open) {
              const to = await each();
              await transferComponentVersion(await from.open(name, text), to);
              await to.close();
              await from.close();
              from = await each();
              const stored = await from.open(name, text);
              expect(Buffer.from(stored.bytes).equals(bytes), `${from.name} ${name}`).to.equal(true);
              expect(await from.listVersions(name)).to.deep.equal([text]);
            }
            await from.close();
          },
        ),
        { numRuns: 4 },
      );
    }).timeout(120_000);
  });
});
