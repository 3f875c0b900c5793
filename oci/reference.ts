import { AirlockError } from '../report';
import { isDigest } from './digest';

/** `[http[s]://]host[:port]/repository[:tag][@digest]`, with Docker Hub's defaults filled in. */
export interface Reference {
  /** Only when written. */
  readonly scheme?: 'http' | 'https';
  /** `host[:port]` as in API calls and credentials, `docker.io` for Docker Hub. */
  readonly registry: string;
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: string;
}

const LONGEST = 1024;
const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const REPOSITORY = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);
const TAG = /^\w[\w.-]{0,127}$/;
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?';
const HOST = new RegExp(`^(?:${LABEL}(?:\\.${LABEL})*|\\[[0-9A-Fa-f:.]+\\])(?::([0-9]{1,5}))?$`);

/** True for a repository name of distribution-spec: path components in lower case, at most 255 characters. */
export function isRepositoryName(text: string): boolean {
  return text.length <= 255 && REPOSITORY.test(text);
}

/** True for a tag of distribution-spec: at most 128 of letters, digits, `_`, `.` and `-`. */
export function isTag(text: string): boolean {
  return TAG.test(text);
}

/** True for `host[:port]`, an IPv6 address in brackets. */
export function isRegistryHost(text: string): boolean {
  const match = text.length <= 255 ? HOST.exec(text) : null;
  return match !== null && (match[1] === undefined || (Number(match[1]) > 0 && Number(match[1]) <= 65535));
}

/**
 * Parses a reference by the grammar of distribution/reference. A first part without dot, colon or upper case that is not
 * `localhost` belongs to a repository at Docker Hub; a single-part one there gets `library/`. No tag is invented.
 * Throws `oci.invalid-reference`.
 */
export function parseReference(text: string): Reference {
  const refuse = (why: string, remedy = 'Write host[:port]/repository[:tag][@sha256:...]'): AirlockError =>
    new AirlockError({
      code: 'oci.invalid-reference',
      message: `"${text.slice(0, 200)}" is not an image reference: ${why}`,
      remedy,
    });
  if (text.length > LONGEST) throw refuse(`longer than ${LONGEST} characters`);
  const schemed = /^(https?):\/\/(.*)$/s.exec(text);
  let rest = schemed?.[2] ?? text;

  let digest: string | undefined;
  const at = rest.indexOf('@');
  if (at >= 0) {
    digest = rest.slice(at + 1);
    rest = rest.slice(0, at);
    if (!isDigest(digest)) throw refuse('what follows @ is not a digest');
  }
  let tag: string | undefined;
  const colon = rest.lastIndexOf(':');
  if (colon > rest.lastIndexOf('/') && rest.includes('/')) {
    tag = rest.slice(colon + 1);
    rest = rest.slice(0, colon);
  } else if (colon >= 0 && !rest.includes('/') && schemed === null) {
    tag = rest.slice(colon + 1);
    rest = rest.slice(0, colon);
  }
  if (tag !== undefined && !isTag(tag)) throw refuse('what follows : is not a tag');

  const slash = rest.indexOf('/');
  const first = slash < 0 ? '' : rest.slice(0, slash);
  const named = schemed !== null || isHostPart(first);
  const registry = named ? first : 'docker.io';
  if (named && !isRegistryHost(registry)) throw refuse('it does not begin with a host name');
  let repository = named ? rest.slice(slash + 1) : rest;
  if (canonicalHost(registry) === 'docker.io' && !repository.includes('/')) repository = `library/${repository}`;
  if (!isRepositoryName(repository)) {
    throw refuse('the repository name is not valid', 'Use lower-case letters, digits and single . _ - between them');
  }
  return {
    ...(schemed ? { scheme: schemed[1] as 'http' | 'https' } : {}),
    registry: canonicalHost(registry),
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** The canonical text; parses back to the same reference. */
export function formatReference(reference: Reference): string {
  const scheme = reference.scheme ? `${reference.scheme}://` : '';
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  const digest = reference.digest === undefined ? '' : `@${reference.digest}`;
  return `${scheme}${reference.registry}/${reference.repository}${tag}${digest}`;
}

/** What to resolve: the digest, else the tag, else `latest`. */
export function resolvable(reference: Reference): string {
  return reference.digest ?? reference.tag ?? 'latest';
}

function isHostPart(part: string): boolean {
  return /[.:]/.test(part) || part === 'localhost' || part !== part.toLowerCase();
}

/** Docker Hub has three names; images are named by the first. */
function canonicalHost(host: string): string {
  return host === 'index.docker.io' || host === 'registry-1.docker.io' ? 'docker.io' : host;
}
