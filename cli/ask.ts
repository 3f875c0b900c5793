import { createInterface } from 'node:readline/promises';
import { AirlockError } from '../report';
import type { OperationFlags, StackFlags } from './engine-flags';

export function usage(message: string, remedy?: string): AirlockError {
  return new AirlockError({ code: 'cli.usage', message, ...(remedy === undefined ? {} : { remedy }) });
}

export const isInteractive = (flags: StackFlags): boolean =>
  flags.nonInteractive !== true && process.stdin.isTTY === true && process.stderr.isTTY === true;

/** Asks for a line; what is typed is not shown. */
export async function askHidden(prompt: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: true });
  process.stderr.write(prompt);
  // Readline echoes through this method; the prompt has been written already.
  const echo = lines as unknown as { _writeToOutput: (text: string) => void };
  echo._writeToOutput = () => undefined;
  try {
    return await lines.question('');
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}

/**
 * Throws `cli.usage` where nobody can be asked and `--yes` is missing: before anything is looked for or made. Answers whether to ask.
 */
export function mustAsk(flags: OperationFlags & { readonly previewOnly?: boolean }, command: string): boolean {
  if (flags.yes || flags.previewOnly) return false;
  if (isInteractive(flags) && !flags.json) return true;
  throw usage(
    `airlock ${command} needs --yes where nobody can be asked`,
    `Look first: airlock preview; then: airlock ${command} --yes`,
  );
}

/** `yes` goes ahead, `details` shows them and asks again. Throws `cli.declined` otherwise. */
export async function confirm(question: string, details?: () => void): Promise<void> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    for (;;) {
      const choices = details ? 'yes/no/details' : 'yes/no';
      const answer = (await lines.question(`${question} (${choices}) `)).trim().toLowerCase();
      if (answer === 'yes' || answer === 'y') return;
      if (!details || (answer !== 'details' && answer !== 'd')) break;
      details();
    }
  } finally {
    lines.close();
  }
  throw new AirlockError({ code: 'cli.declined', message: 'Nothing was changed' });
}
