import { execFile } from 'node:child_process';
import { AirlockError, messageOf } from '../report';
import { at, listAt, textAt } from './object';

/** `users[].user.exec` of a kubeconfig (client.authentication.k8s.io). */
export interface ExecPlugin {
  readonly apiVersion?: string;
  readonly command: string;
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value: string }[];
  readonly installHint?: string;
}

export interface ExecCredential {
  readonly token?: string;
  readonly cert?: string;
  readonly key?: string;
  /** Milliseconds since the epoch; infinite where the plugin gives none. */
  readonly expires: number;
}

/** A function that runs the plugin when the credential it gave last has less than a minute to live. */
export function execCredential(plugin: ExecPlugin, server: string): (signal?: AbortSignal) => Promise<ExecCredential> {
  let last: Promise<ExecCredential> | undefined;
  let expires = 0;
  return async signal => {
    if (!last || Date.now() > expires - 60_000) {
      expires = Infinity;
      last = runPlugin(plugin, server, signal).then(
        credential => {
          expires = credential.expires;
          return credential;
        },
        (error: unknown) => {
          last = undefined;
          throw error;
        },
      );
    }
    return last;
  };
}

async function runPlugin(plugin: ExecPlugin, server: string, signal?: AbortSignal): Promise<ExecCredential> {
  const apiVersion = plugin.apiVersion ?? 'client.authentication.k8s.io/v1';
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    KUBERNETES_EXEC_INFO: JSON.stringify({
      apiVersion,
      kind: 'ExecCredential',
      spec: { interactive: false, cluster: { server } },
    }),
  };
  for (const entry of listAt(plugin, 'env')) env[textAt(entry, 'name') ?? ''] = textAt(entry, 'value') ?? '';
  const failed = (message: string, cause?: unknown): AirlockError =>
    new AirlockError({
      code: 'cluster.unauthorized',
      message: `The credential plugin ${plugin.command} of the kubeconfig failed: ${message}`,
      remedy: plugin.installHint?.trim() || `Run it by hand to see why, or sign in again`,
      ...(cause === undefined ? {} : { cause }),
    });
  const output = await new Promise<string>((done, fail) => {
    execFile(
      plugin.command,
      [...(plugin.args ?? [])],
      { env, timeout: 60_000, maxBuffer: 1024 * 1024, ...(signal ? { signal } : {}) },
      (error, stdout) => (error ? fail(failed(messageOf(error).split('\n')[0] ?? '', error)) : done(stdout)),
    );
  });
  let parsed: unknown;
  try {
    parsed = JSON.parse(output);
  } catch (error) {
    throw failed('it did not print an ExecCredential', error);
  }
  const status = at(parsed, 'status');
  const token = textAt(status, 'token');
  const cert = textAt(status, 'clientCertificateData');
  const key = textAt(status, 'clientKeyData');
  const until = Date.parse(textAt(status, 'expirationTimestamp') ?? '');
  return {
    expires: Number.isNaN(until) ? Infinity : until,
    ...(token ? { token } : {}),
    ...(cert ? { cert } : {}),
    ...(key ? { key } : {}),
  };
}
