import { Command } from 'commander';
import { DigestTree, hashAlgorithmOf, normalisationOf, type DigestedComponent } from '../../ocm';
import { AirlockError } from '../../report';
import { print, printListing, type OutputFormat } from './output';
import { inSession, lookups, withLookupFlags, withSelectFlags, type LookupFlags, type SelectFlags } from './session';

interface HashFlags extends SelectFlags, LookupFlags {
  readonly normalization: string;
  readonly hash: string;
  readonly actual?: boolean;
  readonly recursive?: boolean;
  readonly output: OutputFormat | 'norm';
}

/** `airlock component hash`: the digests that are signed, and with `-o norm` the text they are made over. */
export function hashCommand(): Command {
  const command = new Command('hash')
    .description('Show the digests that are signed, computed anew from the content')
    .argument('<reference...>', 'component versions')
    .option('-N, --normalization <name>', 'normal form', 'jsonNormalisation/v3')
    .option('-H, --hash <name>', 'SHA-256 or SHA-512', 'SHA-256')
    .option('--actual', 'use the digests that are stored; fetch nothing')
    .option('-r, --recursive', 'referenced component versions too')
    .option('-o, --output <format>', 'table, wide, json, yaml, norm', 'table')
    .action((references: string[], flags: HashFlags) => hash(references, flags));
  return withLookupFlags(withSelectFlags(command));
}

async function hash(references: readonly string[], flags: HashFlags): Promise<void> {
  const mode = { normalisation: normalisationOf(flags.normalization), hash: hashAlgorithmOf(flags.hash) };
  const found = await inSession(async session => {
    const lookup = await lookups(session, flags);
    const results: DigestedComponent[] = [];
    for (const access of await session.versions(references, flags)) {
      const tree = new DigestTree({
        lookup,
        local: flags.actual === true,
        report: session.report,
        signal: session.signal,
      });
      const root = await tree.digest(access, mode);
      const [difference] = tree.differences;
      if (difference !== undefined) {
        throw new AirlockError({
          code: 'ocm.digest-mismatch',
          message: `${difference.component} ${difference.element}: ${difference.problem}`,
          where: access.reference,
          remedy: 'Use --actual to see the digest of the descriptor as it is',
        });
      }
      const others = flags.recursive === true ? [...tree.components.values()].filter(each => each !== access) : [];
      results.push(root, ...(await Promise.all(others.map(each => tree.digest(each, mode)))));
    }
    return results;
  });
  if (flags.output === 'norm') {
    for (const { normalised } of found) print(normalised);
    return;
  }
  printListing(flags.output, {
    header: ['COMPONENT', 'VERSION', 'HASH'],
    wideHeader: ['NORMALIZED FORM'],
    rows: found.map(({ descriptor: { component }, digest, normalised }) => ({
      cells: [component.name, component.version, digest],
      wide: [normalised],
      item: { component: component.name, version: component.version, hash: digest, normalized: normalised },
    })),
  });
}
