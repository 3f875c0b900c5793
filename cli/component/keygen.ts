import { InvalidArgumentError, type Command } from 'commander';
import { open } from 'node:fs/promises';
import { generateRsaKey } from '../../ocm';
import { AirlockError } from '../../report';
import { print } from './output';

/** `airlock component keygen`: an RSA key pair for signing. */
export function keygenCommand(command: Command): void {
  command
    .argument('[private-key]', 'file for the private key (readable by you only)', 'rsa.priv')
    .argument('[public-key]', 'file for the public key (default: as the private key, with .pub)')
    .option('--bits <number>', 'size of the key', text => (/^\d+$/.test(text) ? Number(text) : fail()), 3072)
    .action(async (privateFile: string, publicFile: string | undefined, flags: { readonly bits: number }) => {
      const { privateKey, publicKey } = await generateRsaKey(flags.bits);
      const second = publicFile ?? `${privateFile.replace(/\.(priv|pem|key)$/, '')}.pub`;
      await writeNew(privateFile, privateKey, 0o600);
      await writeNew(second, publicKey, 0o644);
      print(`created ${privateFile} (private) and ${second} (public)`);
    })
    .addHelpText(
      'after',
      `
A file that is there is never overwritten.

Example:
  $ airlock component keygen vendor.priv vendor.pub`,
    );
}

function fail(): never {
  throw new InvalidArgumentError('a number of bits');
}

/** A key is never overwritten. */
async function writeNew(file: string, text: string, mode: number): Promise<void> {
  const handle = await open(file, 'wx', mode).catch((error: unknown) => {
    throw new AirlockError({
      code: 'cli.file-exists',
      message: `${file} cannot be made (does it exist already?)`,
      where: file,
      remedy: 'Name another file, or move this one away',
      cause: error,
    });
  });
  try {
    await handle.writeFile(text);
  } finally {
    await handle.close();
  }
}
