import { Command } from 'commander';
import { EngineDisplay } from './engine-display';
import { interruptible, operationOptions, stackOf, updateFlags } from './engine-options';
import type { OperationFlags } from './engine-options';
import { proposedChanges, withProposalTexts } from './proposed-changes';
import { refusedProduct } from './refused-products';

/** `airlock preview`: what an update would change, products and their rendered manifests included. Writes nothing. */
export function previewCommand(): Command {
  return updateFlags(
    new Command('preview').alias('pre').description('Show what an update would change, without changing it'),
  ).action((flags: OperationFlags) =>
    withProposalTexts(async () => {
      const stack = await stackOf(flags, { create: true });
      await interruptible(async signal => {
        const display = new EngineDisplay(flags);
        try {
          const result = await stack.preview({ ...operationOptions(flags), onEvent: display.onEvent, signal });
          const proposed = flags.json ? '' : await proposedChanges(result, signal);
          if (proposed !== '') process.stdout.write(`${proposed}\n`);
          const refused = refusedProduct(result);
          if (refused !== undefined) throw refused;
        } finally {
          display.close();
        }
      });
    }),
  );
}
