import { Command } from 'commander';
import { EngineDisplay } from './engine-display';
import { confirm, interruptible, mustAsk, operationFlags, operationOptions, stackOf } from './engine-options';
import type { OperationFlags } from './engine-options';

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
    .option('-f, --skip-preview', 'do not preview before asking')
    .action(async (flags: DestroyFlags) => {
      const ask = !flags.previewOnly && mustAsk(flags, 'destroy');
      const options = operationOptions(flags);
      const stack = await stackOf(flags);
      const run = async (signal: AbortSignal, preview: boolean): Promise<void> => {
        const display = new EngineDisplay(flags);
        try {
          await stack.destroy({ ...options, preview, onEvent: display.onEvent, signal });
        } finally {
          display.close();
        }
      };
      await interruptible(async signal => {
        if (flags.previewOnly || (ask && !flags.skipPreview)) await run(signal, true);
        if (flags.previewOnly) return;
        if (ask) await confirm(`Do you want to delete these resources of stack ${stack.name}?`);
        await run(signal, false);
        if (flags.remove) await stack.remove();
        else if (!flags.json) {
          process.stdout.write(
            `The stack ${stack.name} keeps its configuration and history. To forget it: airlock stack rm ${stack.name}\n`,
          );
        }
      });
    });
}
