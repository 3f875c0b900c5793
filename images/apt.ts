import { join } from 'node:path';
import { AirlockError, messageOf, type Reporter, reported, silent } from '../report';
import { cacheDir } from './cache';
import { run } from './command';

/**
 * Installs Debian packages on this machine, as root. Packages that are there already are left alone.
 * @throws `images.apt-failed` with apt's own words and the log file
 */
export async function aptInstall(
  packages: readonly string[],
  options: { readonly report?: Reporter; readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const missing = await notInstalled(packages);
  if (missing.length === 0) return;
  const logFile = join(cacheDir(), 'logs', 'apt.log');
  const common = { env: { DEBIAN_FRONTEND: 'noninteractive' }, signal: options.signal, logFile };
  await reported(options.report ?? silent, `apt/${missing.join(',')}`, `Installing ${missing.join(', ')}`, async () => {
    try {
      await run('apt-get', ['update', '-q'], common);
      await run('apt-get', ['install', '-q', '-y', '--no-install-recommends', ...missing], common);
    } catch (error) {
      options.signal?.throwIfAborted();
      throw new AirlockError({
        code: 'images.apt-failed',
        message: `Installing ${missing.join(', ')} failed: ${messageOf(error)}`,
        remedy: `Read ${logFile}, or install ${missing.join(' ')} yourself and run again`,
        where: logFile,
        cause: error,
      });
    }
  });
}

/** Those of `packages` that dpkg does not know as installed. */
export async function notInstalled(packages: readonly string[]): Promise<string[]> {
  const { stdout } = await run('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\n', ...packages], {
    allow: [1],
  });
  const installed = new Set(
    stdout
      .split('\n')
      .filter(line => line.endsWith(' installed'))
      .map(line => line.split(' ')[0]),
  );
  return packages.filter(name => !installed.has(name));
}
