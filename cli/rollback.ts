import { Command } from 'commander';
import { languagePrograms } from '../images';
import { applyRollback, planRollback } from '../product';
import { deliveredProducts, namedProduct } from './delivered-products';
import { confirm, interruptible, mustAsk, stackFlags, stackOf } from './engine-options';
import type { OperationFlags } from './engine-options';

interface Flags extends OperationFlags {
  readonly to?: string;
}

/** `airlock rollback`: opens the pull request that takes a product back to a version that main has had. */
export function rollbackCommand(): Command {
  return stackFlags(
    new Command('rollback').description('Open the pull request that takes a product back to an earlier version'),
  )
    .argument('<product>', 'the product instance')
    .option('--to <version>', 'a version that was deployed before (default: the one before)')
    .option('-y, --yes', 'go ahead without asking')
    .option('--json', 'print one JSON document instead')
    .addHelpText(
      'after',
      `
Nothing is deployed by this: a person merges. The consumer's values are kept, and merged into the older version's defaults.
The version that is left is not proposed again, until somebody comments '/airlock retry' on its pull request.

Example:
  $ airlock rollback podinfo --stack consumer-dev --to 1.0.0`,
    )
    .action(async (product: string, flags: Flags) => {
      const ask = mustAsk(flags, 'rollback');
      const stack = await stackOf(flags);
      const { inputs } = namedProduct(await deliveredProducts(stack, true), product, stack.name);
      await interruptible(async signal => {
        const plan = await planRollback(inputs, flags.to, { signal, programs: languagePrograms() });
        if (ask) await confirm(`Open a pull request that takes ${product} back from ${plan.from} to ${plan.to}?`);
        const url = await applyRollback(inputs, plan, signal);
        const { from, to, proposal } = plan;
        process.stdout.write(
          flags.json
            ? `${JSON.stringify({ product, from, to, phase: proposal.phase, pullRequest: url }, undefined, 2)}\n`
            : `${product}: ${from} -> ${to} (${proposal.phase}), merge it to go back: ${url}\n`,
        );
      });
    });
}
