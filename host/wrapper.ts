import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AirlockError, messageOf, type Reporter } from '../report';
import { ensureBinary } from '../images';
import { boundingSet, CAP_SYS_RESOURCE, hasCapability } from './proc';

/** The name under which the engine knows the wrapper. */
export const WRAPPER_RUNTIME = 'airlock-runc';
/** Outside the cache, which may be deleted while the engine still needs the wrapper. */
const WRAPPER_PATH = '/usr/local/lib/airlock/runc-wrapper';
const DAEMON_CONFIG = '/etc/docker/daemon.json';

/**
 * True where the engine may not grant CAP_SYS_RESOURCE, which every privileged container asks for, so that without the
 * wrapper none would start ("unable to apply caps").
 * @param daemonPid the engine's process where it can be seen; else our own rights are taken for its own
 */
export async function needsWrapper(daemonPid?: number): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const bounding = (daemonPid ? await boundingSet(daemonPid) : undefined) ?? (await boundingSet());
  return bounding !== undefined && !hasCapability(bounding, CAP_SYS_RESOURCE);
}

/** Puts the wrapper in place and names it as the engine's default runtime. True when the engine's configuration changed. */
export async function installWrapper(
  options: { readonly report?: Reporter; readonly signal?: AbortSignal | undefined } = {},
): Promise<boolean> {
  const built = await ensureBinary('runc-wrapper', options);
  const [present, wanted] = await Promise.all([readIfThere(WRAPPER_PATH), readFile(built)]);
  if (!present?.equals(wanted)) {
    await mkdir(dirname(WRAPPER_PATH), { recursive: true });
    await copyFile(built, `${WRAPPER_PATH}.new`);
    await chmod(`${WRAPPER_PATH}.new`, 0o755);
    await rename(`${WRAPPER_PATH}.new`, WRAPPER_PATH);
  }
  return configureRuntime(DAEMON_CONFIG);
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  return existsSync(path) ? readFile(path) : undefined;
}

/** Adds the wrapper to the engine's configuration, keeping everything else in it. True when that changed the file. */
export async function configureRuntime(file: string): Promise<boolean> {
  const before = (await readIfThere(file))?.toString('utf8') ?? '';
  const after = withRuntime(before, file);
  if (after === before) return false;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.new`, after, { mode: 0o644 });
  await rename(`${file}.new`, file);
  return true;
}

/** The configuration with the wrapper as default runtime; the same text where it is already. @throws `host.daemon-config-invalid` */
export function withRuntime(text: string, file: string): string {
  let config: Record<string, unknown>;
  try {
    config = text.trim() === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  } catch (error) {
    throw new AirlockError({
      code: 'host.daemon-config-invalid',
      message: `${file} is not valid JSON: ${messageOf(error)}`,
      remedy: 'Correct or remove it; Airlock adds its runtime to what is there',
      where: file,
      cause: error,
    });
  }
  const runtimes = {
    ...(config['runtimes'] as Record<string, unknown> | undefined),
    [WRAPPER_RUNTIME]: { path: WRAPPER_PATH },
  };
  const wanted = { ...config, runtimes, 'default-runtime': WRAPPER_RUNTIME };
  return JSON.stringify(wanted) === JSON.stringify(config) ? text : `${JSON.stringify(wanted, null, 2)}\n`;
}
