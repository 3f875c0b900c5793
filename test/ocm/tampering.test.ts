import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import {
  buildComponents,
  generateRsaKey,
  openComponentRepository,
  parseDescriptor,
  serialiseDescriptor,
  signComponentVersion,
  verifyComponentVersion,
  type ComponentDescriptor,
  type ComponentRepository,
  type RsaKeyPair,
} from '../../ocm';
import { checkArtifactSet } from '../../ocm/access';
import { hasCode, messageOf } from '../../report';
import { certificates } from './signing/openssl';
import { readText, referenceCli } from './support';

const platform = 'example.com/acme/platform';
const backend = 'example.com/acme/backend';
const acme = { signatures: ['acme'], keys: [{ publicKey: readText(referenceCli, 'acme.pub') }] };

describe('ocm: what is not what was signed', () => {
  let folder: string;
  let repository: ComponentRepository;
  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'airlock-test-'));
    cpSync(path.join(referenceCli, 'signed-by-value'), path.join(folder, 'ctf'), { recursive: true });
    repository = await openComponentRepository(path.join(folder, 'ctf'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  type Change = (descriptor: ComponentDescriptor) => ComponentDescriptor;
  const edit = async (component: string, version: string, change: Change): Promise<void> => {
    const access = await repository.open(component, version);
    await repository.replaceDescriptor(
      access,
      parseDescriptor(serialiseDescriptor(change(structuredClone(access.descriptor))), 'edited'),
    );
  };
  const failure = async (code: string, ...texts: readonly string[]): Promise<void> => {
    const problem = await verifyComponentVersion(repository, platform, '2.1.0', acme).catch((error: unknown) => error);
    expect(hasCode(problem, code), `${String(problem)}`).to.equal(true);
    for (const text of texts) expect(String(problem)).to.contain(text);
  };
  const blob = (digest: string): string => path.join(folder, 'ctf', 'blobs', `sha256.${digest}`);
  const withSignature =
    (change: object): Change =>
    descriptor => ({ ...descriptor, signatures: descriptor.signatures?.map(each => ({ ...each, ...change })) ?? [] });

  it('a blob with other bytes', async () => {
    writeFileSync(blob('d08f70ea4447a9c485d8aaa57ed0c958c697312b1c2393eb4e563daf7c12eba1'), 'x'.repeat(476));
    await failure('ocm.not-verified', 'resource config');
  });

  it('a blob that is missing', async () => {
    rmSync(blob('e9969f3ea78974d9753e6b992f54d5f52e2aca8be2e06efe2ee2697acd138dbd'));
    await failure('ocm.not-verified', 'resource variant,arch=amd64');
  });

  it('two resources that changed places', async () => {
    await edit(backend, '1.0.0+build.7', descriptor => {
      const { resources } = descriptor.component;
      const accesses = resources.map(each => each.access);
      const swapped = resources.map((each, index) => ({
        ...each,
        access: accesses[index === 2 ? 3 : index === 3 ? 2 : index] ?? each.access,
      }));
      return { ...descriptor, component: { ...descriptor.component, resources: swapped } };
    });
    await failure('ocm.not-verified', 'resource config', 'resource manifests');
  });

  it('a signed label, a creation time, a resource that was added', async () => {
    const changes: readonly Change[] = [
      descriptor => ({
        ...descriptor,
        component: {
          ...descriptor.component,
          labels: [{ name: 'acme.example.com/tier', value: 'lead', signing: true }],
        },
      }),
      descriptor => ({ ...descriptor, component: { ...descriptor.component, creationTime: '2026-11-21T08:00:06Z' } }),
      descriptor => ({
        ...descriptor,
        component: {
          ...descriptor.component,
          resources: [
            ...descriptor.component.resources,
            { name: 'more', version: '1.0.0', type: 't', relation: 'local', access: { type: 'none' } },
          ],
        },
      }),
    ];
    for (const change of changes) {
      await edit(backend, '1.0.0+build.7', change);
      await failure('ocm.not-verified', 'reference backend', `${backend}:1.0.0+build.7 has the digest`);
    }
  });

  it('a reference whose digest was adapted to the forged component', async () => {
    await edit(backend, '1.0.0+build.7', descriptor => ({
      ...descriptor,
      component: { ...descriptor.component, creationTime: '2026-11-21T08:00:06Z' },
    }));
    const problem = await verifyComponentVersion(repository, platform, '2.1.0', acme).catch((error: unknown) =>
      String(error),
    );
    const digest = /has the digest SHA-256:([0-9a-f]{64})/.exec(messageOf(problem))?.[1] ?? '';
    await edit(platform, '2.1.0', descriptor => ({
      ...descriptor,
      component: {
        ...descriptor.component,
        componentReferences: descriptor.component.componentReferences.map(each => ({
          ...each,
          digest: { hashAlgorithm: 'SHA-256', normalisationAlgorithm: 'jsonNormalisation/v3', value: digest },
        })),
      },
    }));
    await failure('ocm.not-verified', 'signature acme');
  });

  it('signatures that are gone, of another name, over another digest, with another algorithm, damaged', async () => {
    const original = await repository.open(platform, '2.1.0');
    const signature = original.descriptor.signatures?.[0];
    if (signature === undefined) throw new Error('the vector is signed');
    const value = signature.signature.value;
    const cases: readonly (readonly [Change, string])[] = [
      [descriptor => ({ ...descriptor, signatures: [] }), 'ocm.unsigned'],
      [withSignature({ name: 'other' }), 'ocm.signature-not-found'],
      [
        withSignature({ digest: { ...signature.digest, value: signature.digest.value.replace(/^./, '0') } }),
        'ocm.not-verified',
      ],
      [
        withSignature({ digest: { ...signature.digest, normalisationAlgorithm: 'jsonNormalisation/v1' } }),
        'ocm.not-verified',
      ],
      [
        withSignature({ digest: { ...signature.digest, normalisationAlgorithm: 'own/v1' } }),
        'ocm.unknown-normalisation',
      ],
      [withSignature({ digest: { ...signature.digest, hashAlgorithm: 'MD5' } }), 'ocm.unknown-hash'],
      [withSignature({ signature: { ...signature.signature, algorithm: 'RSASSA-PSS' } }), 'ocm.invalid-signature'],
      [
        withSignature({
          signature: {
            ...signature.signature,
            algorithm: 'RSASSA-PSS',
            mediaType: 'application/vnd.ocm.signature.rsa.pss',
          },
        }),
        'ocm.not-verified',
      ],
      [withSignature({ signature: { ...signature.signature, value: value.slice(2) } }), 'ocm.not-verified'],
      [withSignature({ signature: { ...signature.signature, value: `${value.slice(0, -2)}00` } }), 'ocm.not-verified'],
      [withSignature({ signature: { ...signature.signature, value: 'not hex' } }), 'ocm.invalid-signature'],
      [withSignature({ signature: { ...signature.signature, mediaType: 'text/plain' } }), 'ocm.invalid-signature'],
    ];
    for (const [change, code] of cases) {
      await edit(platform, '2.1.0', () => change(structuredClone(original.descriptor)));
      await failure(code);
    }
  });

  it('components that refer to each other in a circle, or to nothing', async () => {
    const reference = { name: 'up', componentName: platform, version: '2.1.0' };
    await edit(backend, '1.0.0+build.7', descriptor => ({
      ...descriptor,
      component: { ...descriptor.component, componentReferences: [reference] },
    }));
    await failure('ocm.cyclic-reference', `${platform}:2.1.0 -> ${backend}:1.0.0+build.7 -> ${platform}:2.1.0`);
    await edit(backend, '1.0.0+build.7', descriptor => ({
      ...descriptor,
      component: { ...descriptor.component, componentReferences: [{ ...reference, version: '9.9.9' }] },
    }));
    await failure('ocm.component-version-not-found', 'reference up');
  });

  it('an image archive with other bytes inside', async () => {
    const stored = await repository.open(backend, '1.0.0+build.7');
    const digest = JSON.stringify(stored.descriptor.component.resources[0]?.access.localReference).replace(
      /"|sha256:/g,
      '',
    );
    const archive = gunzipSync(readFileSync(blob(digest)));
    const at = archive.indexOf('schemaVersion', 2000);
    archive.write('SchemaVersion', at);
    const problem = await checkArtifactSet(Readable.from([archive], { objectMode: false }), 'archive').catch(
      (error: unknown) => error,
    );
    expect(hasCode(problem, 'ocm.invalid-artifact-set'), String(problem)).to.equal(true);
  });

  it('every truncation of an archive is an error, and leaves nothing behind', async () => {
    const packed = readFileSync(path.join(referenceCli, 'signed-by-value.tgz'));
    // A temporary folder of its own: other processes unpack archives into the shared one at the same time.
    const temporary = path.join(folder, 'tmp');
    mkdirSync(temporary);
    const before = process.env.TMPDIR;
    process.env.TMPDIR = temporary;
    try {
      for (let size = 1; size < packed.length - 20; size += 211) {
        const file = path.join(folder, 'cut.tgz');
        writeFileSync(file, packed.subarray(0, size));
        const problem = await openComponentRepository(file).catch((error: unknown) => error);
        expect(hasCode(problem, 'ocm.'), `${size}: ${String(problem)}`).to.equal(true);
      }
    } finally {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    }
    expect(readdirSync(temporary)).to.deep.equal([]);
  });
});

