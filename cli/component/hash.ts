import type { Command } from 'commander';
import { writeFile } from 'node:fs/promises';
import {
  DigestTree,
  hashAlgorithmOf,
  nameAndVersion,
  normalisationOf,
  type DigestedComponent,
  type Difference,
} from '../../ocm';
import { AirlockError } from '../../report';
import { flattened, nodesOf, type Visited } from './closure';
import {
  identityCell,
  print,
  printListing,
  withOutputFlag,
  withSortFlag,
  type Column,
  type OutputFlags,
} from './output';
import { inSession, lookups, withVersionFlags, type Session, type VersionFlags } from './session';

interface HashFlags extends VersionFlags, OutputFlags {
  readonly normalization: string;
  readonly hash: string;
  readonly actual?: boolean;
  readonly recursive?: boolean;
  readonly outfile?: string;
}

interface Hashed extends DigestedComponent, Pick<Visited, 'path' | 'reference'> {}

/** `airlock component hash`: the digests that are signed, and with `-o norm` the text they are made over. */
export function hashCommand(command: Command): void {
  command
    .argument('[reference...]', 'component versions')
    .option('-N, --normalization <name>', 'normal form', 'jsonNormalisation/v3')
    .option('-H, --hash <name>', 'SHA-256 or SHA-512', 'SHA-256')
    .option('--actual', 'use the digests that are stored; fetch nothing')
    .option('-r, --recursive', 'referenced component versions too')
    .option('-O, --outfile <file>', 'with -o norm: where the text goes (default: standard output)')
    .action((references: string[], flags: HashFlags) => hash(references, flags));
  withOutputFlag(withSortFlag(withVersionFlags(command)), ['norm']).addHelpText(
    'after',
    `
Examples:
  $ airlock component hash registry.example//ocm.software/demos/podinfo:1.0.0
  $ airlock component hash -r --actual -N jsonNormalisation/v1 -H SHA-512 transport.tgz
  $ airlock component hash -o norm transport.tgz//ocm.software/demos/podinfo:1.0.0 | sha256sum`,
  );
}

async function hash(references: readonly string[], flags: HashFlags): Promise<void> {
  const found = await inSession(flags, session => hashes(session, references, flags));
  if (flags.output === 'norm' && flags.json !== true) return printForms(found, flags.outfile);
  const recursive = flags.recursive === true;
  printListing(flags, {
    items: found,
    columns: recursive ? [referencePath, ...columns, identity] : columns,
    document: ({ path, descriptor: { component }, normalised, digest }) => ({
      context: path,
      component: component.name,
      version: component.version,
      normalized: normalised,
      hash: digest,
    }),
  });
}

async function hashes(session: Session, references: readonly string[], flags: HashFlags): Promise<Hashed[]> {
  const mode = { normalisation: normalisationOf(flags.normalization), hash: hashAlgorithmOf(flags.hash) };
  const lookup = await lookups(session, flags);
  const results: Hashed[] = [];
  for (const root of await session.versions(references, flags)) {
    const nodes = await nodesOf([root], flags.recursive === true, lookup, session.signal);
    const { report, signal } = session;
    const tree = new DigestTree({ lookup, local: flags.actual === true, report, signal });
    for (const { access, path, reference } of flattened(nodes)) {
      const digested = await tree.digest(access, mode);
      const [difference] = tree.differences;
      if (difference !== undefined) throw mismatch(difference, access.reference);
      results.push({ ...digested, path, ...(reference === undefined ? {} : { reference }) });
    }
  }
  return results;
}

function mismatch({ component, element, problem }: Difference, where: string): AirlockError {
  return new AirlockError({
    code: 'ocm.digest-mismatch',
    message: `${component} ${element}: ${problem}`,
    where,
    remedy: 'Use --actual to see the digest of the descriptor as it is',
  });
}

async function printForms(found: readonly Hashed[], file: string | undefined): Promise<void> {
  if (file === undefined || file === '-') {
    for (const { normalised } of found) print(normalised);
    return;
  }
  const [one, ...more] = found;
  if (one === undefined || more.length > 0)
    throw new AirlockError({
      code: 'cli.usage',
      message: `--outfile is for one component version, ${found.length} were found`,
      remedy: `Name one of ${found.map(each => nameAndVersion(each.descriptor)).join(', ')}`,
    });
  await writeFile(file, one.normalised);
}

const referencePath: Column<Hashed> = { title: 'REFERENCEPATH', cell: ({ path }) => path.join('->') };
const identity: Column<Hashed> = {
  title: 'IDENTITY',
  cell: ({ reference }) =>
    reference === undefined ? '' : identityCell({ ...reference.extraIdentity, name: reference.name }),
};
const columns: readonly Column<Hashed>[] = [
  { title: 'COMPONENT', cell: ({ descriptor }) => descriptor.component.name },
  { title: 'VERSION', cell: ({ descriptor }) => descriptor.component.version },
  { title: 'HASH', cell: ({ digest }) => digest },
  { title: 'NORMALIZED FORM', cell: ({ normalised }) => normalised, wide: true },
];
