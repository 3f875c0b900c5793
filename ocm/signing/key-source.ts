import { readFile } from 'node:fs/promises';
import { AirlockError, messageOf } from '../../report';

/** How the places are reached that this room does not know itself. */
export interface KeyReaders {
  /** The entries of a Kubernetes secret, decoded. Default: none can be read. */
  readonly secret?: (namespace: string, name: string) => Promise<Readonly<Record<string, string>>>;
  /** Default: the process's. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

const longest = 1024 * 1024;

/**
 * The PEM text of a key, a certificate chain or the like: of a file (`path` or `file:path`), an environment variable
 * (`env:NAME`) or a Kubernetes secret (`k8s:NAMESPACE/SECRET[/ENTRY]`; the entry may be left out where there is only one). A Pulumi
 * secret is text already. Text in place of a source is refused: what is written on a command line others can read.
 * @throws `ocm.key-not-found`, never showing what was read; and what `readers.secret` throws
 */
export async function readKey(source: string, readers: KeyReaders = {}): Promise<string> {
  if (source.includes('-----BEGIN'))
    throw notFound(
      'a key is given as text',
      'Give a file, env:NAME or k8s:NAMESPACE/SECRET: others can read command lines',
    );
  if (source.startsWith('env:')) return ofEnvironment(source.slice(4), readers.environment ?? process.env);
  if (source.startsWith('k8s:')) return ofSecret(source.slice(4), readers.secret);
  return ofFile(source.replace(/^file:/, ''));
}

async function ofFile(path: string): Promise<string> {
  try {
    const text = await readFile(path, 'utf8');
    if (text.length <= longest) return text;
  } catch (error) {
    throw notFound(`the key file ${path} cannot be read`, 'Check the path', { where: path, cause: messageOf(error) });
  }
  throw notFound(`the key file ${path} is larger than any key`, 'Check the path', { where: path });
}

function ofEnvironment(name: string, environment: Readonly<Record<string, string | undefined>>): string {
  const text = environment[name];
  if (text !== undefined && text !== '') return text;
  throw notFound(`the environment variable ${name} holds no key`, 'Set it to the PEM text');
}

async function ofSecret(written: string, read: KeyReaders['secret']): Promise<string> {
  const [namespace = '', name = '', entry, ...more] = written.split('/');
  if (namespace === '' || name === '' || more.length > 0)
    throw notFound(`k8s:${written} names no secret`, 'Write k8s:NAMESPACE/SECRET or k8s:NAMESPACE/SECRET/ENTRY');
  if (read === undefined) throw notFound('secrets of a cluster cannot be read here', 'Give a file or env:NAME');
  const entries = await read(namespace, name);
  const names = Object.keys(entries);
  const chosen = entry ?? (names.length === 1 ? names[0] : undefined);
  if (chosen !== undefined && Object.hasOwn(entries, chosen)) return entries[chosen] ?? '';
  throw notFound(
    entry === undefined
      ? `the secret ${namespace}/${name} has ${names.length} entries`
      : `the secret ${namespace}/${name} has no entry ${entry}`,
    `Name one of: ${names.join(', ') || '(none)'}`,
  );
}

function notFound(message: string, remedy: string, more: { where?: string; cause?: unknown } = {}): AirlockError {
  return new AirlockError({ code: 'ocm.key-not-found', message, remedy, ...more });
}
