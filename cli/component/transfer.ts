import { Option, type Command } from 'commander';
import { CopySession } from '../../oci';
import { parseSelector, transferComponentVersion, type CtfFormat, type TransferResult } from '../../ocm';
import { AirlockError } from '../../report';
import { bytes } from '../terminal';
import { trustedKeys } from './keys';
import { transferPlan } from './transfer-plan';
import { flattened, nodesOf } from './closure';
import { print, printListing, withOutputFlag, type OutputFlags } from './output';
import { inSession, lookups, withVersionFlags, type VersionFlags } from './session';

interface TransferFlags extends VersionFlags, OutputFlags {
  readonly copyResources?: boolean;
  readonly copyLocalResources?: boolean;
  readonly copySources?: boolean;
  readonly omitAccessTypes?: readonly string[];
  readonly recursive?: boolean;
  readonly stopOnExisting?: boolean;
  readonly overwrite?: boolean;
  readonly update: boolean;
  readonly enforce?: boolean;
  readonly disableUploads?: boolean;
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly platform?: readonly string[];
  readonly referrers: boolean;
  readonly relativeAccess?: boolean;
  readonly dryRun?: boolean;
  readonly type?: CtfFormat;
  readonly signature: readonly string[];
  readonly publicKey: readonly string[];
}

const collect = (value: string, before: readonly string[] | undefined): readonly string[] => [...(before ?? []), value];

/** `airlock component transfer`. */
export function transferCommand(command: Command): void {
  command
    .argument('<reference-and-target...>', 'component versions, and last the repository they go to')
    .option('-V, --copy-resources', 'by value: content that is elsewhere is copied too')
    .option('-L, --copy-local-resources', 'by value, for resources with the relation local')
    .option('--copy-sources', 'sources by value')
    .option('-N, --omit-access-types <types>', 'access types that stay as they are, comma separated', text =>
      text.split(','),
    )
    .option('-r, --recursive', 'referenced component versions too')
    .option('-E, --stop-on-existing', 'do not follow references of what is there')
    .option('-f, --overwrite', 'replace component versions of other content')
    .option('--no-update', 'leave what is there as it is, even where unsigned parts differ')
    .option('--enforce', 'as if the target were empty')
    .option('--include <selector>', 'by value only these: name=web*,type=ociImage (repeatable)', collect)
    .option('--exclude <selector>', 'by value not these (repeatable)', collect)
    .option(
      '--platform <os/arch>',
      'of images for several platforms only these (repeatable); says what is left out',
      collect,
    )
    .option('--no-referrers', 'leave signatures and attestations that refer to images behind')
    .option('--relative-access', 'name uploaded images without the host of the registry')
    .option('--dry-run', 'say what would be copied; write nothing')
    .option('--disable-uploads', 'images become local blobs, not repositories of their own')
    .addOption(
      new Option('-t, --type <format>', 'format of an archive that is made').choices(['directory', 'tar', 'tgz']),
    )
    .option('-s, --signature <name>', 'with --public-key: signature that must be there (repeatable)', collect, [])
    .option('-k, --public-key <[signature=]file>', 'verify before and after with this key (repeatable)', collect, [])
    .action((given: string[], flags: TransferFlags) => transfer(given, flags));
  withOutputFlag(withVersionFlags(command)).addHelpText(
    'after',
    `
Examples:
  $ airlock component transfer ctf//ocm.software/demos/podinfo:1.0.0 registry.example/releases
  $ airlock component transfer -V -r -k vendor.pub registry.example//ocm.software/demos/podinfo:1.0.0 podinfo.tgz
  $ airlock component transfer -V --exclude type=ociImage --dry-run podinfo.tgz registry.example/releases`,
  );
}

/** What a transfer would do. Exits 1 where it would be refused. */
async function planned(references: readonly string[], target: string, flags: TransferFlags): Promise<void> {
  const plan = await inSession(flags, async session => {
    const accesses = await session.versions(references, flags);
    const nodes = await nodesOf(accesses, flags.recursive === true, await lookups(session, flags), session.signal);
    return transferPlan(session, flattened(nodes), target, flags);
  });
  printListing(flags, {
    items: plan,
    columns: [
      { title: 'COMPONENT', cell: each => each.component },
      { title: 'VERSION', cell: each => each.version },
      { title: 'STATUS', cell: each => each.status },
      { title: 'DIFFERENCES', cell: each => each.differences.join(', ') },
    ],
    document: each => each,
  });
  if (plan.some(each => each.status === 'refused')) process.exitCode = 1;
}

async function transfer(given: readonly string[], flags: TransferFlags): Promise<void> {
  const target = given.at(-1) ?? '';
  const references = given.slice(0, -1);
  if (references.length === 0 && flags.repo === undefined)
    throw new AirlockError({
      code: 'cli.usage',
      message: 'only one repository is named',
      remedy: 'Name component versions, and last the repository they go to',
    });
  if (flags.dryRun === true) return planned(references, target, flags);
  const keys = await trustedKeys(flags.publicKey);
  const results = await inSession(flags, async session => {
    const accesses = await session.versions(references, flags);
    const lookup = await lookups(session, flags);
    const repository = await session.repository(target, {
      mode: 'update',
      ...(flags.type === undefined ? {} : { format: flags.type }),
    });
    const shared = new CopySession();
    const done: TransferResult[] = [];
    for (const access of accesses) {
      done.push(
        await transferComponentVersion(access, repository, {
          copyResources: flags.copyResources === true,
          copyLocalResources: flags.copyLocalResources === true,
          copySources: flags.copySources === true,
          omitAccessTypes: flags.omitAccessTypes ?? [],
          recursive: flags.recursive === true,
          stopOnExisting: flags.stopOnExisting === true,
          overwrite: flags.overwrite === true,
          noUpdate: !flags.update,
          enforce: flags.enforce === true,
          disableUploads: flags.disableUploads === true,
          include: (flags.include ?? []).map(parseSelector),
          exclude: (flags.exclude ?? []).map(parseSelector),
          ...(flags.platform === undefined ? {} : { platforms: flags.platform }),
          referrers: flags.referrers,
          relativeAccess: flags.relativeAccess === true,
          lookup,
          session: shared,
          report: session.report,
          signal: session.signal,
          ...(keys.length === 0 ? {} : { verify: { keys, signatures: flags.signature } }),
        }),
      );
    }
    return done;
  });
  const versions = [
    ...new Map(
      results
        .flatMap(result => result.componentVersions)
        .map(each => [`${each.component}:${each.version}`, each] as const),
    ).values(),
  ];
  printListing(flags, {
    items: versions,
    columns: [
      { title: 'COMPONENT', cell: each => each.component },
      { title: 'VERSION', cell: each => each.version },
      { title: 'STATUS', cell: each => each.status },
      { title: 'MANIFEST', cell: each => each.manifestDigest },
    ],
    document: each => each,
  });
  if (flags.json !== true && ['table', 'wide'].includes(flags.output)) {
    const sum = (key: 'bytes' | 'copied' | 'mounted' | 'skipped'): number =>
      results.reduce((total, result) => total + result[key], 0);
    print(
      `${bytes(sum('bytes'))} transferred; blobs: ${sum('copied')} copied, ${sum('mounted')} mounted, ${sum('skipped')} already there`,
    );
  }
}
