import { readFile } from 'node:fs/promises';
import { AirlockError } from '../report';

/** Asks a person for the passphrase; undefined where nobody can be asked. */
export type AskPassphrase = (stack: string) => Promise<string>;

/**
 * PULUMI_CONFIG_PASSPHRASE (an empty one counts), else the content of PULUMI_CONFIG_PASSPHRASE_FILE, else `ask`.
 * Throws `engine.no-passphrase` and `engine.passphrase-file`.
 */
export async function findPassphrase(stack: string, env: NodeJS.ProcessEnv, ask?: AskPassphrase): Promise<string> {
  const direct = env['PULUMI_CONFIG_PASSPHRASE'];
  if (direct !== undefined) return direct;
  const file = env['PULUMI_CONFIG_PASSPHRASE_FILE'];
  if (file !== undefined && file !== '') {
    try {
      return (await readFile(file, 'utf8')).trim();
    } catch (cause) {
      throw new AirlockError({
        code: 'engine.passphrase-file',
        message: 'The passphrase file cannot be read',
        where: file,
        remedy: 'Correct PULUMI_CONFIG_PASSPHRASE_FILE',
        cause,
      });
    }
  }
  if (ask) return ask(stack);
  throw new AirlockError({
    code: 'engine.no-passphrase',
    message: `Stack ${stack} has secrets, and no passphrase was given`,
    remedy: 'Set PULUMI_CONFIG_PASSPHRASE, or PULUMI_CONFIG_PASSPHRASE_FILE to a file that holds it',
  });
}
