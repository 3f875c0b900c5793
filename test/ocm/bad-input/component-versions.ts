import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  memorySpace,
  openComponentVersion,
  repositoryIn,
  transferComponentVersion,
  type JsonObject,
} from '../../../ocm';
import { describe as described, digestOf, MediaType, type Descriptor } from '../../../oci';
import { component, type BadCase } from './case';
import { tarOf } from '../../../ocm/archive';

const configType = 'application/vnd.ocm.software.component.config.v1+json';
const descriptorType = 'application/vnd.ocm.software.component-descriptor.v2+json';
const plain = ({ mediaType, digest, size }: Descriptor): Descriptor => ({ mediaType, digest, size });

const descriptorOf = (resources: readonly JsonObject[] = [], name = component, version = '1.0.0'): Buffer =>
  Buffer.from(
    JSON.stringify({
      meta: { schemaVersion: 'v2' },
      component: {
        name,
        version,
        provider: 'a',
        repositoryContexts: [],
        sources: [],
        componentReferences: [],
        resources,
      },
    }),
  );

/** What stands in an archive: everything as it should be, but for what a case changes. */
interface Stored {
  readonly descriptor?: Buffer;
  readonly descriptorType?: string;
  readonly configType?: string;
  readonly config?: (layer: Descriptor) => unknown;
  readonly manifest?: (config: Descriptor, layer: Descriptor) => unknown;
  readonly rootType?: string;
  readonly blobs?: readonly Buffer[];
  /** Blobs whose files hold something else. */
  readonly spoiled?: (config: Descriptor, layer: Descriptor, manifest: Descriptor) => Descriptor | undefined;
  readonly missing?: (config: Descriptor, layer: Descriptor) => Descriptor;
}

function write(folder: string, stored: Stored): string {
  const files = new Map<string, Buffer>();
  const put = (mediaType: string, bytes: Buffer): Descriptor => {
    const descriptor = plain(described(mediaType, bytes));
    files.set(descriptor.digest, bytes);
    return descriptor;
  };
  for (const blob of stored.blobs ?? []) put(MediaType.octets, blob);
  const layer = put(stored.descriptorType ?? descriptorType, stored.descriptor ?? descriptorOf());
  const configDocument = stored.config?.(layer) ?? { componentDescriptorLayer: layer };
  const config = put(
    stored.configType ?? configType,
    Buffer.from(typeof configDocument === 'string' ? configDocument : JSON.stringify(configDocument)),
  );
  const document = stored.manifest?.(config, layer) ?? { schemaVersion: 2, config, layers: [layer] };
  const manifest = put(
    MediaType.manifest,
    Buffer.from(typeof document === 'string' ? document : JSON.stringify(document)),
  );
  const spoiled = stored.spoiled?.(config, layer, manifest);
  if (spoiled !== undefined) files.set(spoiled.digest, Buffer.alloc(spoiled.size, 'x'));
  const missing = stored.missing?.(config, layer);
  if (missing !== undefined) files.delete(missing.digest);
  const archive = path.join(folder, 'ctf');
  mkdirSync(path.join(archive, 'blobs'), { recursive: true });
  for (const [digest, bytes] of files) writeFileSync(path.join(archive, 'blobs', digest.replace(':', '.')), bytes);
  const entry = {
    repository: `component-descriptors/${component}`,
    tag: '1.0.0',
    digest: manifest.digest,
    mediaType: stored.rootType ?? MediaType.manifest,
  };
  writeFileSync(path.join(archive, 'artifact-index.json'), JSON.stringify({ schemaVersion: 1, artifacts: [entry] }));
  return `${archive}//${component}:1.0.0`;
}

const resource = (access: JsonObject, more: JsonObject = {}): JsonObject => ({
  name: 'text',
  version: '1.0.0',
  type: 'PlainText',
  relation: 'local',
  access: access,
  ...more,
});
const hello = Buffer.from('hello');
const local = { type: 'localBlob', localReference: digestOf(hello), mediaType: 'text/plain' };
const helloLayer = plain(described('text/plain', hello));
const withLayer =
  (layer: unknown) =>
  (config: Descriptor, descriptor: Descriptor): unknown => ({ schemaVersion: 2, config, layers: [descriptor, layer] });
const descriptorTar = 'application/vnd.ocm.software.component-descriptor.v2+yaml+tar';
const tarWith = (name: string, content: Buffer): Buffer =>
  tarOf([{ name, type: 'file', mode: 0o644, mtime: 0, content }]);

