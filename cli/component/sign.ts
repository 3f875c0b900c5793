import type { Command } from 'commander';
import {
  hashAlgorithmOf,
  normalisationOf,
  removeSignatures,
  signatureAlgorithmOf,
  signComponentVersion,
  type SignOptions,
} from '../../ocm';
import { AirlockError } from '../../report';
import { keyText } from './keys';
import { print, visible } from './output';
import { inSession, lookups, withVersionFlags, type VersionFlags } from './session';

interface SignFlags extends VersionFlags {
  readonly signature: readonly string[];
  readonly privateKey?: string;
  readonly remove?: boolean;
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
    .requiredOption(
      '-s, --signature <name>',
      'name of the signature (repeatable)',
      (value: string, before: readonly string[] | undefined) => [...(before ?? []), value],
    )
    .option('-K, --private-key <key>', 'RSA private key (PEM): a file, env:NAME or k8s:NAMESPACE/SECRET[/KEY]')
    .option('--remove', 'take the signatures off instead')
    .option('-k, --public-key <key>', 'certificate chain (PEM) to be carried by the signature')
    .option('-S, --algorithm <name>', 'RSASSA-PKCS1-V1_5 or RSASSA-PSS', 'RSASSA-PKCS1-V1_5')
    .option('-H, --hash <name>', 'SHA-256 or SHA-512', 'SHA-256')
    .option('-N, --normalization <name>', 'normal form that is signed', 'jsonNormalisation/v3')
    .option('-R, --recursive', 'sign referenced component versions too')
    .action((references: string[], flags: SignFlags) => sign(references, flags));
  withVersionFlags(command).addHelpText(
    'after',
    `
Examples:
  $ airlock component sign -s acme -K acme.priv transport.tgz
  $ airlock component sign -s acme -K env:SIGNING_KEY -S RSASSA-PSS -R registry.example//acme.org/suite:3.0.0
  $ airlock component sign -s acme -K k8s:release/signing-key/private.pem registry.example//acme.org/web:1.2.0
  $ airlock component sign -s draft --remove transport.tgz//acme.org/web:1.2.0`,
  );
}

async function sign(references: readonly string[], flags: SignFlags): Promise<void> {
  const lines = await inSession(flags, async session => {
    const done: string[] = [];
    const key = flags.remove === true ? undefined : await signingOptions(flags);
    const lookup = await lookups(session, flags);
    const { report, signal } = session;
    for (const { descriptor, repository } of await session.versions(references, flags)) {
      const { name, version } = descriptor.component;
      if (key === undefined) {
        const removed = await removeSignatures(repository, name, version, flags.signature, { report, signal });
        done.push(...removed.map(signature => `removed signature ${signature} of ${name}:${version}`));
        continue;
      }
      for (const signature of flags.signature) {
        const options = { ...key, signature, lookup, report, signal };
        for (const { component, version: signed, digest } of await signComponentVersion(
          repository,
          name,
          version,
          options,
        ))
          done.push(`successfully signed ${component}:${signed} (digest ${digest})`);
      }
    }
    return done;
  });
  lines.forEach(line => print(visible(line)));
}

async function signingOptions(flags: SignFlags): Promise<Omit<SignOptions, 'signature'>> {
  if (flags.privateKey === undefined)
    throw new AirlockError({
      code: 'cli.usage',
      message: 'no private key is named',
      remedy: 'Give --private-key; airlock component keygen makes one',
    });
  return {
    privateKey: await keyText(flags.privateKey),
    ...(flags.publicKey === undefined ? {} : { certificates: await keyText(flags.publicKey) }),
    algorithm: signatureAlgorithmOf(flags.algorithm),
    hash: hashAlgorithmOf(flags.hash),
    normalisation: normalisationOf(flags.normalization),
    recursive: flags.recursive === true,
  };
}
