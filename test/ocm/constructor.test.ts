import { expect } from 'chai';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  buildComponents,
  generateRsaKey,
  memorySpace,
  openComponentRepository,
  repositoryIn,
  signComponentVersion,
  verifyComponentVersion,
  type ComponentRepository,
} from '../../ocm';
import { hasCode } from '../../report';
import { ImageLayout, assembleImage } from '../../oci';

describe('ocm/constructor', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'airlock-test-'));
    mkdirSync(path.join(folder, 'manifests'));
    writeFileSync(path.join(folder, 'manifests', 'b.yaml'), 'kind: B\n');
    writeFileSync(path.join(folder, 'manifests', 'a.yaml'), 'kind: A\n');
    writeFileSync(path.join(folder, 'config.yaml'), 'replicas: 1\n');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (text: string): string => {
    const file = path.join(folder, 'constructor.yaml');
    writeFileSync(file, text);
    return file;
  };

  const constructor = `
components:
- name: example.com/acme/backend
  version: \${VERSION}
  provider: {name: acme}
  labels: [{name: tier, value: gold, signing: true}]
  resources:
  - {name: config, type: PlainText, input: {type: file, path: config.yaml, mediaType: application/yaml}}
  - {name: manifests, type: directoryTree, input: {type: dir, path: manifests, compress: true, preserveDir: true}}
  - {name: text, type: PlainText, input: {type: utf8, text: hello}}
  - {name: same-text, type: PlainText, input: {type: utf8, text: hello}}
  - {name: bytes, type: blob, input: {type: binary, data: AAEC}}
  - {name: nothing, type: blob, relation: local, access: {type: none}}
- name: example.com/acme/platform
  version: 2.0.0
  provider: acme
  componentReferences:
  - {name: backend, componentName: example.com/acme/backend, version: \${VERSION}}
`;

  const build = async (target: ComponentRepository): Promise<string[]> => {
    const built = await buildComponents(write(constructor), target, {
      settings: { VERSION: '1.0.0+build.7' },
      epoch: 1700000000,
    });
    return built.map(each => each.manifestDigest);
  };

  it('builds the same bytes twice, into memory, a folder and an archive', async () => {
    const digests = await build(repositoryIn(memorySpace()));
    expect(digests).to.have.length(2);
    for (const name of ['ctf', 'ctf.tar', 'ctf.tgz']) {
      const target = await openComponentRepository(path.join(folder, name), { mode: 'update' });
      expect(await build(target)).to.deep.equal(digests);
      await target.close();
      const again = await openComponentRepository(path.join(folder, name));
      expect(await again.listComponents?.()).to.deep.equal(['example.com/acme/backend', 'example.com/acme/platform']);
      const opened = await again.open('example.com/acme/backend', '1.0.0+build.7');
      expect(opened.descriptor.component.creationTime).to.equal('2023-11-14T22:13:20Z');
      expect(opened.descriptor.component.resources.map(each => each.access.mediaType ?? '')).to.deep.equal([
        'application/yaml',
        'application/x-tgz',
        'application/octet-stream',
        'application/octet-stream',
        'application/octet-stream',
        '',
      ]);
      await again.close();
    }
  });

  it('signs and verifies what it built, and finds every change', async () => {
    const target = repositoryIn(memorySpace());
    await build(target);
    const { privateKey, publicKey } = await generateRsaKey(2048);
    for (const algorithm of ['RSASSA-PKCS1-V1_5', 'RSASSA-PSS'] as const) {
      await signComponentVersion(target, 'example.com/acme/platform', '2.0.0', {
        signature: algorithm.toLowerCase(),
        privateKey,
        algorithm,
        recursive: algorithm === 'RSASSA-PSS',
      });
    }
    const verified = await verifyComponentVersion(target, 'example.com/acme/platform', '2.0.0', {
      keys: [{ publicKey }],
    });
    expect(verified.signatures.map(each => each.name)).to.deep.equal(['rsassa-pkcs1-v1_5', 'rsassa-pss']);
    expect(verified.resources.filter(each => each.checked === 'content')).to.have.length(5);
    await verifyComponentVersion(target, 'example.com/acme/backend', '1.0.0+build.7', { keys: [{ publicKey }] });

    const other = await generateRsaKey(2048);
    const problem = await verifyComponentVersion(target, 'example.com/acme/platform', '2.0.0', {
      keys: [{ publicKey: other.publicKey }],
    }).catch((error: unknown) => error);
    expect(hasCode(problem, 'ocm.not-verified')).to.equal(true);
    expect(String(problem)).to.contain('not made with the trusted key');
  });

  it('takes images from an image layout', async () => {
    const layout = await ImageLayout.create(path.join(folder, 'image'));
    await assembleImage({ target: layout, tag: '6.3.5', layers: [], architecture: 'amd64' });
    const target = repositoryIn(memorySpace());
    await buildComponents(
      write(
        'name: example.com/acme/web\nversion: 1.0.0\nprovider: {name: acme}\nresources:\n- {name: image, type: ociImage, version: 6.3.5, input: {type: ociImage, path: image}}\n',
      ),
      target,
    );
    const opened = await target.open('example.com/acme/web', '1.0.0');
    expect(opened.descriptor.component.resources[0]?.access.referenceName).to.equal('example.com/acme/web/image:6.3.5');
    expect(opened.descriptor.component.resources[0]?.digest?.normalisationAlgorithm).to.equal('ociArtifactDigest/v1');
  });

  it('leaves an archive as it was when a build fails, and begins one anew only when it succeeds', async () => {
    const before = await openComponentRepository(path.join(folder, 'ctf'), { mode: 'update' });
    await build(before);
    for (const name of ['ctf', 'new', 'new.tgz']) {
      const target = await openComponentRepository(path.join(folder, name), { mode: 'replace' });
      const problem = await buildComponents(write('name: [a'), target).catch((error: unknown) => error);
      expect(hasCode(problem, 'ocm.invalid-yaml')).to.equal(true);
      await target.close({ discard: true });
    }
    expect(readdirSync(folder).sort()).to.deep.equal(['config.yaml', 'constructor.yaml', 'ctf', 'manifests']);
    const again = await openComponentRepository(path.join(folder, 'ctf'));
    expect(await again.listComponents?.()).to.have.length(2);
    const anew = await openComponentRepository(path.join(folder, 'ctf'), { mode: 'replace' });
    await buildComponents(write('name: example.com/acme/one\nversion: 1.0.0\nprovider: acme\n'), anew);
    await anew.close();
    expect(await (await openComponentRepository(path.join(folder, 'ctf'))).listComponents?.()).to.deep.equal([
      'example.com/acme/one',
    ]);
    const refused = await openComponentRepository(path.join(folder, 'manifests'), { mode: 'replace' }).catch(
      (error: unknown) => error,
    );
    expect(hasCode(refused, 'ocm.not-an-archive'), String(refused)).to.equal(true);
  });

  const errors: readonly (readonly [string, string, string, string])[] = [
    ['a missing setting', 'name: example.com/a/b\nversion: ${V}\nprovider: x\n', 'ocm.setting-missing', ':2:10'],
    [
      'no input and no access',
      'name: example.com/a/b\nversion: 1.0.0\nprovider: x\nresources:\n- name: aa\n  type: t\n',
      'ocm.invalid-constructor',
      ':5:3',
    ],
    ['a number as version', 'name: example.com/a/b\nversion: 1.10\nprovider: x\n', 'ocm.invalid-constructor', ':2:10'],
    [
      'an unknown field',
      'name: example.com/a/b\nversion: 1.0.0\nprovider: x\nresource: []\n',
      'ocm.invalid-constructor',
      ':4:11',
    ],
    [
      'a missing file',
      'name: example.com/a/b\nversion: 1.0.0\nprovider: x\nresources:\n- {name: aa, type: t, input: {type: file, path: nothing}}\n',
      'ocm.input-not-found',
      ':5:3',
    ],
    ['broken YAML', 'name: [a\n', 'ocm.invalid-yaml', ':2:1'],
  ];
  for (const [what, text, code, place] of errors) {
    it(`names file and line of ${what}`, async () => {
      const problem = await buildComponents(write(text), repositoryIn(memorySpace())).catch((error: unknown) => error);
      if (!hasCode(problem, code)) throw problem;
      expect(problem.where).to.contain(`constructor.yaml${place}`);
    });
  }
});
