/**
 * What credentials are asked for, and what a configured entry stands for: attributes such as `type`, `hostname`, `port`,
 * `scheme`, `pathprefix` (consumer identities of the component model's credential management).
 */
export type ConsumerIdentity = Readonly<Record<string, string>>;

/** `username`, `password`, `token`, `identityToken`, `certificateAuthority`, `certificate`, `privateKey`, ... */
export type CredentialProperties = Readonly<Record<string, string>>;

/** Looks credentials up; undefined where none are configured. */
export type ConsumerLookup = (wanted: ConsumerIdentity) => Promise<CredentialProperties | undefined>;

/** The types under which the parts of the component model ask. */
export const consumerType = {
  registry: 'OCIRegistry',
  helm: 'HelmChartRepository',
  git: 'Git',
  gitHub: 'Github',
  download: 'wget',
} as const;

const defaultPorts: Readonly<Record<string, string>> = { 'https:': '443', 'http:': '80', 'ssh:': '22', 'git:': '9418' };

/** The identity of what stands behind a URL. */
export function consumerOf(type: string, url: URL): ConsumerIdentity {
  const port = url.port === '' ? defaultPorts[url.protocol] : url.port;
  const path = url.pathname.replace(/^\/+|\/+$/g, '');
  return {
    type,
    hostname: url.hostname,
    scheme: url.protocol.replace(/:$/, ''),
    ...(port === undefined ? {} : { port }),
    ...(path === '' ? {} : { pathprefix: path }),
  };
}

/** The identity of a registry (`host[:port]`) or a repository in it. */
export function registryConsumer(host: string, repository?: string): ConsumerIdentity {
  const parts = /^(.*?)(?::(\d+))?$/.exec(host);
  return {
    type: consumerType.registry,
    hostname: parts?.[1] ?? host,
    ...(parts?.[2] === undefined ? {} : { port: parts[2] }),
    ...(repository === undefined ? {} : { pathprefix: repository }),
  };
}

/**
 * The entry that fits best: all attributes it names are those wanted, its path is a beginning of the one wanted; then the
 * one that says more about host, port and scheme, then the one with the longer path, then the last.
 */
export function bestMatch<T extends { readonly identity: ConsumerIdentity }>(
  wanted: ConsumerIdentity,
  entries: readonly T[],
): T | undefined {
  let best: { entry: T; rank: readonly number[] } | undefined;
  for (const entry of entries) {
    if (!matches(wanted, entry.identity)) continue;
    const { hostname, port, scheme } = entry.identity;
    const named = [hostname, port, scheme].map(each => (each === undefined || each === '' ? 0 : 1));
    const rank = [...named, steps(entry.identity).length];
    if (best === undefined || !less(rank, best.rank)) best = { entry, rank };
  }
  return best?.entry;
}

function matches(wanted: ConsumerIdentity, entry: ConsumerIdentity): boolean {
  // Unlike the reference, an entry without host fits none: credentials are not for whoever asks.
  if (entry.type !== wanted.type || (entry.hostname ?? '') === '') return false;
  const same = (name: string): boolean => {
    const has = entry[name] ?? '';
    return has === '' || (wanted[name] ?? '') === '' || has === wanted[name];
  };
  if (!same('port') || !same('scheme') || entry.hostname !== wanted.hostname) return false;
  const below = steps(wanted);
  return steps(entry).every((step, index) => step === below[index]);
}

function steps({ pathprefix = '' }: ConsumerIdentity): string[] {
  return pathprefix.split('/').filter(step => step !== '');
}

function less(left: readonly number[], right: readonly number[]): boolean {
  const at = left.findIndex((value, index) => value !== right[index]);
  return at >= 0 && (left[at] ?? 0) < (right[at] ?? 0);
}
