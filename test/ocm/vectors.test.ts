import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import {
  DigestTree,
  memorySpace,
  normalisationOf,
  normalise,
  normalisations,
  openComponentRepository,
  parseDescriptor,
  readConstructor,
  readYamlDocuments,
  repositoryIn,
  serialiseDescriptor,
  verifyAccess,
  type ComponentVersionAccess,
  type Normalisation,
  type ParsedDescriptor,
} from '../../ocm';
import { readText, sharedVectors } from './support';

/*
 * Walks every folder of vectors, here and beside the checkout. What a file is follows from its name and content, so that
 * vectors which are added are checked too; a file that no rule knows fails.
 */

const own = path.join(__dirname, 'vectors');
const roots = [own, sharedVectors].filter(existsSync);
if (!roots.includes(sharedVectors)) process.stderr.write('skipped: shared vectors are not beside this checkout\n');

const isArchive = (file: string): boolean => /\.(tar|tgz|tar\.gz)$/.test(file);
const isCtf = (folder: string): boolean => existsSync(path.join(folder, 'artifact-index.json'));

/** All vectors below a folder: files, and folders that are one archive. */
function vectorsIn(folder: string): string[] {
  if (isCtf(folder)) return [folder];
  return readdirSync(folder)
    .sort()
    .map(name => path.join(folder, name))
    .flatMap(each => (statSync(each).isDirectory() ? vectorsIn(each) : [each]));
}

/** The files of this kind in the folder or above it, up to the vectors' root. */
function nearest(file: string, pattern: RegExp): string[] {
  const found: string[] = [];
  for (let folder = path.dirname(file); !roots.includes(folder); folder = path.dirname(folder))
    found.push(
      ...readdirSync(folder)
        .filter(name => pattern.test(name))
        .map(name => path.join(folder, name)),
    );
  return found;
}

interface Expected {
  readonly component: string;
  readonly version: string;
  readonly normalisation: Normalisation;
  readonly sha256: string;
  readonly normalised: string;
}

