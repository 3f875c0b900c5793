import { Command } from 'commander';
import { confirm, mustAsk, stackFlags, stackOf } from './engine-options';
import type { OperationFlags } from './engine-options';

/** `airlock cancel`: breaks the locks of a stack whose run is certainly over. */
export function cancelCommand(): Command {
  return stackFlags(new Command('cancel').description('Break the lock of a stack on which nothing runs any more'))
    .argument('[stack]', 'the stack')
    .option('-y, --yes', 'go ahead without asking')
    .action(async (name: string | undefined, flags: OperationFlags) => {
      const ask = mustAsk(flags, 'cancel');
      const stack = await stackOf(name === undefined ? flags : { ...flags, stack: name });
      if (ask)
        await confirm(
          `Is it certain that nothing runs on stack ${stack.name}? Two runs at once damage it. Break its lock?`,
        );
      const count = await stack.cancel();
      process.stdout.write(
        count === 0 ? `Stack ${stack.name} was not locked\n` : `Broke ${count} lock(s) of stack ${stack.name}\n`,
      );
    });
}
