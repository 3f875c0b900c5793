import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import {
  memorySpace,
  openComponentRepository,
  openComponentVersion,
  repositoryIn,
  transferComponentVersion,
} from '../../../ocm';
import { digestOf, extractLayer, ImageArchive, streamOfBytes } from '../../../oci';
import { blobEntry, component, rawHeader, tar, type BadCase } from './case';

const index = (artifacts: unknown): string => JSON.stringify({ schemaVersion: 1, artifacts });
const good = { name: 'artifact-index.json', body: index([]) };
const end = Buffer.alloc(1024);

/** Entries that no archive of ours has, whatever reads it. */
const hostile: readonly (readonly [string, () => Promise<Buffer> | Buffer])[] = [
  ['a path that leads up', () => tar(good, { name: '../outside', body: 'x' })],
  ['a path that leads up from inside', () => tar(good, { name: 'blobs/../../outside', body: 'x' })],
  ['a path that leads up below an absolute one', () => tar(good, { name: '/blobs/../../outside', body: 'x' })],
  ['a path with backslashes', () => tar(good, { name: 'blobs\\..\\..\\outside', body: 'x' })],
  ['a symbolic link', () => tar(good, { name: 'blobs', type: 'symlink', linkname: '/tmp' })],
  ['a symbolic link for a blob', () => tar({ name: 'blobs/sha256.0', type: 'symlink', linkname: '/etc/passwd' }, good)],
  [
    'a symbolic link for the index',
    () => tar({ name: 'artifact-index.json', type: 'symlink', linkname: '/etc/passwd' }),
  ],
  ['a hard link', () => tar(good, { name: 'blobs/a', type: 'link', linkname: '/etc/passwd' })],
  ['a character device', () => tar(good, { name: 'blobs/a', type: 'character-device' })],
  ['a block device', () => tar(good, { name: 'blobs/a', type: 'block-device' })],
  ['a pipe', () => tar(good, { name: 'blobs/a', type: 'fifo' })],
  ['a kind of entry that nobody knows', () => Buffer.concat([rawHeader({ name: 'a', type: 'Z' }), end])],
  ['a wrong sum in a header', () => Buffer.concat([rawHeader({ name: 'a', sum: '000001\0 ' }), end])],
  ['a size that is no number', () => Buffer.concat([rawHeader({ name: 'a', size: 'lots' }), end])],
  [
    'a negative size',
    () => Buffer.concat([rawHeader({ name: 'a', size: '\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff' }), end]),
  ],
  [
    'a size beyond all numbers',
    () => Buffer.concat([rawHeader({ name: 'a', size: '\x80\x7f\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff' }), end]),
  ],
  [
    'a size beyond its end',
    () => Buffer.concat([rawHeader({ name: 'artifact-index.json', size: '77777777777' }), end]),
  ],
  [
    'a pax header without end',
    () => Buffer.concat([rawHeader({ name: 'x', type: 'x', size: '00000000020' }), Buffer.alloc(512, '9'), end]),
  ],
  ['a pax header with a malformed size', () => tar({ name: 'a', body: 'x', pax: { size: '-1' } }, good)],
  ['a long name without end', () => Buffer.concat([rawHeader({ name: 'x', type: 'L', size: '77777777777' }), end])],
  [
    'a name that is not UTF-8',
    () =>
      Buffer.concat([
        rawHeader({ name: 'x', type: 'L', size: '00000000002' }),
        Buffer.from([0xc3, 0x28]),
        Buffer.alloc(510),
        rawHeader({ name: 'a' }),
        end,
      ]),
  ],
  ['something else than a tar', () => Buffer.alloc(2048, 'not a tar ')],
  ['a cut header', () => rawHeader({ name: 'a' }).subarray(0, 300)],
  [
    'an entry that says to be larger than all that may be unpacked',
    () => Buffer.concat([rawHeader({ name: 'blobs/a', size: '74000000000' }), end]),
  ],
];

const forms: readonly (readonly [string, (plain: Buffer) => Buffer])[] = [
  ['tar', plain => plain],
  ['tgz', plain => gzipSync(plain)],
];

const opening = (name: string, bytes: Buffer): BadCase['run'] => {
  return folder => {
    writeFileSync(path.join(folder, name), bytes);
    return openComponentRepository(path.join(folder, name));
  };
};

