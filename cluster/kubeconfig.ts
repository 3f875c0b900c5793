import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { AirlockError, messageOf } from '../report';
import { at, listAt, textAt } from './object';
import { execCredential, type ExecPlugin } from './exec-credential';

/** What it takes to talk to one cluster as one user. */
export interface ClusterAccess {
  /** `https://host:port[/prefix]`, without a slash at the end. */
  readonly server: string;
  /** Name of the kubeconfig context, `in-cluster` in a pod. For messages. */
  readonly context: string;
  /** The context's namespace; `default` where none is set. */
  readonly namespace: string;
  /** PEM. Undefined: the system's authorities. */
  readonly ca?: string;
  /** Client certificate and key, PEM. */
  readonly cert?: string;
  readonly key?: string;
  /** Checked instead of the server's host name. */
  readonly serverName?: string;
  /** `insecure-skip-tls-verify`. */
  readonly insecure?: boolean;
  readonly proxy?: string;
  /** Asked before each request, so that rotated tokens are picked up. */
  readonly authorization?: (signal?: AbortSignal) => Promise<string | undefined>;
  /** Client certificate made by an exec plugin. */
  readonly clientCertificate?: (signal?: AbortSignal) => Promise<{ cert: string; key: string } | undefined>;
}

/** A kubeconfig is small; anything larger is not one. */
const MAX_KUBECONFIG = 4 * 1024 * 1024;
const serviceAccount = '/var/run/secrets/kubernetes.io/serviceaccount';

function invalid(message: string, where?: string, cause?: unknown): AirlockError {
  return new AirlockError({
    code: 'cluster.invalid-kubeconfig',
    message: `The kubeconfig cannot be used: ${message}`,
    remedy: 'Check it with kubectl config view, or name another with KUBECONFIG or kubernetes:kubeconfig',
    ...(where ? { where } : {}),
    ...(cause === undefined ? {} : { cause }),
  });
}

/**
 * Finds access the way kubectl does: the text or path given, else `KUBECONFIG`, else the pod's service account, else `~/.kube/config`.
 * Throws `cluster.invalid-kubeconfig`.
 */
export async function loadAccess(options: { kubeconfig?: string; context?: string } = {}): Promise<ClusterAccess> {
  const given = options.kubeconfig ?? process.env.KUBECONFIG;
  if (given && looksLikeText(given)) return parseAccess(given, options.context ? { context: options.context } : {});
  if (!given && process.env.KUBERNETES_SERVICE_HOST) return inClusterAccess();
  const paths = given ? given.split(delimiter).filter(Boolean) : [join(homedir(), '.kube', 'config')];
  // As kubectl: of several files the first that sets the context wins; files that do not exist are passed over.
  const failures: unknown[] = [];
  for (const path of paths) {
    const file = path.startsWith('~/') ? join(homedir(), path.slice(2)) : path;
    let text: string;
    try {
      text = await readFile(file, 'utf8');
    } catch (error) {
      failures.push(error);
      continue;
    }
    return parseAccess(text, {
      baseDir: dirname(resolve(file)),
      where: file,
      ...(options.context ? { context: options.context } : {}),
    });
  }
  throw invalid(`no file at ${paths.join(', ')}`, paths[0], failures[0]);
}

function looksLikeText(value: string): boolean {
  return value.includes('\n') || value.trimStart().startsWith('{');
}

