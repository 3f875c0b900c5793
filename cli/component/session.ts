import { type Command } from 'commander';
import { dockerConfigCredentials, firstOf, type CredentialSource } from '../../oci';
import {
  openComponentRepository,
  openReference,
  openRegistries,
  selectVersions,
  type ComponentRepository,
  type ComponentVersionAccess,
  type OpenCtfOptions,
  type Registries,
} from '../../ocm';
import { AirlockError, type Reporter } from '../../report';
import { terminalReporter } from '../terminal';

/** What every command on component versions needs; ended by Ctrl-C. */
export interface Session {
  readonly registries: Registries;
  readonly report: Reporter;
  readonly signal: AbortSignal;
  /** Opens a repository by its text; it is closed with the session. */
  repository(text: string, options?: OpenCtfOptions): Promise<ComponentRepository>;
  /** Opens what references mean. */
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

export function withSelectFlags(command: Command): Command {
  return command
    .option('--repo <repository>', 'repository of references that are only component:version')
    .option('--latest', 'only the newest version')
    .option('-c, --constraints <range>', 'only the newest version in a semver range');
}

export function withLookupFlags(command: Command): Command {
  return command.option('--lookup <repository...>', 'further repositories for referenced component versions');
}

/** Runs `work`, closes what it opened (archives that were changed are written only when it succeeded), and clears the terminal. */
export async function inSession<T>(work: (session: Session) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const interrupt = (): void => stop.abort(new AirlockError({ code: 'cli.interrupted', message: 'interrupted' }));
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const terminal = terminalReporter();
  const registries = openRegistries({ credentials: credentials() });
  const opened: ComponentRepository[] = [];
  const repository: Session['repository'] = async (text, options = {}) => {
    const found = await openComponentRepository(text, { ...options, registries });
    opened.push(found);
    return found;
  };
  const session: Session = {
    registries,
    report: terminal.report,
    signal: stop.signal,
    repository,
    versions: async (references, select) => {
      const result: ComponentVersionAccess[] = [];
      for (const reference of references) {
        const text = select.repo === undefined ? reference : `${select.repo.replace(/\/+$/, '')}//${reference}`;
        const found = await openReference(text, { registries });
        opened.push(found.repository);
        const range = select.constraints;
        const chosen = await selectVersions(
          found,
          { latest: select.latest === true, ...(range === undefined ? {} : { range }) },
          { signal: stop.signal },
        );
        for (const { component, version } of chosen)
          result.push(await found.repository.open(component, version, { signal: stop.signal }));
      }
      return result;
    },
  };
  let done = false;
  try {
    const result = await work(session);
    done = true;
    return result;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    terminal.close();
    for (const each of opened) await each.close({ discard: !done });
  }
}

/** Further repositories, opened. */
export async function lookups(session: Session, flags: LookupFlags): Promise<ComponentRepository[]> {
  const result: ComponentRepository[] = [];
  for (const text of flags.lookup ?? []) result.push(await session.repository(text));
  return result;
}

/** The environment first, so that a pipeline needs no file; then what docker, podman and crane use. */
function credentials(): CredentialSource {
  const text = process.env.AIRLOCK_REGISTRY_AUTH;
  return text === undefined || text === ''
    ? dockerConfigCredentials()
    : firstOf(dockerConfigCredentials({ text }), dockerConfigCredentials());
}
