import { Command } from 'commander';
import { mustAsk } from './ask';
import { operationOptions, stackOf, updateFlags } from './engine-options';
import type { OperationFlags } from './engine-options';
import { offer } from './operation';
import { printProposed, withProposalTexts } from './proposed-changes';
import { refusedProduct } from './refused-products';

/** `airlock up`: brings a stack to what the program says. Asks after a preview, unless `--yes`. */
export function upCommand(): Command {
  return updateFlags(new Command('up').alias('update').description('Create or update the resources of a stack'))
    .option('-f, --skip-preview', 'do not preview first')
    .option('--plan <file>', 'do what this saved plan says, and refuse to do anything else')
    .action((flags: OperationFlags) =>
      withProposalTexts(async () => {
        mustAsk(flags, 'up');
        const stack = await stackOf(flags, { create: true });
        const result = await offer({
          command: 'up',
          flags,
          options: operationOptions(flags),
          question: 'Do you want to perform this update?',
          work: (options, preview) => (preview ? stack.preview(options) : stack.up(options)),
          afterPreview: printProposed,
        });
        const refused = result && refusedProduct(result);
        if (refused !== undefined) throw refused;
      }),
    );
}
