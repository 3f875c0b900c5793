import type { Command } from 'commander';
import { nameAndVersion, openIfExists, verifyAccess, type ComponentVersionAccess, type TrustedKey } from '../../ocm';
import { AirlockError, describeError } from '../../report';
import { exitCodeOf, exitCodes } from '../exit';
import { contentProblems, notLocal, type Problem } from './check-content';
import { trustedKeys } from './keys';
import { identityCell, print, printListing, visible, withOutputFlag, type Column, type OutputFlags } from './output';
import { inSession, lookups, withVersionFlags, type Session, type VersionFlags } from './session';
import { table } from '../terminal';

interface CheckFlags extends VersionFlags, OutputFlags {
  readonly localResources?: boolean;
  readonly localSources?: boolean;
  readonly content?: boolean;
  readonly signature?: readonly string[];
  readonly publicKey?: readonly string[];
}

/** What was found about one component version and all it refers to. Fields as of the reference command line. */
interface Checked {
  readonly componentVersion: string;
  status: string;
  /** Component versions that are missing, with the way to them. */
  readonly missing: Record<string, string[]>;
  /** Identities of elements that are not in the repository itself. */
  readonly resources: Readonly<Record<string, string>>[];
  readonly sources: Readonly<Record<string, string>>[];
  readonly problems: Problem[];
}

/** `airlock component check`: exits 0 only when everything asked for holds. */
export function checkCommand(command: Command): void {
  const repeated = (value: string, before: readonly string[] | undefined): readonly string[] => [
    ...(before ?? []),
    value,
  ];
  command
    .argument('[reference...]', 'component versions; all they refer to has to be there too')
    .option('-R, --local-resources', 'all resources must be in the repository itself')
    .option('-S, --local-sources', 'all sources must be in the repository itself')
    .option('--content', 'fetch every resource and compare its digest')
    .option('--signature <name>', 'with --public-key: signature that must be there (repeatable)', repeated)
    .option('-k, --public-key <[signature=]key>', 'verify with this key; fetches every resource (repeatable)', repeated)
    .action((references: string[], flags: CheckFlags) => check(references, flags));
  withOutputFlag(withVersionFlags(command)).addHelpText(
    'after',
    `
STATUS is OK, or what is wrong: Incomplete (a reference leads nowhere), Resources, Sources (not in the repository), Content,
Signature, Error. Exits 0 when all are OK; 4 where a digest or signature does not hold, 5 where something cannot be reached, else 1.

Examples:
  $ airlock component check registry.example//acme.org/suite:3.0.0
  $ airlock component check -R --content -k acme.pub transport.tgz`,
  );
}

async function check(references: readonly string[], flags: CheckFlags): Promise<void> {
  const keys = await trustedKeys(flags.publicKey ?? []);
  const results = await inSession(flags, async session => {
    const lookup = await lookups(session, flags);
    const checked: Checked[] = [];
    for (const access of await session.versions(references, flags))
      checked.push(await checkOne(session, access, lookup, flags, keys));
    return checked;
  });
  printListing(flags, { items: results, columns, document });
  const problems = results.flatMap(result => result.problems);
  if (problems.length > 0 && flags.json !== true && ['table', 'wide'].includes(flags.output))
    print(
      `\n${table(
        ['COMPONENT', 'ELEMENT', 'PROBLEM'],
        problems.map(({ component, element, problem }) => [component, element, problem].map(visible)),
      )}`,
    );
  if (results.some(result => result.status !== 'OK')) process.exitCode = worst(problems);
}

