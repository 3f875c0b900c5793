import { Command } from 'commander';
import { AirlockError } from '../report';
import { confirm, mustAsk, stackFlags, stackOf } from './engine-options';
import type { OperationFlags } from './engine-options';

interface Flags extends OperationFlags {
  readonly force?: boolean;
  readonly all?: boolean;
}

const unknown = (urn: string): AirlockError =>
  new AirlockError({
    code: 'engine.unknown-resource',
    message: `No resource of the stack is ${urn}`,
    remedy: 'List them: airlock stack export',
  });

/** `airlock state`: edits of the state by hand. No resource is touched. */
export function stateCommand(): Command {
  const command = new Command('state').description('Edit the state by hand: delete, unprotect, clear-pending');
  stackFlags(command.command('delete <urn>').description('Forget a resource, which then lives on unmanaged'))
    .option('-y, --yes', 'go ahead without asking')
    .option('--force', 'even when it is protected')
    .option('--target-dependents', 'forget what depends on it as well')
    .action(async (urn: string, flags: Flags) => {
      const ask = mustAsk(flags, 'state delete');
      const stack = await stackOf(flags);
      if (ask) await confirm(`Forget ${urn}?`);
      await stack.forget(urn, { force: flags.force === true, dependents: flags.targetDependents === true });
    });
  stackFlags(command.command('unprotect [urn]').description('Allow a resource to be deleted'))
    .option('--all', 'every resource')
    .option('-y, --yes', 'go ahead without asking')
    .action(async (urn: string | undefined, flags: Flags) => {
      if (urn === undefined && !flags.all)
        throw new AirlockError({ code: 'cli.usage', message: 'Name a URN, or give --all' });
      const ask = mustAsk(flags, 'state unprotect');
      const stack = await stackOf(flags);
      if (ask) await confirm(`Remove the protection of ${urn ?? 'every resource'}?`);
      await stack.edit(snapshot => {
        const meant = snapshot.resources.filter(state => urn === undefined || state.urn === urn);
        if (meant.length === 0) throw unknown(urn ?? '');
        return {
          ...snapshot,
          resources: snapshot.resources.map(state => (meant.includes(state) ? { ...state, protect: false } : state)),
        };
      });
    });
  stackFlags(
    command.command('clear-pending').description('Drop the entries of interrupted operations, after having looked'),
  )
    .option('-y, --yes', 'go ahead without asking')
    .action(async (flags: Flags) => {
      const ask = mustAsk(flags, 'state clear-pending');
      const stack = await stackOf(flags);
      if (ask) await confirm('Drop the entries of interrupted operations?');
      await stack.edit(snapshot => ({ ...snapshot, pending: [] }));
    });
  return command;
}