describe('ocm/signing: certificates', () => {
  let folder: string;
  let keys: RsaKeyPair;
  before(async function () {
    if (spawnSync('openssl', ['version']).status !== 0) {
      process.stderr.write('skipped: openssl makes the certificates of this test, and is not installed\n');
      return this.skip();
    }
    keys = await generateRsaKey(2048);
  });
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'airlock-test-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('carry the signature to a trusted authority, and only there', async () => {
    const { ca, other, between, leaf } = certificates(folder, keys.privateKey);
    writeFileSync(
      path.join(folder, 'constructor.yaml'),
      'name: example.com/acme/one\nversion: 1.0.0\nprovider: acme\n',
    );
    const repository = await openComponentRepository(path.join(folder, 'ctf'), { mode: 'update' });
    await buildComponents(path.join(folder, 'constructor.yaml'), repository);
    const [signed] = await signComponentVersion(repository, 'example.com/acme/one', '1.0.0', {
      signature: 'release',
      privateKey: keys.privateKey,
      certificates: `${leaf}${between}`,
    });
    const written = signed?.descriptor.descriptor.signatures?.[0]?.signature;
    expect(written?.mediaType).to.equal('application/x-pem-file');
    expect(written?.issuer).to.equal('CN=release,O=acme');
    expect(written?.value).to.match(/^-----BEGIN SIGNATURE-----\nSignature Algorithm: RSASSA-PKCS1-V1_5\n\n/);

    const verify = (options: object): Promise<unknown> =>
      verifyComponentVersion(repository, 'example.com/acme/one', '1.0.0', options);
    await verify({ keys: [{ publicKey: keys.publicKey }] });
    await verify({ caCertificates: ca });
    await verify({ caCertificates: ca, issuer: 'CN=release,O=acme' });
    await verify({ caCertificates: ca, issuer: 'release' });
    for (const [options, code] of [
      [{ caCertificates: other }, 'ocm.untrusted-certificate'],
      [{ caCertificates: ca, issuer: 'CN=somebody' }, 'ocm.untrusted-certificate'],
      [{}, 'ocm.no-key'],
    ] as const) {
      const problem = await verify(options).catch((error: unknown) => error);
      expect(hasCode(problem, code), String(problem)).to.equal(true);
    }
  });
});
