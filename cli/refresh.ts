import { Command } from 'commander';
import { mustAsk } from './ask';
import { collect, operationFlags, operationOptions, stackOf, usage } from './engine-options';
import type { OperationFlags } from './engine-options';
import { offer } from './operation';

/** `airlock refresh`: brings the state to what is really there. Changes no resource. */
export function refreshCommand(): Command {
  return operationFlags(new Command('refresh').description('Bring the state to what is really there'))
    .option('--preview-only', 'only show what would change in the state')
    .option('-f, --skip-preview', 'do not preview first')
    .option('--clear-pending-creates', 'forget interrupted creations: they have made nothing')
    .option(
      '--import-pending-creates <urn=id>',
      'take over what an interrupted creation has made, under its ID (repeatable)',
      collect,
    )
    .action(async (flags: OperationFlags) => {
      mustAsk(flags, 'refresh');
      const stack = await stackOf(flags);
      const pendingCreates = resolution(flags);
      await offer({
        command: 'refresh',
        flags,
        options: { ...operationOptions(flags), ...(pendingCreates ? { pendingCreates } : {}) },
        question: `Do you want to change the state of stack ${stack.name} so?`,
        work: (options, preview) => stack.refresh({ ...options, preview }),
      });
    });
}

function resolution(flags: OperationFlags): 'clear' | Record<string, string> | undefined {
  if (flags.clearPendingCreates) {
    if (flags.importPendingCreates) {
      throw usage('--clear-pending-creates and --import-pending-creates cannot be given together');
    }
    return 'clear';
  }
  if (!flags.importPendingCreates) return undefined;
  return Object.fromEntries(
    flags.importPendingCreates.map(entry => {
      const at = entry.indexOf('=');
      if (at < 1) throw usage(`--import-pending-creates ${entry} is not of the form URN=ID`);
      return [entry.slice(0, at), entry.slice(at + 1)];
    }),
  );
}
