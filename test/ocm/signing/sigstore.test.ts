import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  memorySpace,
  parseDescriptor,
  repositoryIn,
  serialiseDescriptor,
  verifyComponentVersion,
  type ComponentDescriptor,
  type SigstoreTrust,
} from '../../../ocm';
import { hasCode } from '../../../report';

/*
 * The vectors were signed with an authority, a certificate transparency log and a transparency log of their own, whose
 * keys nobody has any more; `elsewhere` with another set of them.
 */
const folder = path.join(__dirname, '..', 'vectors', 'sigstore');
const file = path.join(folder, 'keyless.yaml');
const signed = parseDescriptor(readFileSync(file), file).descriptor;
const trust: SigstoreTrust = {
  trustedRoot: readFileSync(path.join(folder, 'trusted-root.json'), 'utf8'),
  identity: 'https://ci.example/acme/release',
  issuer: 'https://issuer.example',
};

type Tree = { [key: string]: unknown };

describe('ocm/signing: keyless signatures', () => {
  const verify = async (
    name: string,
    sigstore: SigstoreTrust | undefined,
    descriptor: ComponentDescriptor = signed,
  ): Promise<unknown> => {
    const repository = repositoryIn(memorySpace());
    await repository.put({ descriptor: parseDescriptor(serialiseDescriptor(descriptor), name), blobs: [] });
    const { component } = descriptor;
    return verifyComponentVersion(repository, component.name, component.version, {
      signatures: [name],
      ...(sigstore === undefined ? {} : { sigstore }),
    }).catch((error: unknown) => error);
  };
  const refused = async (code: string, words: RegExp, ...given: Parameters<typeof verify>): Promise<void> => {
    const problem = await verify(...given);
    expect(hasCode(problem, code), String(problem)).to.equal(true);
    expect(String(problem)).to.match(words);
  };

  for (const name of ['keyless', 'keyless-512', 'entry']) {
    it(`accepts ${name}: ${signed.signatures?.find(each => each.name === name)?.signature.algorithm ?? ''}`, async () => {
      for (const identity of [trust.identity, /https:\/\/ci\.example\/.*/]) {
        const found = await verify(name, { ...trust, identity });
        if (found instanceof Error) throw found;
      }
    });
  }

  const other = (change: Partial<SigstoreTrust>): SigstoreTrust => ({ ...trust, ...change });
  const wrong: readonly (readonly [string, string, SigstoreTrust | undefined, string, RegExp])[] = [
    ['another identity', 'keyless', other({ identity: 'https://ci.example/acme' }), 'ocm.not-verified', /was made by/],
    ['a part of the identity', 'keyless', other({ identity: /ci\.example/ }), 'ocm.not-verified', /was made by/],
    ['another issuer', 'entry', other({ issuer: 'https://issuer.other' }), 'ocm.not-verified', /identified by/],
    ['another stack', 'elsewhere', trust, 'ocm.not-verified', /not accepted/],
    ['a bare key', 'bare', trust, 'ocm.not-verified', /no certificate/],
    ['no trusted root', 'keyless', undefined, 'ocm.no-key', /nothing to check/],
    ['a root that is none', 'keyless', other({ trustedRoot: '{}' }), 'ocm.invalid-trusted-root', /names no/],
    ['a root that is no JSON', 'keyless', other({ trustedRoot: '-----' }), 'ocm.invalid-trusted-root', /names no/],
  ];
  for (const [what, name, sigstore, code, words] of wrong)
    it(`refuses ${what}`, () => refused(code, words, name, sigstore));

  /** The signature `keyless` with its bundle changed. */
  const withBundle = (change: (bundle: Tree) => void): ComponentDescriptor => ({
    ...signed,
    signatures: (signed.signatures ?? []).map(each => {
      if (each.name !== 'keyless') return each;
      const bundle = JSON.parse(Buffer.from(each.signature.value, 'base64').toString()) as Tree;
      change(bundle);
      const value = Buffer.from(JSON.stringify(bundle)).toString('base64');
      return { ...each, signature: { ...each.signature, value } };
    }),
  });
  const inside = (tree: Tree, ...steps: readonly string[]): Tree =>
    steps.reduce<Tree>((found, step) => found[step] as Tree, tree);
  const entry = (bundle: Tree): Tree => inside(bundle, 'verificationMaterial', 'tlogEntries', '0');
  const changes: readonly (readonly [string, (bundle: Tree) => void])[] = [
    ['no log entry', bundle => void (inside(bundle, 'verificationMaterial').tlogEntries = [])],
    ['a later time', bundle => void (entry(bundle).integratedTime = '1999999999')],
    ['another body', bundle => void (entry(bundle).canonicalizedBody = Buffer.from('{}').toString('base64'))],
    ['another log', bundle => void (inside(entry(bundle), 'logId').keyId = Buffer.alloc(32).toString('base64'))],
    ['no proof', bundle => void delete entry(bundle).inclusionProof],
    ['another signature', bundle => void (inside(bundle, 'messageSignature').signature = 'MEUCIQ==')],
    [
      'another digest',
      bundle => void (inside(bundle, 'messageSignature', 'messageDigest').digest = Buffer.alloc(32).toString('base64')),
    ],
    ['no certificate', bundle => void delete inside(bundle, 'verificationMaterial').certificate],
    ['a damaged certificate', bundle => void (inside(bundle, 'verificationMaterial', 'certificate').rawBytes = 'MIIB')],
    ['another media type', bundle => void (bundle.mediaType = 'application/json')],
    ['nothing', bundle => Object.keys(bundle).forEach(key => delete bundle[key])],
  ];
  for (const [what, change] of changes)
    it(`refuses a bundle with ${what}`, () =>
      refused('ocm.not-verified', /signature keyless: .+/, 'keyless', trust, withBundle(change)));

  it('refuses a signature over another component', async () => {
    const component = { ...signed.component, labels: [{ name: 'example.com/tier', value: 'lead', signing: true }] };
    await refused('ocm.not-verified', /signed is/, 'keyless', trust, { ...signed, component });
    const signatures = signed.signatures?.map(each => ({
      ...each,
      digest: signed.signatures?.[1]?.digest ?? each.digest,
    }));
    await refused('ocm.not-verified', /not accepted/, 'keyless', trust, { ...signed, signatures: signatures ?? [] });
  });

  it('refuses values that are no bundle, and algorithms that belong to another form', async () => {
    const withSignature = (change: object): ComponentDescriptor => ({
      ...signed,
      signatures: (signed.signatures ?? []).map(each => ({ ...each, signature: { ...each.signature, ...change } })),
    });
    for (const value of ['', 'not base64!', Buffer.from('{').toString('base64'), 'A'.repeat(2_000_000)])
      await refused('ocm.invalid-signature', /not well formed/, 'keyless', trust, withSignature({ value }));
    for (const algorithm of ['sigstore-v2', 'RSASSA-PSS'])
      await refused('ocm.invalid-signature', /do not go together/, 'keyless', trust, withSignature({ algorithm }));
    const mediaType = 'application/vnd.ocm.signature.rsa';
    await refused('ocm.invalid-signature', /do not go together/, 'keyless', trust, withSignature({ mediaType }));
  });
});