async function transportArchives(): Promise<BadCase[]> {
  const cases: BadCase[] = [];
  for (const [what, make] of hostile)
    for (const [form, pack] of forms)
      cases.push({
        what: `a transport archive (${form}) with ${what}`,
        run: opening(`bad.${form}`, pack(await make())),
        code: /^ocm\.invalid-archive$/,
        where: /bad\.(tar|tgz)/,
      });
  const packed = gzipSync(await tar(good, blobEntry('x'.repeat(5000))));
  for (const share of [0.1, 0.5, 0.9])
    cases.push({
      what: `a transport archive cut at ${share}`,
      run: opening('cut.tgz', packed.subarray(0, Math.floor(packed.length * share))),
      code: /^ocm\./,
      where: /cut\.tgz/,
    });
  const damaged = Buffer.from(packed);
  damaged.writeUInt32LE(0, damaged.length - 8);
  const bomb = gzipSync(
    Buffer.concat([rawHeader({ name: 'blobs/a', size: '03777777777' }), Buffer.alloc(1024 * 1024)]),
  );
  cases.push(
    {
      what: 'a transport archive with a wrong check sum',
      run: opening('sum.tgz', damaged),
      code: /^ocm\.invalid-archive$/,
    },
    {
      what: 'a transport archive that is mostly zeros',
      run: opening('bomb.tgz', bomb),
      code: /^ocm\.invalid-archive$/,
      where: /bomb\.tgz/,
    },
    {
      what: 'a transport archive that is empty',
      run: opening('none.tar', Buffer.alloc(0)),
      code: /^ocm\.archive-not-found$/,
    },
    {
      what: 'a transport archive without index',
      run: opening('none.tar', await tar(blobEntry('x'))),
      code: /^ocm\.archive-not-found$/,
      where: /none\.tar/,
    },
    {
      what: 'a packed component archive whose descriptor is none',
      run: opening('ca.tgz', gzipSync(await tar({ name: 'component-descriptor.yaml', body: 'meta: {}' }))),
      code: /^ocm\.invalid-descriptor$/,
      where: /ca\.tgz/,
    },
    {
      what: 'an archive in a compression that is damaged',
      run: opening('bad.tar', zstdCompressSync(Buffer.alloc(4096)).subarray(0, 12)),
      code: /^ocm\./,
    },
  );
  return cases;
}

/** Indexes of transport archives that say something else than they should. */
const indexes: readonly (readonly [string, string])[] = [
  ['no JSON', '{'],
  ['a list', '[]'],
  ['text', '"index"'],
  ['another schema', JSON.stringify({ schemaVersion: 2, artifacts: [] })],
  ['artifacts that are a map', index({})],
  ['an artifact that is text', index(['x'])],
  ['an artifact without repository', index([{ digest: digestOf('x') }])],
  ['a repository that is a number', index([{ repository: 1, digest: digestOf('x') }])],
  ['an artifact without digest', index([{ repository: 'a' }])],
  ['a digest that is none', index([{ repository: 'a', digest: 'sha256:xyz' }])],
  ['a digest that leads out', index([{ repository: 'a', digest: 'sha256:../../../../etc/passwd' }])],
  ['a digest in upper case', index([{ repository: 'a', digest: digestOf('x').toUpperCase() }])],
  ['an algorithm that nobody knows', index([{ repository: 'a', digest: `md5:${'0'.repeat(32)}` }])],
  ['a tag that is a number', index([{ repository: 'a', digest: digestOf('x'), tag: 1 }])],
  [
    'a tag for two artifacts',
    index([
      { repository: 'a', digest: digestOf('x'), tag: 't' },
      { repository: 'a', digest: digestOf('y'), tag: 't' },
    ]),
  ],
  ['the same key twice', '{"schemaVersion": 1, "artifacts": [], "artifacts": []}'],
  ['bad UTF-8', '{"schemaVersion": 1, "artifacts": "\uffff"}'],
  ['nesting without end', `{"artifacts": ${'['.repeat(5000)}${']'.repeat(5000)}}`],
];

const indexCases: readonly BadCase[] = indexes.map(([what, text]) => ({
  what: `a transport archive whose index has ${what}`,
  run: folder => {
    mkdirSync(path.join(folder, 'ctf', 'blobs'), { recursive: true });
    const bytes = what === 'bad UTF-8' ? Buffer.from([0x7b, 0xc3, 0x28, 0x7d]) : text;
    writeFileSync(path.join(folder, 'ctf', 'artifact-index.json'), bytes);
    return openComponentRepository(path.join(folder, 'ctf'));
  },
  code: /^ocm\.invalid-(archive|yaml)$/,
  where: /artifact-index\.json/,
}));

