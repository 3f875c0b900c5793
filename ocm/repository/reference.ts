import { AirlockError } from '../../report';
import { isComponentName, isVersion } from '../descriptor';
import { componentDescriptors } from './mapping';

/** A component reference as the reference command line writes it: `[type::]repository//component[:version]`. */
export interface ComponentReference {
  readonly repository: RepositorySpec;
  /** Absent in references to a whole repository. */
  readonly component?: string;
  readonly version?: string;
}

/** A repository as text names it. */
export type RepositorySpec =
  | {
      readonly kind: 'oci';
      /** `host[:port]`, with `http://` where written. */ readonly address: string;
      readonly subPath: string;
    }
  | { readonly kind: 'ctf'; readonly path: string };

const ociTypes: readonly string[] = ['OCIRegistry', 'ociRegistry', 'OCIRepository', 'OCI', 'oci', 'ociregistry'];
const ctfTypes: readonly string[] = [
  'CommonTransportFormat',
  'ctf',
  'directory',
  'tar',
  'tgz',
  'CTF',
  'ComponentArchive',
  'ca',
];

/**
 * Parses `registry.example[:port][/path]//component[:version]`, `path/to/archive.tgz//component[:version]`, or either
 * without `//...` for the repository alone; the repository may be a specification in JSON. What looks like a path, or exists as
 * one, is an archive.
 * Throws `ocm.invalid-reference`.
 */
export function parseComponentReference(text: string, existsAsPath: (path: string) => boolean): ComponentReference {
  const refuse = (why: string): AirlockError =>
    new AirlockError({
      code: 'ocm.invalid-reference',
      message: `${JSON.stringify(text.slice(0, 300))} is not a component reference: ${why}`,
      remedy: 'Write registry[:port][/path]//component[:version] or path/to/archive//component[:version]',
    });
  const typed = /^([A-Za-z][A-Za-z0-9]*)::(.*)$/s.exec(text);
  const rest = typed?.[2] ?? text;
  const isSpecification = rest.startsWith('{');
  const from = isSpecification ? rest.lastIndexOf('}') + 1 : (/^[a-z]+:\/\//.exec(rest)?.[0].length ?? 0);
  const at = rest.indexOf('//', from);
  const repositoryText = at < 0 ? rest : rest.slice(0, at);
  const repository = isSpecification
    ? repositoryOfJson(repositoryText, existsAsPath, refuse)
    : repositorySpec(repositoryText, typed?.[1], existsAsPath, refuse);
  if (at < 0) return { repository };
  const named = rest.slice(at + 2).replace(new RegExp(`^${componentDescriptors}/`), '');
  if (named === '') return { repository };
  const colon = named.indexOf(':');
  const component = colon < 0 ? named : named.slice(0, colon);
  const version = colon < 0 ? undefined : named.slice(colon + 1);
  if (!isComponentName(component)) throw refuse(`${JSON.stringify(component)} is not a component name`);
  if (version !== undefined && !isVersion(version)) throw refuse(`${JSON.stringify(version)} is not a version`);
  return { repository, component, ...(version === undefined ? {} : { version }) };
}

/** Parses the part of a reference before `//`. */
export function parseRepository(text: string, existsAsPath: (path: string) => boolean): RepositorySpec {
  return parseComponentReference(text.replace(/\/+$/, '') || text, existsAsPath).repository;
}

/** A repository specification: `{"type":"OCIRegistry","baseUrl":"...","subPath":"..."}`, `{"type":"CommonTransportFormat","filePath":"..."}`. */
function repositoryOfJson(
  text: string,
  existsAsPath: (path: string) => boolean,
  refuse: (why: string) => AirlockError,
): RepositorySpec {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refuse('what begins with a brace is a repository specification in JSON');
  }
  const { type, baseUrl, subPath, filePath } = value as Readonly<Record<string, unknown>>;
  const address = filePath ?? baseUrl;
  if (typeof type !== 'string' || typeof address !== 'string' || address === '')
    throw refuse('the specification has no type, or neither baseUrl nor filePath');
  const path = typeof subPath === 'string' && subPath !== '' ? `/${subPath}` : '';
  return repositorySpec(`${address.replace(/\/+$/, '')}${path}`, type.replace(/\/v1$/, ''), existsAsPath, refuse);
}

function repositorySpec(
  text: string,
  type: string | undefined,
  existsAsPath: (path: string) => boolean,
  refuse: (why: string) => AirlockError,
): RepositorySpec {
  if (text === '') throw refuse('it names no repository');
  if (type !== undefined && !ociTypes.includes(type) && !ctfTypes.includes(type))
    throw refuse(`the repository type ${type} is not known`);
  const schemed = /^(https?|oci):\/\/(.+)$/.exec(text);
  const isCtf =
    type === undefined
      ? schemed === null &&
        (/^[./~]/.test(text) ||
          /\.(ctf|tgz|tar|tar\.gz)$/.test(text) ||
          existsAsPath(text) ||
          !/^(localhost|\[[^/]*\]|[^/]*[.:][^/]*)(\/|$)/.test(text))
      : ctfTypes.includes(type);
  if (isCtf) return { kind: 'ctf', path: text };
  const full = schemed?.[2] ?? text;
  const slash = full.indexOf('/');
  const host = slash < 0 ? full : full.slice(0, slash);
  const subPath = slash < 0 ? '' : full.slice(slash + 1).replace(/\/+$/, '');
  const scheme = schemed?.[1] === 'http' ? 'http://' : schemed?.[1] === 'https' ? 'https://' : '';
  return { kind: 'oci', address: `${scheme}${host}`, subPath };
}
