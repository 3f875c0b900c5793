import { AirlockError } from '../report';
import type { HttpResponse } from '../net';
import type { RegistryApi } from './registry-api';

/** More pages than this are a server that repeats itself. */
const MOST_PAGES = 10_000;
const MOST_ENTRIES = 5_000_000;

/**
 * Follows `Link: <...>; rel="next"` (distribution-spec "Listing Tags") and gathers the string list under `member`.
 * Gives the response itself when it is not a success.
 */
export async function paged(
  registry: RegistryApi,
  path: string,
  scopes: readonly string[],
  member: string,
  signal?: AbortSignal,
): Promise<string[] | HttpResponse> {
  const found: string[] = [];
  const first = registry.url(path);
  first.searchParams.set('n', '1000');
  let next: URL | undefined = first;
  const seen = new Set<string>();
  while (next) {
    const url: URL = next;
    seen.add(url.href);
    const response = await registry.send({ path: url, scopes, ...(signal ? { signal } : {}) });
    if (!response.ok) return response;
    const list = ((await response.json()) as Record<string, unknown> | null)?.[member] ?? [];
    if (!Array.isArray(list) || !list.every(entry => typeof entry === 'string'))
      throw badList(registry, path, `"${member}" is not a list of names`);
    for (const entry of list) found.push(entry);
    next = nextPage(response.header('link'), url);
    if (next && seen.has(next.href)) throw badList(registry, path, 'its pages repeat');
    if (seen.size > MOST_PAGES || found.length > MOST_ENTRIES) throw badList(registry, path, 'it does not end');
  }
  return found;
}

/** Only at the same origin: the request carries credentials. */
function nextPage(link: string | undefined, from: URL): URL | undefined {
  const target = /<([^>]*)>\s*;[^,]*rel="?next"?/.exec(link ?? '')?.[1];
  if (target === undefined || !URL.canParse(target, from.href)) return undefined;
  const next = new URL(target, from);
  // Behind a proxy a registry may name itself by another scheme or host; the path and query are what counts.
  return new URL(from.origin + next.pathname + next.search);
}

function badList(registry: RegistryApi, path: string, why: string): AirlockError {
  return new AirlockError({
    code: 'oci.registry-error',
    message: `the list at ${registry.host}${path} cannot be read: ${why}`,
    remedy: `Check that ${registry.host} is an OCI registry`,
    where: registry.host,
  });
}
