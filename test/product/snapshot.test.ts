import { expect } from 'chai';
import { generateKeyPairSync } from 'node:crypto';
import {
  buildSnapshot,
  planCollection,
  signSnapshot,
  verifySnapshot,
  type ProductLock,
  type StoredSnapshot,
} from '../../product';

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;

describe('snapshots', () => {
  const identity = {
    registry: 'registry.example',
    project: 'project',
    instance: 'web',
    pipeline: 'web',
    component: { name: 'example.org/web', version: '1.0.0', descriptorDigest: digest('a') },
    source: 'registry.example//example.org/web',
  };
  const pem = { type: 'pkcs8', format: 'pem' } as const;
  const publicPem = { type: 'spki', format: 'pem' } as const;

  it('are signed as cosign signs, the same bytes each time', async () => {
    const keys = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: pem,
      publicKeyEncoding: publicPem,
    });
    const snapshot = await buildSnapshot(new Map([['a.yaml', Buffer.from('kind: A\n')]]), identity);
    const signature = signSnapshot(snapshot, keys.privateKey);
    expect(signSnapshot(snapshot, keys.privateKey).manifest.digest).to.equal(signature.manifest.digest);
    expect(signature.tag).to.equal(`sha256-${snapshot.digest.slice(7)}.sig`);
    const manifest = JSON.parse(Buffer.from(signature.manifest.bytes).toString()) as {
      subject: { digest: string };
      layers: { mediaType: string }[];
    };
    expect(manifest.subject.digest).to.equal(snapshot.digest);
    expect(manifest.layers[0]?.mediaType).to.equal('application/vnd.dev.cosign.simplesigning.v1+json');
    const stored = { manifest: signature.manifest.bytes, payload: signature.layer.bytes };
    expect(verifySnapshot(snapshot.digest, stored, keys.publicKey)).to.equal(true);
    expect(verifySnapshot(digest('b'), stored, keys.publicKey)).to.equal(false);
    const other = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      privateKeyEncoding: pem,
      publicKeyEncoding: publicPem,
    });
    expect(verifySnapshot(snapshot.digest, stored, other.publicKey)).to.equal(false);
    const elliptic = signSnapshot(snapshot, other.privateKey);
    expect(
      verifySnapshot(
        snapshot.digest,
        { manifest: elliptic.manifest.bytes, payload: elliptic.layer.bytes },
        other.publicKey,
      ),
    ).to.equal(true);
    expect(() => signSnapshot(snapshot, 'no key'))
      .to.throw()
      .with.property('code', 'product.signing-key-invalid');
  });

  it('are collected when no lock that runs, is proposed or can be gone back to names them', () => {
    const lock = (version: string, ...digests: string[]): ProductLock => ({
      instance: 'web',
      component: { name: 'example.org/web', version, descriptorDigest: digest('0') },
      repository: 'r',
      defaultsDigest: digest('0'),
      valuesDigest: digest('0'),
      snapshots: digests.map(each => ({ pipeline: 'web', reference: 'r', digest: digest(each) })),
    });
    const stored = (letter: string, tag = letter): StoredSnapshot => ({ repository: 'r', tag, digest: digest(letter) });
    const signature = (letter: string): StoredSnapshot => stored('9', `sha256-${letter.repeat(64)}.sig`);
    const plan = planCollection({
      history: new Map([
        ['web', [lock('1.2.0', 'c'), lock('1.2.0', 'c'), lock('1.1.0', 'b'), lock('1.0.0', 'a')]],
        ['other', [lock('1.0.0', 'a')]],
      ]),
      proposed: [lock('1.3.0', 'd')],
      running: [digest('f')],
      stored: [...['a', 'b', 'c', 'd', 'e', 'f'].map(each => stored(each)), signature('b'), signature('e')],
      keep: 1,
    });
    expect(plan.remove).to.deep.equal([stored('e'), signature('e')]);
    expect(plan.keep.map(each => each.usedBy)).to.deep.equal([
      ['other runs it'],
      ['web can go back to 1.1.0'],
      ['web runs it'],
      ['web proposes it'],
      ['a cluster runs it'],
      ['web can go back to 1.1.0'],
    ]);
  });
});
