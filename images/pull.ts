import { HttpClient } from '../net';
import { copy, type ImageLayout, openRepository, Registry, parseReference } from '../oci';
import { hasCode, messageOf, type Reporter } from '../report';
import type { PlatformImage } from './list';
import lock from './lock.json';
import type { StoredImage } from './store';

export interface PullOptions {
  /** A registry, possibly with a path, that holds the platform's images under their own names: `<from>/gitea:1.26.0`. Nothing is assembled then. */
  readonly from?: string;
  /** Asks no registry. Default: AIRLOCK_OFFLINE is set. */
  readonly offline?: boolean;
  readonly report?: Reporter;
  readonly signal?: AbortSignal | undefined;
}

/** Where an image is pulled from. */
export interface Source {
  /** With the digest where lock.json knows it. */
  readonly reference: string;
  /** Asked for by the user: failing to pull is an error, not a reason to assemble. */
  readonly required: boolean;
}

/** The public name of an image, with the digest that lock.json has for it; empty for what only Airlock makes. */
export function publicName(image: PlatformImage): string {
  return image.pull === undefined ? '' : pinned(image.pull);
}

/** How long a registry may take to answer before it counts as out of reach, milliseconds. */
const PROBE_TIMEOUT = 2000;

const digests: Readonly<Record<string, string>> = lock.pulled;

/** Where to pull from, or undefined where the image is to be assembled: nobody else has it, or no registry answers. */
export async function sourceFor(
  image: PlatformImage,
  reference: string,
  options: PullOptions,
): Promise<Source | undefined> {
  if (options.from !== undefined) {
    const own = reference.slice(reference.indexOf('/') + 1);
    return { reference: `${options.from.replace(/\/+$/, '')}/${own}`, required: true };
  }
  return image.pull === undefined ? undefined : publicSource(image.pull, options);
}

/** A public image by its name, with the digest that lock.json has for it; undefined where its registry does not answer. */
export async function publicSource(name: string, options: PullOptions): Promise<Source | undefined> {
  if (isOffline(options)) return undefined;
  if (!(await answers(parseReference(name).registry, options.signal))) return undefined;
  return { reference: pinned(name), required: false };
}

/** Whether no registry is to be asked. */
export function isOffline(options: PullOptions): boolean {
  return options.offline ?? Boolean(process.env['AIRLOCK_OFFLINE']);
}

function pinned(name: string): string {
  const digest = digests[name];
  return digest ? `${name}@${digest}` : name;
}

const asked = new Map<string, Promise<boolean>>();

/** Asked once per run: out of reach stays out of reach. */
function answers(host: string, signal: AbortSignal | undefined): Promise<boolean> {
  const known = asked.get(host) ?? probe(host, signal);
  asked.set(host, known);
  return known;
}

async function probe(host: string, signal: AbortSignal | undefined): Promise<boolean> {
  const limit = AbortSignal.timeout(PROBE_TIMEOUT);
  const http = new HttpClient({ retry: { retries: 0 }, answerTimeoutMs: PROBE_TIMEOUT });
  try {
    await new Registry(host, { http, credentials: 'anonymous' }).ping({
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    return true;
  } catch (error) {
    signal?.throwIfAborted();
    // A refusal is an answer.
    return hasCode(error, 'oci.');
  } finally {
    await http.close();
  }
}

/** Copies an image for this machine's architecture into the store. */
export async function pullImage(
  source: Source,
  store: ImageLayout,
  tag: string,
  options: PullOptions,
): Promise<StoredImage> {
  const { repository, reference } = openRepository(source.reference);
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const { root } = await copy(repository, reference.digest ?? reference.tag ?? 'latest', store, tag, {
    platform: `linux/${architecture}`,
    ...(options.report ? { report: options.report } : {}),
    ...(options.signal ? { signal: options.signal } : {}),
  });
  return { digest: root.digest, origin: source.reference };
}

/** Why a pull that was only preferred is given up in favour of assembling. */
export function pullFailed(source: Source, error: unknown): string {
  return `${source.reference} cannot be pulled (${messageOf(error)}); assembling instead`;
}
