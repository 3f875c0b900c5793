import type { Command } from 'commander';
import { hashAlgorithmOf, normalisationOf, signatureAlgorithmOf, signComponentVersion } from '../../ocm';
import { keyText } from './keys';
import { print } from './output';
import {
  inSession,
  lookups,
  withConnectionFlags,
  withLookupFlags,
  withSelectFlags,
  type ConnectionFlags,
  type LookupFlags,
  type SelectFlags,
} from './session';

interface SignFlags extends SelectFlags, LookupFlags, ConnectionFlags {
  readonly signature: string;
  readonly privateKey: string;
  readonly publicKey?: string;
  readonly algorithm: string;
  readonly hash: string;
  readonly normalization: string;
  readonly recursive?: boolean;
}

/** `airlock component sign`. */
export function signCommand(command: Command): void {
  command
    .argument('[reference...]', 'component versions; an archive alone means all in it')
    .requiredOption('-s, --signature <name>', 'name of the signature')
    .requiredOption('-K, --private-key <key>', 'RSA private key (PEM): a file, env:NAME or k8s:NAMESPACE/SECRET[/KEY]')
    .option('-k, --public-key <key>', 'certificate chain (PEM) to be carried by the signature')
    .option('-S, --algorithm <name>', 'RSASSA-PKCS1-V1_5 or RSASSA-PSS', 'RSASSA-PKCS1-V1_5')
    .option('-H, --hash <name>', 'SHA-256 or SHA-512', 'SHA-256')
    .option('-N, --normalization <name>', 'normal form that is signed', 'jsonNormalisation/v3')
    .option('-R, --recursive', 'sign referenced component versions too')
    .action((references: string[], flags: SignFlags) => sign(references, flags));
  withConnectionFlags(withLookupFlags(withSelectFlags(command))).addHelpText(
    'after',
    `
Examples:
  $ airlock component sign -s acme -K acme.priv transport.tgz
  $ airlock component sign -s acme -K env:SIGNING_KEY -S RSASSA-PSS -R registry.example//acme.org/suite:3.0.0
  $ airlock component sign -s acme -K k8s:release/signing-key/private.pem registry.example//acme.org/web:1.2.0`,
  );
}

async function sign(references: readonly string[], flags: SignFlags): Promise<void> {
  const options = {
    signature: flags.signature,
    privateKey: await keyText(flags.privateKey),
    ...(flags.publicKey === undefined ? {} : { certificates: await keyText(flags.publicKey) }),
    algorithm: signatureAlgorithmOf(flags.algorithm),
    hash: hashAlgorithmOf(flags.hash),
    normalisation: normalisationOf(flags.normalization),
    recursive: flags.recursive === true,
  };
  const signed = await inSession(flags, async session => {
    const lookup = await lookups(session, flags);
    const lines: string[] = [];
    for (const access of await session.versions(references, flags)) {
      const { name, version } = access.descriptor.component;
      const done = await signComponentVersion(access.repository, name, version, {
        ...options,
        lookup,
        report: session.report,
        signal: session.signal,
      });
      lines.push(...done.map(each => `successfully signed ${each.component}:${each.version} (digest ${each.digest})`));
    }
    return lines;
  });
  signed.forEach(print);
}
