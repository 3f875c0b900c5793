import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  generateRsaKey,
  memorySpace,
  openComponentRepository,
  openComponentVersion,
  repositoryIn,
  signComponentVersion,
  transferComponentVersion,
  verifyComponentVersion,
  type JsonObject,
} from '../../../ocm';
import { digestOf } from '../../../oci';
import { codeOf } from '../../support/tar';

const name = 'example.com/acme/archived';
const hello = Buffer.from('hello');

describe('ocm/repository: component archives', () => {
  let folder: string;
  let archive: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'airlock-test-'));
    archive = path.join(folder, 'archive');
    mkdirSync(path.join(archive, 'blobs', 'deep'), { recursive: true });
    writeFileSync(path.join(archive, 'blobs', digestOf(hello).replace(':', '.')), hello);
    writeFileSync(path.join(archive, 'blobs', 'deep', 'notes.txt'), 'some notes');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (...accesses: readonly JsonObject[]): void =>
    writeFileSync(
      path.join(archive, 'component-descriptor.yaml'),
      JSON.stringify({
        meta: { schemaVersion: 'v2' },
        component: {
          name,
          version: '1.0.0',
          provider: 'acme',
          repositoryContexts: [],
          componentReferences: [],
          sources: [],
          resources: accesses.map((access, index) => ({
            name: `text-${index}`,
            version: '1.0.0',
            type: 'PlainText',
            relation: 'local',
            access,
          })),
        },
      }),
    );
  const byDigest = (): JsonObject => ({
    type: 'localFilesystemBlob',
    fileName: digestOf(hello).replace(':', '.'),
    mediaType: 'text/plain',
  });

  it('are read as folder, tar and tgz, and become signed component versions elsewhere', async () => {
    write(
      byDigest(),
      { type: 'localBlob', localReference: 'deep/notes.txt', mediaType: 'text/plain' },
      { type: 'localBlob/v1', localReference: digestOf(hello), mediaType: 'text/plain' },
    );
    execFileSync('tar', ['-cf', '../archive.tar', '.'], { cwd: archive });
    execFileSync('tar', ['-czf', '../archive.tgz', 'component-descriptor.yaml', 'blobs'], { cwd: archive });
    const { privateKey, publicKey } = await generateRsaKey(2048);
    for (const each of ['archive', 'archive.tar', 'archive.tgz']) {
      const file = path.join(folder, each);
      const { repository, version } = await openComponentVersion(`${file}//${name}:1.0.0`);
      expect(await repository.listComponents?.()).to.deep.equal([name]);
      expect(await repository.listVersions(name)).to.deep.equal(['1.0.0']);
      const target = repositoryIn(memorySpace());
      await transferComponentVersion(version, target);
      await repository.close();
      await signComponentVersion(target, name, '1.0.0', { signature: 'acme', privateKey });
      const verified = await verifyComponentVersion(target, name, '1.0.0', { keys: [{ publicKey }] });
      expect(verified.resources.map(resource => resource.checked)).to.deep.equal(['content', 'content', 'content']);
    }
  });

  it('without local content go over as they are', async () => {
    write({ type: 'none' });
    const { version } = await openComponentVersion(`ComponentArchive::${archive}//${name}:1.0.0`);
    const target = repositoryIn(memorySpace());
    const { componentVersions } = await transferComponentVersion(version, target);
    expect(componentVersions[0]?.manifestDigest).to.equal(version.manifest.digest);
  });

  it('are not written to', async () => {
    write(byDigest());
    const repository = await openComponentRepository(archive);
    const { privateKey } = await generateRsaKey(2048);
    expect(await codeOf(signComponentVersion(repository, name, '1.0.0', { signature: 'acme', privateKey }))).to.equal(
      'ocm.read-only',
    );
  });

  const bad: readonly (readonly [string, string, string])[] = [
    ['a file that is not there', 'nothing', 'ocm.blob-not-found'],
    ['a folder', 'deep', 'ocm.blob-not-found'],
    ['the folder of the blobs', '.', 'ocm.blob-not-found'],
    ['the descriptor', '../component-descriptor.yaml', 'ocm.blob-not-found'],
    ['a path that leads out', '../../../../../../etc/passwd', 'ocm.blob-not-found'],
    ['an absolute path', '/etc/passwd', 'ocm.blob-not-found'],
    ['a link that leads out', 'out', 'ocm.blob-not-found'],
    ['a name with a zero byte', 'a\0b', 'ocm.blob-not-found'],
    ['a file that has not the digest it is named by', `sha256.${'0'.repeat(64)}`, 'oci.digest-mismatch'],
  ];
  for (const [what, localReference, code] of bad) {
    it(`refuses ${what} as local blob`, async () => {
      symlinkSync('/etc/passwd', path.join(archive, 'blobs', 'out'));
      writeFileSync(path.join(archive, 'blobs', `sha256.${'0'.repeat(64)}`), 'other');
      write({ type: 'localBlob', localReference, mediaType: 'text/plain' });
      const { version } = await openComponentVersion(`${archive}//${name}:1.0.0`);
      expect(await codeOf(transferComponentVersion(version, repositoryIn(memorySpace())))).to.equal(code);
    });
  }

  it('refuses versions that are not in it, and descriptors that cannot be read', async () => {
    write(byDigest());
    const repository = await openComponentRepository(archive);
    expect(await codeOf(repository.open(name, '2.0.0'))).to.equal('ocm.component-version-not-found');
    expect(await codeOf(repository.open('example.com/other/one', '1.0.0'))).to.equal('ocm.component-version-not-found');
    writeFileSync(path.join(archive, 'component-descriptor.yaml'), 'meta: {}');
    expect(await codeOf(openComponentRepository(archive))).to.match(/^ocm\.invalid-descriptor|^ocm\./);
  });
});
