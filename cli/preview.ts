import { Command } from 'commander';
import { EngineDisplay } from './engine-display';
import { interruptible, operationOptions, stackOf, updateFlags } from './engine-options';
import type { OperationFlags } from './engine-options';
import { printProposed } from './proposed-changes';

/** `airlock preview`: what an update would change, products and their rendered manifests included. Writes nothing. */
export function previewCommand(): Command {
  return updateFlags(
    new Command('preview').alias('pre').description('Show what an update would change, without changing it'),
  )
    .option('--save-plan <file>', 'keep the plan there, for up --plan')
    .action(async (flags: OperationFlags) => {
      const stack = await stackOf(flags, { create: true });
      await interruptible(async signal => {
        const display = new EngineDisplay(flags);
        try {
          const result = await stack.preview({ ...operationOptions(flags), onEvent: display.onEvent, signal });
          if (flags.json) return;
          await printProposed(result, signal);
          if (flags.savePlan === undefined) return;
          process.stdout.write(`The plan is in ${flags.savePlan}. To do it: airlock up --plan ${flags.savePlan}\n`);
        } finally {
          display.close();
        }
      });
    });
}