async function checkOne(
  session: Session,
  root: ComponentVersionAccess,
  lookup: Awaited<ReturnType<typeof lookups>>,
  flags: CheckFlags,
  keys: readonly TrustedKey[],
): Promise<Checked> {
  const { signal, report } = session;
  const result: Checked = {
    componentVersion: nameAndVersion(root.descriptor),
    status: '',
    missing: {},
    resources: [],
    sources: [],
    problems: [],
  };
  const states = new Set<string>();
  const failed = (state: string, problem: Problem): void => {
    states.add(state);
    result.problems.push(problem);
  };
  const seen = new Set<string>();
  const visit = async (access: ComponentVersionAccess, path: readonly string[]): Promise<void> => {
    const component = nameAndVersion(access.descriptor);
    if (seen.has(component)) return;
    seen.add(component);
    if (flags.localResources === true) result.resources.push(...notLocal(access, 'resources'));
    if (flags.localSources === true) result.sources.push(...notLocal(access, 'sources'));
    if (flags.content === true) for (const problem of await contentProblems(access, signal)) failed('Content', problem);
    for (const { name, componentName, version } of access.descriptor.component.componentReferences) {
      const target = `${componentName}:${version}`;
      const element = `reference ${name}`;
      if (path.includes(target) || target === component)
        failed('Error', { component, element, problem: `leads back to ${target}`, code: 'ocm.cyclic-reference' });
      let child: ComponentVersionAccess | undefined;
      try {
        for (const repository of [access.repository, ...lookup])
          child ??= await openIfExists(repository, componentName, version, { signal });
      } catch (error) {
        failed('Error', { component, element, problem: describeError(error), code: codeOf(error) });
        continue;
      }
      if (child !== undefined) {
        await visit(child, [...path, component]);
        continue;
      }
      result.missing[target] = [...path, component];
      failed('Incomplete', { component, element, problem: `${target} was not found`, code: 'ocm.missing' });
    }
  };
  await visit(root, []);
  for (const [state, list] of [
    ['Resources', result.resources],
    ['Sources', result.sources],
  ] as const)
    if (list.length > 0) states.add(state);
  if (keys.length > 0) {
    try {
      await verifyAccess(root, { keys, signatures: flags.signature ?? [], lookup, report, signal });
    } catch (error) {
      if (!(error instanceof AirlockError)) throw error;
      const component = result.componentVersion;
      failed('Signature', { component, element: 'signatures', problem: describeError(error), code: error.code });
    }
  }
  result.status = states.size === 0 ? 'OK' : [...states].join(',');
  return result;
}

const columns: readonly Column<Checked>[] = [
  { title: 'COMPONENT', cell: each => each.componentVersion.slice(0, each.componentVersion.lastIndexOf(':')) },
  { title: 'VERSION', cell: each => each.componentVersion.slice(each.componentVersion.lastIndexOf(':') + 1) },
  { title: 'STATUS', cell: each => each.status },
  {
    title: 'MISSING',
    cell: each =>
      Object.entries(each.missing)
        .map(([name, path]) => `${name}[${path.join('->')}]`)
        .join(', '),
    wide: true,
  },
  {
    title: 'NON-LOCAL',
    cell: each =>
      [['RSC', each.resources] as const, ['SRC', each.sources] as const]
        .filter(([, list]) => list.length > 0)
        .map(([name, list]) => `${name}(${list.map(identityCell).join(',')})`)
        .join(''),
    wide: true,
  },
];

/** What is empty is left out, as the reference command line does. */
function document({ componentVersion, status, ...lists }: Checked): object {
  const filled = Object.entries(lists).filter(([, list]) => Object.keys(list).length > 0);
  return { componentVersion, ...Object.fromEntries(filled), status };
}

function codeOf(error: unknown): string {
  return error instanceof AirlockError ? error.code : 'cli.failed';
}

/** A broken digest or signature is worse than what could not be asked. */
function worst(problems: readonly Problem[]): number {
  const codes = problems.map(({ code, problem }) => exitCodeOf(new AirlockError({ code, message: problem })));
  return (
    [exitCodes.refused, exitCodes.unreachable, exitCodes.configuration].find(code => codes.includes(code)) ??
    exitCodes.failed
  );
}
