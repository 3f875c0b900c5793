import { Option, type Command } from 'commander';
import { verifyAccess, type SigstoreTrust, type VerifiedComponentVersion } from '../../ocm';
import { AirlockError } from '../../report';
import { keyText, trustedKeys } from './keys';
import { printListing, print, visible, withOutputFlag, type OutputFlags } from './output';
import { inSession, lookups, withVersionFlags, type VersionFlags } from './session';

interface VerifyFlags extends VersionFlags, OutputFlags {
  readonly signature: readonly string[];
  readonly publicKey: readonly string[];
  readonly caCert?: string;
  readonly issuer?: string;
  readonly local?: boolean;
  readonly deep?: boolean;
  readonly trustedRoot?: string;
  readonly identity?: string;
  readonly oidcIssuer?: string;
}

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

/** `airlock component verify`: exits 0 only when every signature asked for is there and everything is what was signed. */
export function verifyCommand(command: Command): void {
  const keyless = (flags: string, description: string): Option => new Option(flags, description).helpGroup('Keyless:');
  command
    .argument('[reference...]', 'component versions; an archive alone means all in it')
    .option('-s, --signature <name>', 'signature that must be there (repeatable; default: all there are)', collect, [])
    .option(
      '-k, --public-key <[signature=]key>',
      'public key or certificate (PEM): a file, env:NAME or k8s:NAMESPACE/SECRET[/KEY] (repeatable)',
      collect,
      [],
    )
    .option('--ca-cert <file>', 'trusted authorities (PEM), for signatures that carry certificates')
    .option('-I, --issuer <name>', 'subject that such a certificate must have')
    .option('-L, --local', 'trust the digests that are stored; fetch nothing')
    .option('--deep', 'read every blob of images in registries too')
    .addOption(keyless('--trusted-root <file>', 'sigstore trusted root (JSON); nothing is fetched'))
    .addOption(
      keyless('--identity <address>', 'e-mail address or URI of the signer; /pattern/ for a regular expression'),
    )
    .addOption(keyless('--oidc-issuer <url>', 'who vouched for the identity; /pattern/ for a regular expression'))
    .action((references: string[], flags: VerifyFlags) => verify(references, flags));
  withOutputFlag(withVersionFlags(command)).addHelpText(
    'after',
    `
Examples:
  $ airlock component verify -s acme -k acme.pub transport.tgz
  $ airlock component verify -k acme=acme.pub -k auditor=auditor.pub registry.example//acme.org/web:1.2.0
  $ airlock component verify -s acme --ca-cert ca.pem -I 'CN=acme,O=Acme' registry.example//acme.org/web:1.2.0
  $ airlock component verify --trusted-root root.json --identity release@acme.org --oidc-issuer https://accounts.acme.org \\
      registry.example//acme.org/web:1.2.0`,
  );
}

async function verify(references: readonly string[], flags: VerifyFlags): Promise<void> {
  const keys = await trustedKeys(flags.publicKey);
  const authorities = flags.caCert === undefined ? undefined : await keyText(flags.caCert);
  const sigstore = await keylessTrust(flags);
  const verified = await inSession(flags, async session => {
    const lookup = await lookups(session, flags);
    const results: VerifiedComponentVersion[] = [];
    for (const access of await session.versions(references, flags)) {
      results.push(
        await verifyAccess(access, {
          signatures: flags.signature,
          keys,
          lookup,
          local: flags.local === true,
          deep: flags.deep === true,
          report: session.report,
          signal: session.signal,
          ...(authorities === undefined ? {} : { caCertificates: authorities }),
          ...(flags.issuer === undefined ? {} : { issuer: flags.issuer }),
          ...(sigstore === undefined ? {} : { sigstore }),
        }),
      );
    }
    return results;
  });
  if (flags.json === true || !['table', 'wide'].includes(flags.output))
    return printListing(flags, {
      items: verified.map(inOrder),
      columns: [],
      document: ({ access: _access, ...rest }) => rest,
    });
  for (const { component, version, signatures, resources } of verified.map(inOrder)) {
    for (const { resource, component: of, digest, checked } of resources) {
      const what =
        digest === undefined
          ? checked
          : `${digest.hashAlgorithm}:${digest.value}[${digest.normalisationAlgorithm}]${checked === 'content' ? '' : ` (${checked})`}`;
      if (flags.output === 'wide') print(visible(`  ${of} ${resource}: ${what}`));
    }
    for (const { name, hash, digest } of signatures)
      print(visible(`successfully verified ${component}:${version} (signature ${name}, digest ${hash}:${digest})`));
  }
}

/** Resources are read at once, and come as they are done. */
function inOrder(verified: VerifiedComponentVersion): VerifiedComponentVersion {
  const key = ({ component, resource }: VerifiedComponentVersion['resources'][number]): string =>
    `${component} ${resource}`;
  const resources = [...verified.resources].sort((left, right) => (key(left) < key(right) ? -1 : 1));
  return { ...verified, resources };
}

/** All three, or none. Throws `cli.usage`. */
async function keylessTrust({ trustedRoot, identity, oidcIssuer }: VerifyFlags): Promise<SigstoreTrust | undefined> {
  if (trustedRoot === undefined && identity === undefined && oidcIssuer === undefined) return undefined;
  if (trustedRoot === undefined || identity === undefined || oidcIssuer === undefined)
    throw new AirlockError({
      code: 'cli.usage',
      message: 'a keyless signature is checked against a trusted root, an identity and its issuer',
      remedy: 'Give --trusted-root, --identity and --oidc-issuer together',
    });
  return { trustedRoot: await keyText(trustedRoot), identity: expected(identity), issuer: expected(oidcIssuer) };
}

/** `/.../` is a pattern for the whole text. */
function expected(text: string): string | RegExp {
  const pattern = /^\/(.+)\/$/s.exec(text)?.[1];
  if (pattern === undefined) return text;
  try {
    return new RegExp(`^(?:${pattern})$`, 'u');
  } catch {
    throw new AirlockError({
      code: 'cli.usage',
      message: `${JSON.stringify(text)} is not a regular expression`,
      remedy: 'Correct it, or write the text in full without slashes',
    });
  }
}
