import type { Json, JsonObject } from '../../../ocm';

/** A descriptor that says everything that can be said. */
const digest = { hashAlgorithm: 'SHA-256', normalisationAlgorithm: 'genericBlobDigest/v1', value: 'ab'.repeat(32) };
const label = {
  name: 'example.com/label',
  value: { any: 1 },
  version: 'v1',
  signing: true,
  merge: { algorithm: 'default', config: {} },
};
const element = { name: 'one', version: '1.0.0', extraIdentity: { arch: 'amd64' }, labels: [label] };
const resource = {
  ...element,
  type: 'blob',
  relation: 'local',
  access: { type: 'localBlob', localReference: 'sha256:ab' },
  srcRefs: [{ identitySelector: { name: 'src' }, labels: [label] }],
  digest,
};
const { labels: _labels, ...unlabelled } = resource;
const { name: _name, ...unnamed } = resource;
const source = { ...element, type: 'git', access: { type: 'gitHub' } };
const reference = { ...element, componentName: 'example.com/other', digest };
const around = {
  signatures: [
    {
      name: 'acme',
      digest: { ...digest, normalisationAlgorithm: 'jsonNormalisation/v3' },
      signature: {
        algorithm: 'RSASSA-PSS',
        mediaType: 'application/vnd.ocm.signature.rsa.pss',
        value: 'ab',
        issuer: 'x',
      },
      timestamp: { value: 'x', time: '2026-01-01T00:00:00Z' },
    },
  ],
  nestedDigests: [
    {
      name: 'example.com/other',
      version: '1.0.0',
      digest,
      resourceDigests: [{ name: 'one', version: '1.0.0', extraIdentity: { arch: 'amd64' }, digest }],
    },
  ],
};
export const complete: Readonly<Record<'v2' | 'v3alpha1', JsonObject>> = {
  v2: {
    meta: { schemaVersion: 'v2' },
    component: {
      name: 'example.com/one',
      version: '1.0.0',
      provider: JSON.stringify({ name: 'acme', labels: [label] }),
      labels: [label],
      creationTime: '2026-01-01T00:00:00Z',
      repositoryContexts: [{ type: 'OCIRegistry' }],
      resources: [resource],
      sources: [source],
      componentReferences: [reference],
    },
    ...around,
  },
  v3alpha1: {
    apiVersion: 'ocm.software/v3alpha1',
    kind: 'ComponentVersion',
    metadata: {
      name: 'example.com/one',
      version: '1.0.0',
      provider: { name: 'acme', labels: [label] },
      labels: [label],
      creationTime: '2026-01-01T00:00:00Z',
    },
    repositoryContexts: [{ type: 'OCIRegistry' }],
    spec: { resources: [resource], sources: [source], references: [reference] },
    ...around,
  },
};

export type DescriptorCase = readonly [what: string, document: Json];
type Path = readonly (string | number)[];

/** Fields whose value may be anything, or of which nothing is known. */
const free = /(^|\.)(value\.any|config|localReference|identitySelector|identitySelector\.name)$|labels\.0\.value$/;
const optional =
  /(labels|extraIdentity|extraIdentity\.arch|srcRefs|digest|version|signing|merge|merge\.algorithm|issuer|timestamp|timestamp\.value|time|signatures|nestedDigests|creationTime|resourceDigests|repositoryContexts|resources|sources|references|identitySelector)$/;

function* pathsIn(value: Json, path: Path = []): Generator<Path> {
  if (path.length > 0) yield path;
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value))
    yield* pathsIn(inner, [...path, Array.isArray(value) ? Number(key) : key]);
}

/** A copy in which the value at `path` is another, or gone. */
function changed(document: Json, path: Path, change: (parent: JsonObject, key: string) => void): Json {
  const copy = structuredClone(document);
  const parent = path.slice(0, -1).reduce<Json>((found, step) => (found as JsonObject)[step] ?? null, copy);
  change(parent as JsonObject, String(path.at(-1)));
  return copy;
}

function otherTypes(value: Json): Json[] {
  const others: Json[] = [7, true, 'text', ['x'], { x: 1 }];
  const kind = (each: Json): string => (Array.isArray(each) ? 'list' : typeof each);
  return others.filter(each => kind(each) !== kind(value));
}

/** Every field of another type, and every required one missing. */
export function generatedCases(schema: 'v2' | 'v3alpha1'): DescriptorCase[] {
  const document = complete[schema];
  return [...pathsIn(document)].flatMap((path): DescriptorCase[] => {
    const text = path.join('.');
    if (free.test(text)) return [];
    const value = path.reduce<Json>((found, step) => (found as JsonObject)[step] ?? null, document);
    const wrong = otherTypes(value).map((other, index): DescriptorCase => [
      `${schema}: ${text} is ${JSON.stringify(other)}`,
      changed(document, path, (parent, key) => void (parent[key] = otherTypes(value)[index] ?? null)),
    ]);
    const gone: DescriptorCase[] =
      typeof path.at(-1) === 'number' || optional.test(text.replace(/^(component|metadata)\.version$/, ''))
        ? []
        : [[`${schema}: no ${text}`, changed(document, path, (parent, key) => void delete parent[key])]];
    return [...wrong, ...gone];
  });
}