const unreadable: readonly (readonly [string, Stored])[] = [
  ['a manifest that is no JSON', { manifest: () => '{' }],
  ['a manifest without config', { manifest: (_config, layer) => ({ schemaVersion: 2, layers: [layer] }) }],
  [
    'a manifest that is an index too',
    { manifest: (config, layer) => ({ schemaVersion: 2, config, layers: [layer], manifests: [] }) },
  ],
  ['a manifest that is taken for an index', { rootType: MediaType.index }],
  ['an index without entries', { rootType: MediaType.index, manifest: () => ({ schemaVersion: 2, manifests: [] }) }],
  ['a config of an image', { configType: MediaType.config }],
  ['a config that is no JSON', { config: () => 'x' }],
  ['a config that names something else than a layer', { config: () => ({ componentDescriptorLayer: helloLayer }) }],
  ['a config that names no digest', { config: () => ({ componentDescriptorLayer: { digest: '../../x' } }) }],
  ['a config that names text', { config: () => ({ componentDescriptorLayer: 'x' }) }],
  ['no descriptor layer', { config: () => ({}), manifest: config => ({ schemaVersion: 2, config, layers: [] }) }],
  ['a descriptor of an unknown media type', { descriptorType: 'text/plain' }],
  ['a descriptor called a tar', { descriptorType: descriptorTar }],
  ['a tar without descriptor', { descriptorType: descriptorTar, descriptor: tarWith('other.yaml', descriptorOf()) }],
  [
    'a tar whose descriptor is outside',
    { descriptorType: descriptorTar, descriptor: tarWith('../component-descriptor.yaml', descriptorOf()) },
  ],
  [
    'a tar that is cut',
    {
      descriptorType: descriptorTar,
      descriptor: tarWith('component-descriptor.yaml', descriptorOf()).subarray(0, 600),
    },
  ],
  ['a descriptor that is no YAML', { descriptor: Buffer.from('a: [') }],
  ['a descriptor without anything', { descriptor: Buffer.from('{}') }],
  ['the descriptor of another component', { descriptor: descriptorOf([], 'example.com/acme/other') }],
  ['the descriptor of another version', { descriptor: descriptorOf([], component, '2.0.0') }],
  ['a descriptor with a name that leads out', { descriptor: descriptorOf([], '../../etc') }],
  ['other bytes for the manifest', { spoiled: (_config, _layer, manifest) => manifest }],
  ['other bytes for the config', { spoiled: config => config }],
  ['other bytes for the descriptor', { spoiled: (_config, layer) => layer }],
  ['no file for the config', { missing: config => config }],
  ['no file for the descriptor', { missing: (_config, layer) => layer }],
  [
    'a descriptor that is said to be huge',
    { manifest: (config, layer) => ({ schemaVersion: 2, config, layers: [{ ...layer, size: 2 ** 40 }] }) },
  ],
];

const notTransferable: readonly (readonly [string, Stored])[] = [
  ['a local blob that is no layer', { descriptor: descriptorOf([resource(local)]) }],
  ['a local blob without reference', { descriptor: descriptorOf([resource({ type: 'localBlob' })]) }],
  [
    'a local blob that leads out',
    { descriptor: descriptorOf([resource({ ...local, localReference: '../../../etc/passwd' })]) },
  ],
  [
    'a local blob whose file is not there',
    { descriptor: descriptorOf([resource(local)]), manifest: withLayer(helloLayer) },
  ],
  [
    'a local blob of other bytes',
    {
      descriptor: descriptorOf([resource(local)]),
      manifest: withLayer(helloLayer),
      blobs: [hello],
      spoiled: () => helloLayer,
    },
  ],
  [
    'a local blob that is longer than said',
    { descriptor: descriptorOf([resource(local)]), manifest: withLayer({ ...helloLayer, size: 3 }), blobs: [hello] },
  ],
  [
    'a local blob that is shorter than said',
    { descriptor: descriptorOf([resource(local)]), manifest: withLayer({ ...helloLayer, size: 30 }), blobs: [hello] },
  ],
  [
    'a local blob with another digest than signed',
    {
      descriptor: descriptorOf([
        resource(local, {
          digest: { hashAlgorithm: 'SHA-256', normalisationAlgorithm: 'genericBlobDigest/v1', value: '0'.repeat(64) },
        }),
      ]),
      manifest: withLayer(helloLayer),
      blobs: [hello],
    },
  ],
  [
    'an image that is an archive of nothing',
    {
      descriptor: descriptorOf([
        resource(
          { ...local, mediaType: 'application/vnd.oci.image.manifest.v1+tar' },
          {
            digest: { hashAlgorithm: 'SHA-256', normalisationAlgorithm: 'ociArtifactDigest/v1', value: '0'.repeat(64) },
          },
        ),
      ]),
      manifest: withLayer(helloLayer),
      blobs: [hello],
    },
  ],
];

export function componentVersionCases(): readonly BadCase[] {
  return [
    ...unreadable.map(([what, stored]) => ({
      what: `a component version with ${what}`,
      run: (folder: string) => openComponentVersion(write(folder, stored)),
      code: /^(ocm\.(invalid-(component-version|descriptor|archive|yaml|component-name)|component-version-not-found)|oci\.(invalid-manifest|digest-mismatch|not-found|too-large))$/,
      where: /example\.com\/acme\/bad/,
    })),
    ...notTransferable.map(([what, stored]) => ({
      what: `a component version, transferred, with ${what}`,
      run: async (folder: string) => {
        const { version } = await openComponentVersion(write(folder, stored));
        // Into a registry, where images are unpacked.
        const target = repositoryIn({ ...memorySpace('target.example'), registry: 'target.example' });
        await transferComponentVersion(version, target, { copyResources: true });
      },
      code: /^(ocm\.(blob-not-found|invalid-access|digest-mismatch|invalid-archive|invalid-artifact-set|transfer-incomplete)|oci\.(digest-mismatch|not-found|invalid-manifest))$/,
    })),
  ];
}
