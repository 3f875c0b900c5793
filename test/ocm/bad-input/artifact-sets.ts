import { checkArtifactSet, openArtifactSet } from '../../../ocm/access';
import {
  children,
  describe as described,
  digestOf,
  MediaType,
  readContent,
  streamOfBytes,
  type Descriptor,
} from '../../../oci';
import { gzipSync } from 'node:zlib';
import { blobEntry, blobName, tar, type BadCase } from './case';

const config = Buffer.from('{}');
const layer = Buffer.from('a layer');
const manifestOf = (document: object): Buffer => Buffer.from(JSON.stringify(document));
const plain = ({ mediaType, digest, size }: Descriptor): Descriptor => ({ mediaType, digest, size });
const manifest = manifestOf({
  schemaVersion: 2,
  mediaType: MediaType.manifest,
  config: plain(described(MediaType.config, config)),
  layers: [plain(described(MediaType.layer, layer))],
});
const root = plain(described(MediaType.manifest, manifest));
const indexOf = (entries: unknown, main?: string): Buffer =>
  manifestOf({
    schemaVersion: 2,
    manifests: entries,
    ...(main === undefined ? {} : { annotations: { 'software.ocm/main': main } }),
  });
const indexEntry = (entries: unknown, main?: string) => ({ name: 'index.json', body: indexOf(entries, main) });
const layout = { name: 'oci-layout', body: '{"imageLayoutVersion":"1.0.0"}' };
const whole = [layout, blobEntry(config), blobEntry(layer), blobEntry(manifest)];
const withManifest = (document: object): [Descriptor, ReturnType<typeof blobEntry>] => {
  const bytes = manifestOf(document);
  return [plain(described(MediaType.manifest, bytes)), blobEntry(bytes)];
};

export async function artifactSetCases(): Promise<readonly BadCase[]> {
  const [lying, lyingEntry] = withManifest({
    schemaVersion: 2,
    config: { ...plain(described(MediaType.config, config)), size: 5000 },
    layers: [],
  });
  const [mixed, mixedEntry] = withManifest({
    schemaVersion: 2,
    config: plain(described(MediaType.config, config)),
    layers: [],
    manifests: [],
  });
  const [negative, negativeEntry] = withManifest({
    schemaVersion: 2,
    config: { ...plain(described(MediaType.config, config)), size: -1 },
    layers: [],
  });
  const [typeless, typelessEntry] = withManifest({
    schemaVersion: 2,
    config: { digest: digestOf(config), size: 2 },
    layers: [],
  });
  const [old, oldEntry] = withManifest({ schemaVersion: 1, name: 'x', fsLayers: [] });
  const archives: readonly (readonly [string, Buffer])[] = [
    ['nothing', await tar()],
    ['no index', await tar(...whole)],
    ['an empty index', await tar(indexEntry([]), ...whole)],
    ['an index that is no JSON', await tar({ name: 'index.json', body: '{' }, ...whole)],
    ['an index that is a list', await tar({ name: 'index.json', body: '[]' }, ...whole)],
    ['manifests that are text', await tar(indexEntry('x'), ...whole)],
    ['an entry without digest', await tar(indexEntry([{ mediaType: root.mediaType, size: 1 }]), ...whole)],
    [
      'an entry with a digest that leads out',
      await tar(indexEntry([{ ...root, digest: 'sha256:../../../etc/passwd' }]), ...whole),
    ],
    ['two artifacts and no word which', await tar(indexEntry([root, { ...root, digest: digestOf('x') }]), ...whole)],
    ['a main artifact that is not listed', await tar(indexEntry([root], digestOf('x')), ...whole)],
    ['a main artifact that is not there', await tar(indexEntry([root]), layout, blobEntry(config), blobEntry(layer))],
    ['a layer that is missing', await tar(indexEntry([root]), layout, blobEntry(config), blobEntry(manifest))],
    [
      'a layer of other bytes',
      await tar(indexEntry([root]), layout, blobEntry(config), blobEntry(manifest), {
        name: blobName(layer),
        body: 'other',
      }),
    ],
    [
      'a manifest of other bytes',
      await tar(indexEntry([root]), layout, blobEntry(config), blobEntry(layer), {
        name: blobName(manifest),
        body: '{}',
      }),
    ],
    ['a size in its index that lies', await tar(indexEntry([{ ...root, size: root.size + 1 }]), ...whole)],
    ['a size in its manifest that lies', await tar(indexEntry([lying]), layout, blobEntry(config), lyingEntry)],
    ['a manifest that is an index too', await tar(indexEntry([mixed]), layout, blobEntry(config), mixedEntry)],
    ['a negative size', await tar(indexEntry([negative]), layout, blobEntry(config), negativeEntry)],
    ['a config without media type', await tar(indexEntry([typeless]), layout, blobEntry(config), typelessEntry)],
    ['a manifest of schema 1', await tar(indexEntry([old]), layout, blobEntry(config), oldEntry)],
    ['a manifest called an index', await tar(indexEntry([{ ...root, mediaType: MediaType.index }]), ...whole)],
    [
      'a link for a blob',
      await tar(indexEntry([root]), { name: blobName(layer), type: 'symlink', linkname: '/etc/passwd' }),
    ],
    ['a path that leads out', await tar(indexEntry([root]), { name: 'blobs/sha256/../../../outside', body: 'x' })],
    ['a cut end', (await tar(indexEntry([root]), ...whole)).subarray(0, 2100)],
    ['a cut end, compressed', gzipSync(await tar(indexEntry([root]), ...whole)).subarray(0, 300)],
    ['something else than a tar', Buffer.alloc(3000, 'not a tar')],
  ];
  const codes = /^(ocm\.(invalid-artifact-set|invalid-archive)|oci\.(invalid-manifest|digest-mismatch|not-found))$/;
  return archives.flatMap(([what, bytes]) => [
    {
      what: `an archive of an OCI artifact, checked, with ${what}`,
      run: () => checkArtifactSet(streamOfBytes(bytes), 'the blob'),
      code: codes,
      where: /the blob/,
    },
    {
      what: `an archive of an OCI artifact, opened and read, with ${what}`,
      run: async () => {
        const artifact = await openArtifactSet(streamOfBytes(bytes), 'the blob');
        try {
          const document = await readContent(artifact.content, artifact.descriptor);
          for (const each of children(artifact.descriptor, document, 'the blob'))
            await readContent(artifact.content, each);
          // What only the check of the whole finds is found there.
          await checkArtifactSet(streamOfBytes(bytes), 'the blob');
        } finally {
          await artifact.close();
        }
      },
      code: codes,
      where: /the blob/,
    },
  ]);
}