const v2 = (path: Path, value: Json): Json => changed(complete.v2, path, (parent, key) => void (parent[key] = value));
const inComponent = (field: string, value: Json): Json => v2(['component', field], value);
const inResource = (field: string, value: Json): Json => v2(['component', 'resources', 0, field], value);
const with2 = (field: string, first: JsonObject, second: JsonObject): Json => inComponent(field, [first, second]);

/** What types alone do not show. */
export const handMadeCases: readonly DescriptorCase[] = [
  ['a text', 'text'],
  ['a list', []],
  ['an empty map', {}],
  ['both schemas', { ...complete.v2, apiVersion: 'ocm.software/v3alpha1' }],
  ['both schemas, one in another spelling', { ...complete.v2, APIVERSION: 'ocm.software/v3alpha1' }],
  ['an unknown schema', { ...complete.v2, meta: { schemaVersion: 'v9' } }],
  ['an unknown apiVersion', { ...complete.v3alpha1, apiVersion: 'ocm.software/v9' }],
  ['another kind', { ...complete.v3alpha1, kind: 'Component' }],
  ...[
    'test',
    'test.de',
    'Test.de/x',
    'test.de/X',
    'test.de/x/',
    '/x',
    'test.de//x',
    `a.de/${'x'.repeat(300)}`,
    '../x.de/y',
    'a.de/x y',
  ].map((name): DescriptorCase => [`the component name ${name.slice(0, 40)}`, inComponent('name', name)]),
  ...[
    '',
    'x',
    '1.0.0.0',
    '01.0.0',
    '1.0.0-',
    '1.0.0+',
    'v',
    '1.0.0 ',
    '-1',
    '1.0.0-01',
    '1.0.0\n',
    '1.0.0/../..',
    `1.0.0-${'x'.repeat(300)}`,
  ].map((version): DescriptorCase => [
    `the version ${JSON.stringify(version.slice(0, 40))}`,
    inComponent('version', version),
  ]),
  ...['', 'x', 'Ab', 'a b', '-ab', 'ab-', 'a/b', '../ab', 'ab\n', 'äb'].map((name): DescriptorCase => [
    `the resource name ${JSON.stringify(name)}`,
    inResource('name', name),
  ]),
  ['an identity with name', inResource('extraIdentity', { name: 'x' })],
  ['an identity with a bad key', inResource('extraIdentity', { 'A b': 'x' })],
  ['an identity with an empty key', inResource('extraIdentity', { '': 'x' })],
  ['an identity with null', inResource('extraIdentity', { arch: null })],
  ['a relation that is none', inResource('relation', 'near')],
  ['an empty type', inResource('type', '')],
  ['an empty access type', inResource('access', { type: '' })],
  ['a label twice', inComponent('labels', [label, label])],
  ['a label version that is none', inComponent('labels', [{ ...label, version: '1' }])],
  [
    'a label merge with something else',
    inComponent('labels', [{ ...label, merge: { algorithm: 'default', more: 1 } }]),
  ],
  ['a label without a name', inComponent('labels', [{ ...label, name: '' }])],
  ...[
    'yesterday',
    '2026-01-01',
    '2026-13-01T00:00:00Z',
    '2026-02-30T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:00:60Z',
    '2026-01-01 00:00:00Z',
    '2026-01-01T00:00:00',
    '2026-01-01T00:00:00+99:00',
    '12026-01-01T00:00:00Z',
  ].map((time): DescriptorCase => [`the time ${time}`, inComponent('creationTime', time)]),
  ...[
    '',
    '{"a":1}',
    'null',
    '{"name":""}',
    '{"name":"a","labels":[{}]}',
    '{"name":"a","labels":5}',
    '{"name":"a","NAME":"b"}',
    '{"name":"{\\"name\\":\\"b\\"}"}',
  ].map((provider): DescriptorCase => [`the provider ${provider}`, inComponent('provider', provider)]),
  ['two resources of one identity', with2('resources', resource, resource)],
  ['two sources of one identity', with2('sources', source, source)],
  ['two references of one identity', with2('componentReferences', reference, reference)],
  [
    'two resources whose identities become one',
    inComponent('resources', [
      { ...resource, extraIdentity: {} },
      { ...resource, version: '2.0.0', extraIdentity: {} },
      { ...resource, version: '3.0.0', extraIdentity: { version: '2.0.0' } },
    ]),
  ],
  ['a reference with something else', inComponent('componentReferences', [{ ...reference, digets: {} }])],
  ['a signature with something else', { ...complete.v2, signatures: [{ ...around.signatures[0], more: 1 }] }],
  ['a digest in two spellings', inResource('Digest', digest)],
  ['labels in two spellings', inResource('LABELS', [label])],
  ['labels in two wrong spellings', inComponent('resources', [{ ...unlabelled, lABELS: [], Labels: [] }])],
  ['signatures in two spellings', { ...complete.v2, Signatures: [] }],
  ['labels with a letter that looks alike', inResource('label\u017f', [label])],
  ['a name in another spelling only', inComponent('resources', [{ ...unnamed, Name: 'one' }])],
];
