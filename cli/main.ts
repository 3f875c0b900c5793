import { Command, CommanderError } from 'commander';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { exitCodes, exitCodeOf, printError } from './exit';

/** Each command is loaded when it is asked for: `airlock config get` needs no Kubernetes client. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  demo: async () => (await import('./demo')).demoCommand(),
  up: async () => (await import('./up')).upCommand(),
  preview: async () => (await import('./preview')).previewCommand(),
  refresh: async () => (await import('./refresh')).refreshCommand(),
  destroy: async () => (await import('./destroy')).destroyCommand(),
  stack: async () => (await import('./stack')).stackCommand(),
  config: async () => (await import('./config')).configCommand(),
  state: async () => (await import('./state')).stateCommand(),
  cancel: async () => (await import('./cancel')).cancelCommand(),
  component: async () => (await import('./component')).componentCommand(),
  image: async () => (await import('./image')).imageCommand(),
  images: async () => (await import('./images')).imagesCommand(),
  doctor: async () => (await import('./doctor')).doctorCommand(),
  serve: async () => (await import('./serve')).serveCommand(),
};

function version(): string {
  const text = readFileSync(path.join(__dirname, '..', '..', 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

async function program(argv: readonly string[]): Promise<Command> {
  const airlock = new Command('airlock')
    .description("Carries a vendor's signed release into environments that cannot reach the vendor.")
    .version(version())
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

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 configuration, 4 refused (signature, digest, policy), 5 not reachable, 130 interrupted.`,
    );
  const asked = argv.find(argument => !argument.startsWith('-'));
  const load = asked === undefined ? undefined : commands[asked];
  if (load !== undefined) airlock.addCommand(await load());
  else for (const each of Object.values(commands)) airlock.addCommand(await each());
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
    await (await program(own)).parseAsync(own, { from: 'user' });
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
