import { Command } from 'commander';
import { mustAsk } from './ask';
import { operationFlags, operationOptions, stackOf } from './engine-options';
import type { OperationFlags } from './engine-options';
import { offer } from './operation';

interface DestroyFlags extends OperationFlags {
  readonly remove?: boolean;
  readonly previewOnly?: boolean;
}

/** `airlock destroy`: deletes every resource of a stack; its configuration and history stay. */
export function destroyCommand(): Command {
  return operationFlags(new Command('destroy').alias('down').description('Delete all resources of a stack'))
    .option('-r, --refresh', 'read every resource first')
    .option('--remove', 'forget the stack as well')
    .option('--preview-only', 'only show what would be deleted')
    .option('-f, --skip-preview', 'do not preview first')
    .action(async (flags: DestroyFlags) => {
      mustAsk(flags, 'destroy');
      const stack = await stackOf(flags);
      const done = await offer({
        command: 'destroy',
        flags,
        options: operationOptions(flags),
        question: `Do you want to delete these resources of stack ${stack.name}?`,
        work: (options, preview) => stack.destroy({ ...options, preview }),
      });
      if (!done) return;
      if (flags.remove) await stack.remove();
      else if (!flags.json) {
        process.stdout.write(
          `The stack ${stack.name} keeps its configuration and history. To forget it: airlock stack rm ${stack.name}\n`,
        );
      }
    });
}
