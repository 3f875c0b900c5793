import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  generateRsaKey,
  memorySpace,
  parseDescriptor,
  readKey,
  removeSignatures,
  repositoryIn,
  signComponentVersion,
  verifyComponentVersion,
  type ComponentRepository,
  type RsaKeyPair,
} from '../../../ocm';
import { hasCode } from '../../../report';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** `suite` refers to `part`; both have one local blob, and no digests yet. */
async function stored(): Promise<ComponentRepository> {
  const repository = repositoryIn(memorySpace());
  for (const [name, references] of [
    ['part', []],
    ['suite', [{ name: 'part', componentName: 'example.com/acme/part', version: '1.0.0' }]],
  ] as const) {
    const digest = `sha256:${sha256(name)}`;
    const document = {
      meta: { schemaVersion: 'v2' },
      component: {
        name: `example.com/acme/${name}`,
        version: '1.0.0',
        provider: 'acme',
        repositoryContexts: [],
        resources: [
          {
            name: 'text',
            version: '1.0.0',
            type: 'PlainText',
            relation: 'local',
            access: { type: 'localBlob', mediaType: 'text/plain', localReference: digest },
          },
        ],
        sources: [],
        componentReferences: references,
      },
    };
    await repository.put({
      descriptor: parseDescriptor(Buffer.from(JSON.stringify(document)), name),
      blobs: [
        {
          descriptor: { mediaType: 'text/plain', digest, size: name.length },
          source: Buffer.from(name),
          artifacts: [],
        },
      ],
    });
  }
  return repository;
}

describe('ocm/signing: signing', () => {
  const suite = ['example.com/acme/suite', '1.0.0'] as const;
  let first: RsaKeyPair;
  let second: RsaKeyPair;
  before(async () => {
    [first, second] = await Promise.all([generateRsaKey(2048), generateRsaKey(2048)]);
  });
  const names = async (repository: ComponentRepository): Promise<string[]> =>
    ((await repository.open(...suite)).descriptor.signatures ?? []).map(each => each.name);

  it('fills in the digests of resources and references', async () => {
    const repository = await stored();
    await signComponentVersion(repository, ...suite, { signature: 'acme', privateKey: first.privateKey });
    const { component, signatures } = (await repository.open(...suite)).descriptor;
    expect(component.resources[0]?.digest).to.deep.equal({
      hashAlgorithm: 'SHA-256',
      normalisationAlgorithm: 'genericBlobDigest/v1',
      value: sha256('suite'),
    });
    expect(component.componentReferences[0]?.digest?.normalisationAlgorithm).to.equal('jsonNormalisation/v3');
    expect(component.componentReferences[0]?.digest?.value).to.match(/^[0-9a-f]{64}$/);
    expect(signatures).to.have.lengthOf(1);
  });

  it('adds signatures in other algorithms, replaces one in its place, and takes them off', async () => {
    const repository = await stored();
    const sign = (signature: string, privateKey: string, more: object = {}): Promise<unknown> =>
      signComponentVersion(repository, ...suite, { signature, privateKey, ...more });
    await sign('acme', first.privateKey);
    await sign('audit', second.privateKey, {
      algorithm: 'RSASSA-PSS',
      hash: 'SHA-512',
      normalisation: 'jsonNormalisation/v2',
    });
    const keys = [
      { signature: 'acme', publicKey: first.publicKey },
      { signature: 'audit', publicKey: second.publicKey },
    ];
    const verified = await verifyComponentVersion(repository, ...suite, { keys });
    expect(verified.signatures.map(each => `${each.name} ${each.hash}`)).to.deep.equal([
      'acme SHA-256',
      'audit SHA-512',
    ]);

    await sign('acme', second.privateKey);
    expect(await names(repository)).to.deep.equal(['acme', 'audit']);
    const problem = await verifyComponentVersion(repository, ...suite, { keys }).catch((error: unknown) => error);
    expect(hasCode(problem, 'ocm.not-verified'), String(problem)).to.equal(true);
    await verifyComponentVersion(repository, ...suite, { keys: [{ publicKey: second.publicKey }] });

    const missing = await removeSignatures(repository, ...suite, ['else']).catch((error: unknown) => error);
    expect(hasCode(missing, 'ocm.signature-not-found')).to.equal(true);
    expect(await removeSignatures(repository, ...suite, ['acme'])).to.deep.equal(['acme']);
    await verifyComponentVersion(repository, ...suite, { keys });
    expect(await removeSignatures(repository, ...suite)).to.deep.equal(['audit']);
    expect(await removeSignatures(repository, ...suite)).to.deep.equal([]);
    expect((await repository.open(...suite)).descriptor).not.to.have.property('signatures');
  });

  it('reads keys from files, the environment and secrets, and says where there is none', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'airlock-test-'));
    try {
      const file = path.join(folder, 'key.pem');
      writeFileSync(file, 'of a file');
      const readers = {
        environment: { KEY: 'of the environment' },
        secret: (namespace: string, name: string): Promise<Record<string, string>> =>
          Promise.resolve<Record<string, string>>(
            name === 'pair' ? { one: `${namespace} one`, two: 'two' } : { only: 'of a secret' },
          ),
      };
      for (const [source, wanted] of [
        [file, 'of a file'],
        [`file:${file}`, 'of a file'],
        ['env:KEY', 'of the environment'],
        ['k8s:release/key', 'of a secret'],
        ['k8s:release/pair/one', 'release one'],
      ] as const)
        expect(await readKey(source, readers)).to.equal(wanted);
      for (const source of [
        path.join(folder, 'none'),
        folder,
        'env:NONE',
        'k8s:release',
        'k8s:release/pair',
        'k8s:release/pair/three',
        'k8s:release/pair/__proto__',
        'k8s:a/b/c/d',
        first.privateKey,
      ]) {
        const problem = await readKey(source, readers).catch((error: unknown) => error);
        expect(hasCode(problem, 'ocm.key-not-found'), String(problem)).to.equal(true);
        expect(String(problem)).not.to.contain('PRIVATE KEY');
      }
      expect(hasCode(await readKey('k8s:a/b').catch((error: unknown) => error), 'ocm.key-not-found')).to.equal(true);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
