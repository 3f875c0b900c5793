import './compile-cache';
import { Command, CommanderError } from 'commander';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { exitCodes, exitCodeOf, printError } from './exit';

/** Each command is loaded when it is asked for: `airlock config get` needs no Kubernetes client. */
const commands: Readonly<Record<string, () => Command>> = {
  demo: () => (require('./demo') as typeof import('./demo')).demoCommand(),
  up: () => (require('./up') as typeof import('./up')).upCommand(),
  preview: () => (require('./preview') as typeof import('./preview')).previewCommand(),
  refresh: () => (require('./refresh') as typeof import('./refresh')).refreshCommand(),
  destroy: () => (require('./destroy') as typeof import('./destroy')).destroyCommand(),
  import: () =>
    (require('./import') as typeof import('./import'))
      .importCommand()
      .addCommand((require('./import-mpas') as typeof import('./import-mpas')).importMpasCommand()),
  stack: () => (require('./stack') as typeof import('./stack')).stackCommand(),
  config: () => (require('./config') as typeof import('./config')).configCommand(),
  state: () => (require('./state') as typeof import('./state')).stateCommand(),
  cancel: () => (require('./cancel') as typeof import('./cancel')).cancelCommand(),
  whoami: () => (require('./about') as typeof import('./about')).whoamiCommand(),
  about: () => (require('./about') as typeof import('./about')).aboutCommand(),
  component: () => (require('./component') as typeof import('./component')).componentCommand(),
  product: () => (require('./product') as typeof import('./product')).productCommand(),
  forge: () => (require('./forge') as typeof import('./forge')).forgeCommand(),
  image: () => (require('./image') as typeof import('./image')).imageCommand(),
  images: () => (require('./images') as typeof import('./images')).imagesCommand(),
  status: () => (require('./status') as typeof import('./status')).statusCommand(),
  rollback: () => (require('./rollback') as typeof import('./rollback')).rollbackCommand(),
  watch: () => (require('./watch') as typeof import('./watch')).watchCommand(),
  doctor: () => (require('./doctor') as typeof import('./doctor')).doctorCommand(),
  serve: () => (require('./serve') as typeof import('./serve')).serveCommand(),
};

function version(): string {
  const text = readFileSync(path.join(__dirname, '..', '..', 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function program(argv: readonly string[]): Command {
  const airlock = new Command('airlock')
    .description("Carries a vendor's signed release into environments that cannot reach the vendor.")
    .version(version(), '--version')
    // `airlock component transfer -V` and `build --version` are flags of those commands.
    .enablePositionalOptions()
    .option('--verbose', 'show stack traces of failures')
    .addHelpText(
      'after',
      `
Examples:
  $ airlock doctor                              what this machine offers, and what is missing
  $ airlock demo                                the whole story on this machine, step by step
  $ airlock up --stack dev --yes                stand up the platform and the provider
  $ airlock preview --stack consumer-dev        what an upgrade would change
  $ airlock component verify -s ocm-signing -k provider.pub REGISTRY//COMPONENT:VERSION

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 configuration, 4 refused (signature, digest, policy), 5 not reachable,
6 no such stack, 7 unexpected changes, 8 declined, 130 interrupted.`,
    );
  const asked = argv.find(argument => !argument.startsWith('-'));
  const load = asked === undefined ? undefined : commands[asked];
  if (load !== undefined) airlock.addCommand(load());
  else for (const each of Object.values(commands)) airlock.addCommand(each());
  const settle = (command: Command): void => {
    command.exitOverride();
    command.commands.forEach(settle);
  };
  settle(airlock);
  return airlock;
}

async function main(argv: readonly string[]): Promise<number> {
  const verbose = argv.includes('--verbose');
  const own = argv.filter(argument => argument !== '--verbose');
  try {
    await program(own).parseAsync(own, { from: 'user' });
    return Number(process.exitCode ?? exitCodes.done);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    printError(error, verbose);
    return exitCodeOf(error);
  }
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader went away (`airlock ... | head`): nothing is left to say.
  if (error.code === 'EPIPE') process.exit(exitCodes.done);
  throw error;
});

void main(process.argv.slice(2)).then(code => {
  process.exitCode = code;
});
