import { Command } from 'commander';
import { EngineDisplay } from './engine-display';
import { interruptible, operationOptions, stackOf, updateFlags } from './engine-options';
import type { OperationFlags } from './engine-options';
import { printProposed, withProposalTexts } from './proposed-changes';
import { refusedProduct } from './refused-products';

/** `airlock preview`: what an update would change, products and their rendered manifests included. Writes nothing. */
export function previewCommand(): Command {
  return updateFlags(
    new Command('preview').alias('pre').description('Show what an update would change, without changing it'),
  )
    .option('--save-plan <file>', 'keep the plan there, for up --plan')
    .action((flags: OperationFlags) => withProposalTexts(() => preview(flags)));
}

async function preview(flags: OperationFlags): Promise<void> {
  const stack = await stackOf(flags, { create: true });
  await interruptible(async signal => {
    const display = new EngineDisplay(flags);
    try {
      const result = await stack.preview({ ...operationOptions(flags), onEvent: display.onEvent, signal });
      if (!flags.json) await printProposed(result, signal);
      if (!flags.json && flags.savePlan !== undefined)
        process.stdout.write(`The plan is in ${flags.savePlan}. To do it: airlock up --plan ${flags.savePlan}\n`);
      const refused = refusedProduct(result);
      if (refused !== undefined) throw refused;
    } finally {
      display.close();
    }
  });
}
