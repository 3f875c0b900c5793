import { Command } from 'commander';
import { EngineDisplay } from './engine-display';
import { confirm, interruptible, mustAsk, operationOptions, stackOf, updateFlags } from './engine-options';
import type { OperationFlags } from './engine-options';
import { proposedChanges, withProposalTexts } from './proposed-changes';
import { refusedProduct } from './refused-products';

/** `airlock up`: brings a stack to what the program says. Asks after a preview, unless `--yes`. */
export function upCommand(): Command {
  return updateFlags(new Command('up').alias('update').description('Create or update the resources of a stack'))
    .option('-f, --skip-preview', 'do not preview before asking')
    .action(async (flags: OperationFlags) => {
      const ask = mustAsk(flags, 'up');
      await (ask ? withProposalTexts(() => update(flags, ask)) : update(flags, ask));
    });
}

async function update(flags: OperationFlags, ask: boolean): Promise<void> {
  const options = operationOptions(flags);
  const stack = await stackOf(flags, { create: true });
  await interruptible(async signal => {
    if (ask) {
      if (!flags.skipPreview) {
        const preview = new EngineDisplay(flags);
        try {
          const result = await stack.preview({ ...options, onEvent: preview.onEvent, signal });
          const proposed = await proposedChanges(result, signal);
          if (proposed !== '') process.stdout.write(`${proposed}\n`);
        } finally {
          preview.close();
        }
      }
      await confirm('Do you want to perform this update?');
    }
    const display = new EngineDisplay(flags);
    try {
      const refused = refusedProduct(await stack.up({ ...options, onEvent: display.onEvent, signal }));
      if (refused !== undefined) throw refused;
    } finally {
      display.close();
    }
  });
}
