import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  generateRsaKey,
  memorySpace,
  parseDescriptor,
  repositoryIn,
  serialiseDescriptor,
  signComponentVersion,
  verifyComponentVersion,
  type ComponentDescriptor,
  type ComponentRepository,
  type RsaKeyPair,
  type Signature,
  type VerifyOptions,
} from '../../../ocm';
import { AirlockError } from '../../../report';
import { certificates } from './openssl';

const name = 'example.com/acme/one';
const version = '1.0.0';
const unsigned: ComponentDescriptor = {
  meta: { schemaVersion: 'v2' },
  component: {
    name,
    version,
    provider: 'acme',
    repositoryContexts: [],
    resources: [],
    sources: [],
    componentReferences: [],
  },
};

async function stored(descriptor: ComponentDescriptor): Promise<ComponentRepository> {
  const repository = repositoryIn(memorySpace());
  await repository.put({ descriptor: parseDescriptor(serialiseDescriptor(descriptor), 'made'), blobs: [] });
  return repository;
}

describe('ocm/signing: malformed signatures', () => {
  let keys: RsaKeyPair;
  let others: RsaKeyPair;
  let certificate: Record<string, string> | undefined;
  let count = 0;
  before(async () => {
    [keys, others] = await Promise.all([generateRsaKey(2048), generateRsaKey(2048)]);
    const folder = mkdtempSync(path.join(tmpdir(), 'airlock-test-'));
    if (spawnSync('openssl', ['version']).status === 0) certificate = certificates(folder, keys.privateKey);
    else process.stderr.write('skipped: openssl makes the certificates of some cases, and is not installed\n');
    rmSync(folder, { recursive: true });
  });

  type Sign = Partial<Parameters<typeof signComponentVersion>[3]>;
  const signatureOf = async (options: Sign = {}): Promise<Signature> => {
    const repository = await stored(unsigned);
    const [signed] = await signComponentVersion(repository, name, version, {
      signature: 'release',
      privateKey: keys.privateKey,
      ...options,
    });
    const signature = signed?.descriptor.descriptor.signatures?.[0];
    if (signature === undefined) throw new Error('it is signed');
    return signature;
  };
  const verify = async (signature: Signature | readonly Signature[], options: VerifyOptions): Promise<unknown> => {
    const repository = await stored({ ...unsigned, signatures: [signature].flat() });
    return verifyComponentVersion(repository, name, version, options);
  };
  const refused = async (
    signature: Signature | readonly Signature[],
    options: VerifyOptions,
    what: string,
  ): Promise<void> => {
    count += 1;
    const problem = await verify(signature, options).then(
      () => new Error('it was accepted'),
      (error: unknown) => error,
    );
    expect(problem, `${what}: ${String(problem)}`).to.be.instanceOf(AirlockError);
    const { code, message, where } = problem as AirlockError;
    // What is wrong with a given key or file of authorities is not the component's fault.
    if (!/the (public key|file of)/.test(message))
      expect(where, `${what}: ${message}`).to.contain(`${name}:${version}`);
    expect(code, what).to.match(/^ocm\./);
    expect(message, what).to.match(
      /signature|certificate|authorities|public key|hash algorithm|normalisation|not valid|not signed/,
    );
    expect(message, what).not.to.contain('PRIVATE KEY');
  };
  const own = (): VerifyOptions => ({ keys: [{ publicKey: keys.publicKey }] });

  type Change = (signature: Signature) => Signature;
  const part =
    (change: Partial<Signature['signature']>): Change =>
    each => ({
      ...each,
      signature: { ...each.signature, ...change },
    });
  const value =
    (change: (value: string) => string): Change =>
    each =>
      part({ value: change(each.signature.value) })(each);
  const digest =
    (change: Partial<Signature['digest']>): Change =>
    each => ({ ...each, digest: { ...each.digest, ...change } });
  const plain: readonly (readonly [string, Change])[] = [
    ['no value', value(() => '')],
    ['half a byte less', value(text => text.slice(1))],
    ['a byte less', value(text => text.slice(2))],
    ['a byte more', value(text => `${text}00`)],
    ['zeros', value(text => text.replace(/./g, '0'))],
    ['ones', value(text => text.replace(/./g, 'f'))],
    ['one bit changed', value(text => text.replace(/^./, char => (char === '0' ? '1' : '0')))],
    ['the last bit changed', value(text => text.replace(/.$/, char => (char === '0' ? '1' : '0')))],
    ['spaces', value(text => ` ${text}`)],
    ['a prefix', value(text => `0x${text}`)],
    ['base64', value(text => Buffer.from(text, 'hex').toString('base64'))],
    ['a very long value', value(() => 'ab'.repeat(500_000))],
    ['another digest', digest({ value: '0'.repeat(64) })],
    ['an empty digest', digest({ value: '' })],
    ['a digest in capitals', each => digest({ value: each.digest.value.toUpperCase() })(each)],
    ['a digest with its algorithm', each => digest({ value: `sha256:${each.digest.value}` })(each)],
    ['no hash', digest({ hashAlgorithm: '' })],
    ['NO-DIGEST', digest({ hashAlgorithm: 'NO-DIGEST', value: 'NO-DIGEST' })],
    ['MD5', digest({ hashAlgorithm: 'MD5' })],
    ['SHA-1', digest({ hashAlgorithm: 'SHA-1' })],
    ['another hash', digest({ hashAlgorithm: 'SHA-512' })],
    ['no normalisation', digest({ normalisationAlgorithm: '' })],
    ['another normalisation', digest({ normalisationAlgorithm: 'jsonNormalisation/v1' })],
    ['a normalisation of blobs', digest({ normalisationAlgorithm: 'genericBlobDigest/v1' })],
    ['a normalisation in another spelling', digest({ normalisationAlgorithm: 'jsonNormalization/v3' })],
    ['a normalisation from the prototype', digest({ normalisationAlgorithm: 'constructor' })],
    ['no algorithm', part({ algorithm: '' })],
    ['an algorithm in small letters', part({ algorithm: 'rsassa-pkcs1-v1_5' })],
    ['an unknown algorithm', part({ algorithm: 'ED25519' })],
    ['an algorithm from the prototype', part({ algorithm: 'toString' })],
    ['no media type', part({ mediaType: '' })],
    ['an unknown media type', part({ mediaType: 'text/plain' })],
    ['a media type from the prototype', part({ mediaType: '__proto__' })],
    ['PEM that is none', part({ mediaType: 'application/x-pem-file' })],
    ['the form of GPG', part({ algorithm: 'GPG', mediaType: 'application/vnd.ocm.signature.gpg' })],
    ['the form of sigstore', part({ algorithm: 'sigstore', mediaType: 'application/vnd.ocm.signature.sigstore' })],
  ];

  for (const algorithm of ['RSASSA-PKCS1-V1_5', 'RSASSA-PSS'] as const) {
    it(`${algorithm}, and every change to it`, async () => {
      const signature = await signatureOf({ algorithm });
      await verify(signature, own());
      for (const [what, change] of plain) await refused(change(signature), own(), what);
      const other = algorithm === 'RSASSA-PSS' ? 'RSASSA-PKCS1-V1_5' : 'RSASSA-PSS';
      await refused(part({ algorithm: other })(signature), own(), 'the other algorithm');
      const mediaType = `application/vnd.ocm.signature.rsa${other === 'RSASSA-PSS' ? '.pss' : ''}`;
      await refused(part({ mediaType })(signature), own(), 'the other media type');
      await refused(part({ algorithm: other, mediaType })(signature), own(), 'the other in both');
    });
  }

  it('keys that are none, or another', async () => {
    const signature = await signatureOf();
    const short =
      'MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf9Cnzj4p4WGeKLs1Pt8QuKUpRKfFLfRYC9AIKjbJTWit+CqvjWYzvQwECAwEAAQ==';
    const curve =
      'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==';
    for (const [what, publicKey] of [
      ['another key', others.publicKey],
      ['a private key', keys.privateKey],
      ['nothing', ''],
      ['text', 'key'],
      ['a cut key', keys.publicKey.slice(0, 200)],
      ['a damaged key', keys.publicKey.replace(/M/g, 'A')],
      ['a short key', `-----BEGIN PUBLIC KEY-----\n${short}\n-----END PUBLIC KEY-----\n`],
      ['a key of a curve', `-----BEGIN PUBLIC KEY-----\n${curve}\n-----END PUBLIC KEY-----\n`],
    ] as const)
      await refused(signature, { keys: [{ publicKey }] }, what);
    await refused(signature, {}, 'no key');
    await refused(
      signature,
      { keys: [{ signature: 'else', publicKey: keys.publicKey }] },
      'a key for another signature',
    );
    await refused(signature, { ...own(), signatures: ['else'] }, 'another signature');
    await refused([signature, signature], { ...own(), signatures: ['release'] }, 'a signature twice');
    await refused([], own(), 'no signature');
    await refused([signature, value(() => '00')({ ...signature, name: 'second' })], own(), 'a second that is wrong');
  });

  it('PEM form, and every change to it', async function () {
    if (certificate === undefined) return this.skip();
    const {
      ca = '',
      other = '',
      between = '',
      leaf = '',
      tls = '',
      plain: unfit = '',
      nobody = '',
      below = '',
      stranger = '',
    } = certificate;
    const signature = await signatureOf({ certificates: leaf + between });
    const trust: VerifyOptions = { caCertificates: ca };
    await verify(signature, trust);
    await verify(signature, { ...trust, issuer: 'CN=release,O=acme' });
    await verify(signature, own());
    for (const [what, options] of [
      ['another authority of that name', { caCertificates: other }],
      ['another issuer', { ...trust, issuer: 'somebody' }],
      ['an issuer with more', { ...trust, issuer: 'CN=release,O=acme,OU=x' }],
      ['the authority as issuer', { ...trust, issuer: 'authority' }],
      ['a time before', { ...trust, certificatesAt: new Date(Date.now() - 86_400_000 * 2) }],
      ['a time after', { ...trust, certificatesAt: new Date(Date.now() + 86_400_000 * 6) }],
      ['authorities that are none', { caCertificates: 'none' }],
      ['authorities that are damaged', { caCertificates: ca.replace(/M/g, 'A') }],
      ['authorities that are cut', { caCertificates: ca.slice(0, 300) }],
      ['a key as authority', { caCertificates: keys.publicKey }],
      ['another key', { keys: [{ publicKey: others.publicKey }] }],
      ['a certificate of another subject as key', { keys: [{ publicKey: nobody }] }],
    ] as const)
      await refused(signature, options, what);
    const block = /-----BEGIN SIGNATURE-----[^]*?-----END SIGNATURE-----\n/.exec(signature.signature.value)?.[0] ?? '';
    const junk = `-----BEGIN CERTIFICATE-----\n${Buffer.from('nothing').toString('base64')}\n-----END CERTIFICATE-----\n`;
    for (const [what, change] of [
      ['no signature block', () => leaf + between],
      ['no certificate', () => block],
      ['no certificate between', () => block + leaf],
      ['the certificate between first', () => block + between + leaf],
      ['a certificate for servers', () => block + tls + between],
      ['a certificate for nothing', () => block + unfit + between],
      ['a certificate of one who may not', () => block + below + nobody + between],
      ['a certificate of another authority', () => block + stranger + between],
      ['a certificate of another', () => block + nobody + between],
      ['junk between', () => block + leaf + junk + between],
      ['junk first', () => block + junk + leaf + between],
      ['many certificates', () => block + leaf + between.repeat(1000)],
      ['the other algorithm in its header', text => text.replace('RSASSA-PKCS1-V1_5', 'RSASSA-PSS')],
      ['an empty block', text => text.replace(/(BEGIN SIGNATURE-----\n[^\n]*\n\n)[^-]*/, '$1')],
      ['a damaged block', text => text.replace(/\n\n../, '\n\n!!')],
      ['a cut block', text => text.slice(0, 200)],
      ['other ends', text => text.replace('END SIGNATURE', 'END SIGNATURES')],
      ['text', () => 'text'],
      ['nothing', () => ''],
      ['too much', text => text + ' '.repeat(2_000_000)],
    ] as readonly (readonly [string, (text: string) => string])[])
      await refused(value(change)(signature), trust, what);
    await refused(
      part({ issuer: 'CN=somebody' })(signature),
      { keys: [{ publicKey: leaf }] },
      'another issuer than its key',
    );
    const foreign = await signatureOf({ certificates: nobody + between }).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(foreign).to.be.instanceOf(AirlockError);
  });

  after(() => expect(count).to.be.at.least(certificate === undefined ? 85 : 115));
});