/** What `expected.json` above a file says about component versions, if there is such a list. */
function expectedFor(file: string): Expected[] {
  return nearest(file, /^expected\.json$/).flatMap(each => {
    const list = JSON.parse(readFileSync(each, 'utf8')) as unknown;
    return Array.isArray(list) ? (list as Expected[]) : [];
  });
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const keysFor = (file: string): { publicKey: string }[] =>
  nearest(file, /\.pub$/).map(each => ({ publicKey: readFileSync(each, 'utf8') }));

async function checkSignatures(access: ComponentVersionAccess, file: string): Promise<void> {
  const signatures = access.descriptor.signatures ?? [];
  if (signatures.length === 0 || keysFor(file).length === 0) return;
  const { resources, componentReferences } = access.descriptor.component;
  // Content elsewhere is not there any more; then only what is stored is checked.
  const complete =
    (await access.repository.listComponents?.())?.length !== 1 ||
    (resources.length === 0 && componentReferences.length === 0);
  const remote = await hasRemoteContent(access);
  const verified = await verifyAccess(access, { keys: keysFor(file), local: remote || !complete });
  expect(verified.signatures.map(each => each.name)).to.deep.equal(signatures.map(each => each.name));
}

/** Whether a component version, or one that it refers to, has content in some registry. */
async function hasRemoteContent({ repository }: ComponentVersionAccess): Promise<boolean> {
  for (const component of (await repository.listComponents?.()) ?? [])
    for (const version of await repository.listVersions(component)) {
      const { descriptor } = await repository.open(component, version);
      if (descriptor.component.resources.some(({ access }) => !/^(localBlob|LocalBlob|none)/.test(access.type)))
        return true;
    }
  return false;
}

function checkDescriptor(parsed: ParsedDescriptor): void {
  const again = parseDescriptor(serialiseDescriptor(parsed.descriptor), 'again').descriptor;
  for (const normalisation of normalisations)
    expect(normalise(again, normalisation)).to.equal(normalise(parsed.descriptor, normalisation));
  if (parsed.format === 'yaml' && Buffer.from(parsed.bytes).toString().startsWith('component:'))
    expect(Buffer.from(serialiseDescriptor(again)).toString()).to.equal(Buffer.from(parsed.bytes).toString());
}

async function checkArchive(file: string): Promise<void> {
  const repository = await openComponentRepository(file);
  try {
    const components = (await repository.listComponents?.()) ?? [];
    expect(components).not.to.be.empty;
    for (const component of components) {
      for (const version of await repository.listVersions(component)) {
        const access = await repository.open(component, version);
        checkDescriptor(access);
        await checkSignatures(access, file);
        for (const { access: where } of access.descriptor.component.resources) {
          if (!where.type.startsWith('localBlob')) continue;
          for await (const _chunk of await (await access.openAccess(where)).stream());
        }
        const local = !(await hasRemoteContent(access)) ? {} : { local: true };
        for (const each of expectedFor(file)) {
          if (each.component !== component || each.version !== version) continue;
          const mode = { normalisation: each.normalisation, hash: 'SHA-256' } as const;
          // By reference, stored digests are those of one normal form only.
          if ('local' in local && access.descriptor.component.componentReferences.length > 0) continue;
          expect((await new DigestTree(local).digest(access, mode)).digest).to.equal(each.sha256);
        }
      }
    }
  } finally {
    await repository.close();
  }
}

async function checkDescriptorFile(file: string): Promise<void> {
  const parsed = parseDescriptor(readFileSync(file), file);
  checkDescriptor(parsed);
  const { name, version } = parsed.descriptor.component;
  for (const each of expectedFor(file)) {
    if (each.component !== name || each.version !== version) continue;
    if (!path.dirname(file).endsWith(each.normalisation.slice(-2))) continue;
    expect(normalise(parsed.descriptor, normalisationOf(each.normalisation))).to.equal(each.normalised);
    expect(sha256(each.normalised)).to.equal(each.sha256);
  }
  const repository = repositoryIn(memorySpace());
  await repository.put({ descriptor: parsed, blobs: [] });
  if (keysFor(file).length > 0 && (parsed.descriptor.signatures ?? []).length > 0)
    await verifyAccess(await repository.open(name, version), { keys: keysFor(file), local: true });
}

/** The normal form that an `input.yaml` beside it must have. */
function checkConformance(file: string): void {
  const { descriptor } = parseDescriptor(readFileSync(path.join(path.dirname(file), 'input.yaml')), file);
  const wanted = readText(file).trimEnd();
  const named = /v[1-4](alpha1)?(?=-|$)/.exec(path.basename(path.dirname(file)))?.[0] ?? 'v3';
  const versions = named === 'v3' ? ['v3', 'v4alpha1'] : [named];
  for (const each of versions)
    expect(normalise(descriptor, normalisationOf(`jsonNormalisation/${each}`))).to.equal(wanted);
}

type Rule = readonly [string, (file: string) => boolean, (file: string) => void | Promise<void>];
const content = (file: string, pattern: RegExp): boolean => pattern.test(readFileSync(file, 'utf8'));
const rules: readonly Rule[] = [
  ['archive', file => isArchive(file) || isCtf(file), checkArchive],
  [
    'list of normal forms',
    file => path.basename(file) === 'expected.json' && Array.isArray(JSON.parse(readFileSync(file, 'utf8'))),
    file => {
      for (const each of JSON.parse(readFileSync(file, 'utf8')) as Expected[]) {
        expect(sha256(each.normalised)).to.equal(each.sha256);
        const folder = path.join(path.dirname(file), `signed-${each.normalisation.slice(-2)}`);
        const descriptors = readdirSync(folder).map(name =>
          parseDescriptor(readFileSync(path.join(folder, name)), name),
        );
        const found = descriptors.find(({ descriptor: { component } }) => component.name === each.component);
        expect(found && normalise(found.descriptor, each.normalisation)).to.equal(each.normalised);
      }
    },
  ],
  ['normal form', file => path.basename(file) === 'expected.json', checkConformance],
  // Tables of what the reference implementation gives; test/ocm/normalisation.test.ts goes through them.
  [
    'table',
    file => path.basename(file) === 'go.json',
    file => expect(JSON.parse(readFileSync(file, 'utf8'))).not.to.be.empty,
  ],
  [
    'descriptor',
    file =>
      /\.(ya?ml|json)$/.test(file) && content(file, /^\s*"?(meta|apiVersion)"?:\s*\{?\s*("?schemaVersion|ocm\.)/m),
    checkDescriptorFile,
  ],
  [
    'constructor',
    file => /(constructor|componentfile)\.ya?ml$/.test(file),
    file => expect(readConstructor(readFileSync(file), file)).not.to.be.empty,
  ],
  ['YAML', file => /\.ya?ml$/.test(file), file => void readYamlDocuments(readFileSync(file), file)],
  ['JSON', file => /\.json$/.test(file), file => void readYamlDocuments(readFileSync(file), file)],
  // Keys are used above; CUE is the product's.
  ['key', file => /\.(pub|cue)$/.test(file), () => undefined],
];

describe('ocm: every vector', () => {
  for (const root of roots) {
    for (const file of vectorsIn(root)) {
      const rule = rules.find(([, applies]) => applies(file));
      it(`${path.relative(path.dirname(root), file)} (${rule?.[0] ?? 'unknown'})`, async () => {
        expect(rule, `no rule knows what ${file} is`).not.to.equal(undefined);
        await rule?.[2](file);
      });
    }
  }
});
