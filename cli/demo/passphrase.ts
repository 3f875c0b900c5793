import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * The environment with a passphrase for the demo's state: the caller's own where it is set, else one made once and kept in
 * `passphrase` in the directory of its state (readable by the owner alone).
 */
export function withPassphrase(directory: string, env: NodeJS.ProcessEnv): { env: NodeJS.ProcessEnv; file?: string } {
  if (env.PULUMI_CONFIG_PASSPHRASE !== undefined || (env.PULUMI_CONFIG_PASSPHRASE_FILE ?? '') !== '') return { env };
  const file = path.join(directory, 'passphrase');
  if (!existsSync(file)) {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    const beside = `${file}.${process.pid}`;
    writeFileSync(beside, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
    renameSync(beside, file);
  }
  return { env: { ...env, PULUMI_CONFIG_PASSPHRASE_FILE: file }, file };
}