/** The same entries where layers and image archives are read. */
async function layers(): Promise<BadCase[]> {
  const cases: BadCase[] = [];
  const outward: readonly (readonly [string, Buffer])[] = [
    ['a path that leads up', await tar({ name: '../outside', body: 'x' })],
    ['an absolute path', await tar({ name: '/tmp/outside', body: 'x' })],
    ['a link that leads out', await tar({ name: 'a', type: 'symlink', linkname: '/etc' })],
    ['a link that leads up', await tar({ name: 'a/b', type: 'symlink', linkname: '../../etc' })],
    ['a file through a link', await tar({ name: 'a', type: 'symlink', linkname: 'b' }, { name: 'a/c', body: 'x' })],
    ['a hard link that leads out', await tar({ name: 'a', type: 'link', linkname: '../../etc/passwd' })],
    ['a hard link to nothing', await tar({ name: 'a', type: 'link', linkname: 'b' })],
    ['a device', await tar({ name: 'a', type: 'character-device' })],
    ['a pipe', await tar({ name: 'a', type: 'fifo' })],
    ['a file for a folder', await tar({ name: 'a', type: 'directory' }, { name: 'a', body: 'x' })],
    ['a size that lies', Buffer.concat([rawHeader({ name: 'a', size: '00000010000' }), Buffer.alloc(100)])],
    ['a wrong sum', Buffer.concat([rawHeader({ name: 'a', sum: '000001\0 ' }), end])],
  ];
  for (const [what, bytes] of outward) {
    cases.push({
      what: `a layer with ${what}`,
      run: folder => extractLayer(streamOfBytes(gzipSync(bytes)), folder, { where: 'layer.tar' }),
      code: /^oci\.(unsafe-archive|invalid-archive|invalid-entry)$/,
      where: /layer\.tar/,
    });
  }
  const image =
    (name: string, bytes: Buffer): BadCase['run'] =>
    folder => {
      writeFileSync(path.join(folder, name), bytes);
      return ImageArchive.open(path.join(folder, name));
    };
  const documents: readonly (readonly [string, Buffer])[] = [
    ['nothing in it', await tar()],
    ['neither index nor manifest', await tar({ name: 'a', body: 'x' })],
    ['a manifest that is no JSON', await tar({ name: 'manifest.json', body: '{' })],
    ['a manifest that is no list', await tar({ name: 'manifest.json', body: '{}' })],
    ['an image without config', await tar({ name: 'manifest.json', body: '[{"Layers": []}]' })],
    ['layers that are text', await tar({ name: 'manifest.json', body: '[{"Config": "c", "Layers": "a"}]' })],
    ['a config that is not there', await tar({ name: 'manifest.json', body: '[{"Config": "c", "Layers": []}]' })],
    ['a config outside', await tar({ name: 'manifest.json', body: '[{"Config": "../../etc/passwd", "Layers": []}]' })],
    [
      'a layer that is not there',
      await tar({ name: 'c', body: '{}' }, { name: 'manifest.json', body: '[{"Config": "c", "Layers": ["l"]}]' }),
    ],
    [
      'a layer that is a link to itself',
      await tar(
        { name: 'c', body: '{}' },
        { name: 'l', type: 'symlink', linkname: 'l' },
        { name: 'manifest.json', body: '[{"Config": "c", "Layers": ["l"]}]' },
      ),
    ],
    ['an index that is no JSON', await tar({ name: 'oci-layout', body: '{}' }, { name: 'index.json', body: '{' })],
    [
      'an index with a digest that leads out',
      await tar(
        { name: 'oci-layout', body: '{}' },
        {
          name: 'index.json',
          body: '{"schemaVersion":2,"manifests":[{"mediaType":"x","digest":"sha256:../../x","size":1}]}',
        },
      ),
    ],
    ['a wrong sum', Buffer.concat([rawHeader({ name: 'a', sum: '000001\0 ' }), end])],
  ];
  for (const [what, bytes] of documents)
    cases.push({
      what: `an image archive with ${what}`,
      run: image('image.tar', bytes),
      code: /^oci\.invalid-(archive|manifest)$/,
      where: /image\.tar/,
    });
  return cases;
}

/** A local blob of a component archive read from outside it would be a way to steal files. */
const stolen: BadCase = {
  what: 'a component archive whose blob is outside',
  run: async folder => {
    mkdirSync(path.join(folder, 'ca', 'blobs'), { recursive: true });
    const access = { type: 'localFilesystemBlob', fileName: '../../secret', mediaType: 'text/plain' };
    const resource = { name: 'aa', version: '1.0.0', type: 't', relation: 'local', access };
    const lists = { repositoryContexts: [], sources: [], componentReferences: [], resources: [resource] };
    const descriptor = {
      meta: { schemaVersion: 'v2' },
      component: { name: component, version: '1.0.0', provider: 'a', ...lists },
    };
    writeFileSync(path.join(folder, 'ca', 'component-descriptor.yaml'), JSON.stringify(descriptor));
    writeFileSync(path.join(folder, 'secret'), 'secret');
    const { version } = await openComponentVersion(`${folder}/ca//${component}:1.0.0`);
    await transferComponentVersion(version, repositoryIn(memorySpace()));
  },
  code: /^ocm\.blob-not-found$/,
};

export async function archiveCases(): Promise<readonly BadCase[]> {
  return [...(await transportArchives()), ...indexCases, ...(await layers()), stolen];
}
