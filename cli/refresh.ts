import { Command } from 'commander';
import { EngineDisplay } from './engine-display';
import { confirm, interruptible, mustAsk, operationFlags, operationOptions, stackOf } from './engine-options';
import type { OperationFlags } from './engine-options';

/** `airlock refresh`: brings the state to what is really there. Changes no resource. */
export function refreshCommand(): Command {
  return operationFlags(new Command('refresh').description('Bring the state to what is really there'))
    .option('--preview-only', 'only show what would change in the state')
    .option('-f, --skip-preview', 'do not preview before asking')
    .action(async (flags: OperationFlags & { previewOnly?: boolean }) => {
      const ask = !flags.previewOnly && mustAsk(flags, 'refresh');
      const options = operationOptions(flags);
      const stack = await stackOf(flags);
      const run = async (signal: AbortSignal, preview: boolean): Promise<void> => {
        const display = new EngineDisplay(flags);
        try {
          await stack.refresh({ ...options, preview, onEvent: display.onEvent, signal });
        } finally {
          display.close();
        }
      };
      await interruptible(async signal => {
        if (flags.previewOnly || (ask && !flags.skipPreview)) await run(signal, true);
        if (flags.previewOnly) return;
        if (ask) await confirm(`Do you want to change the state of stack ${stack.name} so?`);
        await run(signal, false);
      });
    });
}