/** Access from the text of a kubeconfig (YAML or JSON). Relative file names in it are resolved against `baseDir`. */
export async function parseAccess(
  text: string,
  options: { context?: string; baseDir?: string; where?: string } = {},
): Promise<ClusterAccess> {
  const { where } = options;
  if (text.length > MAX_KUBECONFIG) throw invalid('it is larger than 4 MiB', where);
  let config: unknown;
  try {
    config = parse(text, { maxAliasCount: 50 });
  } catch (error) {
    throw invalid(`it is not YAML (${messageOf(error).split('\n')[0] ?? ''})`, where, error);
  }
  if (typeof config !== 'object' || config === null) throw invalid('it is empty', where);
  const context = options.context ?? textAt(config, 'current-context');
  if (!context) throw invalid('it has no current-context', where);
  const chosen = named(config, 'contexts', context, 'context');
  if (!chosen) throw invalid(`it has no context "${context}"`, where);
  const clusterName = textAt(chosen, 'cluster') ?? '';
  const cluster = named(config, 'clusters', clusterName, 'cluster');
  const server = textAt(cluster, 'server');
  if (!server) throw invalid(`context "${context}" names the cluster "${clusterName}", which has no server`, where);
  const user = named(config, 'users', textAt(chosen, 'user') ?? '', 'user') ?? {};
  const files = fileReader(options.baseDir ?? process.cwd(), where);
  const ca = await files.pem(cluster, 'certificate-authority');
  const cert = await files.pem(user, 'client-certificate');
  const key = await files.pem(user, 'client-key');
  const serverName = textAt(cluster, 'tls-server-name');
  const proxy = textAt(cluster, 'proxy-url');
  return {
    server: server.replace(/\/+$/, ''),
    context,
    namespace: textAt(chosen, 'namespace') ?? 'default',
    ...(ca ? { ca } : {}),
    ...(cert ? { cert } : {}),
    ...(key ? { key } : {}),
    ...(serverName ? { serverName } : {}),
    ...(proxy ? { proxy } : {}),
    ...(at(cluster, 'insecure-skip-tls-verify') === true ? { insecure: true } : {}),
    ...userAuthorization(user, server, files, where),
  };
}

function named(config: unknown, list: string, name: string, inner: string): unknown {
  return at(
    listAt(config, list).find(entry => textAt(entry, 'name') === name),
    inner,
  );
}

interface Files {
  pem(section: unknown, field: string): Promise<string | undefined>;
  path(name: string): string;
}

function fileReader(baseDir: string, where: string | undefined): Files {
  const path = (name: string): string => resolve(baseDir, name);
  return {
    path,
    async pem(section, field) {
      const data = textAt(section, `${field}-data`);
      if (data) return Buffer.from(data, 'base64').toString('utf8');
      const file = textAt(section, field);
      if (!file) return undefined;
      try {
        return await readFile(path(file), 'utf8');
      } catch (error) {
        throw invalid(`${field} cannot be read (${messageOf(error)})`, where, error);
      }
    },
  };
}

function userAuthorization(
  user: unknown,
  server: string,
  files: Files,
  where: string | undefined,
): Partial<ClusterAccess> {
  const token = textAt(user, 'token');
  const tokenFile = textAt(user, 'tokenFile');
  if (tokenFile)
    return { authorization: async () => `Bearer ${(await readFile(files.path(tokenFile), 'utf8')).trim()}` };
  if (token) return { authorization: () => Promise.resolve(`Bearer ${token}`) };
  const username = textAt(user, 'username');
  if (username) {
    const basic = Buffer.from(`${username}:${textAt(user, 'password') ?? ''}`).toString('base64');
    return { authorization: () => Promise.resolve(`Basic ${basic}`) };
  }
  const exec = at(user, 'exec');
  if (exec) {
    if (!textAt(exec, 'command')) throw invalid('its exec plugin has no command', where);
    const plugin = execCredential(exec as ExecPlugin, server);
    return {
      authorization: async signal => {
        const { token: issued } = await plugin(signal);
        return issued ? `Bearer ${issued}` : undefined;
      },
      clientCertificate: async signal => {
        const { cert, key } = await plugin(signal);
        return cert && key ? { cert, key } : undefined;
      },
    };
  }
  if (at(user, 'auth-provider')) throw invalid('auth-provider was removed from Kubernetes; use an exec plugin', where);
  return {};
}

/** Access of a pod, by its service account. */
async function inClusterAccess(): Promise<ClusterAccess> {
  const host = process.env.KUBERNETES_SERVICE_HOST ?? '';
  const port = process.env.KUBERNETES_SERVICE_PORT ?? '443';
  try {
    const ca = await readFile(join(serviceAccount, 'ca.crt'), 'utf8');
    const namespace = (await readFile(join(serviceAccount, 'namespace'), 'utf8')).trim();
    return {
      server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
      context: 'in-cluster',
      namespace,
      ca,
      // Tokens of service accounts are rotated on disk about every hour.
      authorization: async () => `Bearer ${(await readFile(join(serviceAccount, 'token'), 'utf8')).trim()}`,
    };
  } catch (error) {
    throw invalid(`the pod has no service account token (${messageOf(error)})`, serviceAccount, error);
  }
}
