import type { Command } from 'commander';
import {
  openComponentRepository,
  openReference,
  selectVersions,
  type ComponentRepository,
  type ComponentVersionAccess,
  type OpenCtfOptions,
  type Registries,
} from '../../ocm';
import { AirlockError, type Reporter } from '../../report';
import { terminalReporter } from '../terminal';
import { withConnectionFlags, registriesOf, type ConnectionFlags } from './connection';

export { withConnectionFlags, type ConnectionFlags } from './connection';

/** What every command on component versions needs; ended by Ctrl-C. */
export interface Session {
  readonly registries: Registries;
  readonly report: Reporter;
  readonly signal: AbortSignal;
  /** Opens a repository by its text; it is closed with the session. */
  repository(text: string, options?: OpenCtfOptions): Promise<ComponentRepository>;
  /** Opens what references mean; without references, all of the repository that `--repo` names. */
  versions(references: readonly string[], select: SelectFlags): Promise<ComponentVersionAccess[]>;
}

/** Flags that choose among versions, and where they are looked for. */
export interface SelectFlags {
  readonly repo?: string;
  readonly latest?: boolean;
  readonly constraints?: string;
}

/** Flags that name more repositories. */
export interface LookupFlags {
  readonly lookup?: readonly string[];
}

/** Options of commands on component versions: which, where what they refer to is, and with which access. */
export interface VersionFlags extends SelectFlags, LookupFlags, ConnectionFlags {}

export function withVersionFlags(command: Command): Command {
  return withConnectionFlags(withLookupFlags(withSelectFlags(command)));
}

export function withSelectFlags(command: Command): Command {
  return command
    .option('--repo <repository>', 'repository of references that are only component[:version]')
    .option('--latest', 'only the newest version')
    .option('-c, --constraints <range>', 'only versions in a semver range');
}

export function withLookupFlags(command: Command): Command {
  return command.option(
    '--lookup <repository>',
    'further repository for referenced component versions (repeatable)',
    (value: string, before: readonly string[] | undefined) => [...(before ?? []), value],
  );
}

/** Runs `work`, closes what it opened (archives that were changed are written only when it succeeded), and clears the terminal. */
export async function inSession<T>(flags: ConnectionFlags, work: (session: Session) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const interrupt = (): void => stop.abort(new AirlockError({ code: 'cli.interrupted', message: 'interrupted' }));
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const terminal = terminalReporter();
  const opened: ComponentRepository[] = [];
  let done = false;
  try {
    const registries = await registriesOf(flags);
    const kept = <R extends ComponentRepository>(repository: R): R => {
      opened.push(repository);
      return repository;
    };
    const call = { signal: stop.signal };
    const result = await work({
      registries,
      report: terminal.report,
      signal: stop.signal,
      repository: async (text, options = {}) => kept(await openComponentRepository(text, { ...options, registries })),
      versions: async (references, select) => {
        const found: ComponentVersionAccess[] = [];
        for (const text of located(references, select.repo)) {
          const reference = await openReference(text, { registries });
          kept(reference.repository);
          const { latest = false, constraints: range } = select;
          const chosen = await selectVersions(reference, { latest, ...(range === undefined ? {} : { range }) }, call);
          for (const { component, version } of chosen)
            found.push(await reference.repository.open(component, version, call));
        }
        return found;
      },
    });
    done = true;
    return result;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    terminal.close();
    for (const each of opened) await each.close({ discard: !done });
  }
}

/** References with their repository. Throws `cli.usage` where neither says one. */
function located(references: readonly string[], repo: string | undefined): readonly string[] {
  if (repo !== undefined)
    return references.length === 0 ? [repo] : references.map(each => `${repo.replace(/\/+$/, '')}//${each}`);
  if (references.length > 0) return references;
  throw new AirlockError({
    code: 'cli.usage',
    message: 'no component version is named',
    remedy: 'Write repository//component[:version], or name a repository with --repo',
  });
}

/** The one component version that a reference means; without version the newest. Throws `cli.usage`. */
export async function oneVersion(
  session: Session,
  reference: string,
  flags: SelectFlags,
): Promise<ComponentVersionAccess> {
  const found = await session.versions([reference], { ...flags, latest: true });
  const [one, ...more] = found;
  if (one !== undefined && more.length === 0) return one;
  throw new AirlockError({
    code: 'cli.usage',
    message: `${reference} means ${found.length} component versions, one is needed`,
    remedy: 'Write repository//component:version',
  });
}

/** Further repositories, opened. */
export async function lookups(session: Session, flags: LookupFlags): Promise<ComponentRepository[]> {
  const result: ComponentRepository[] = [];
  for (const text of flags.lookup ?? []) result.push(await session.repository(text));
  return result;
}
