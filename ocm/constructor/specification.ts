import { AirlockError } from '../../report';
import type { AccessSpec, DigestSpec, Identity, Label, Provider, SourceRef } from '../descriptor';
import {
  all,
  boolean,
  fields,
  items,
  nonEmpty,
  nullable,
  object,
  text,
  then,
  when,
  type Check,
  type Problem,
} from '../descriptor/checks';
import {
  componentName,
  dateTime,
  digest,
  elementName,
  identity,
  label,
  labels,
  srcRef,
  typed,
  version,
} from '../descriptor/validate';
import { isObject, readYamlDocuments, type Json, type JsonObject } from '../yaml';
import { inputChecks } from './input-checks';

/** An element to be built: its metadata, and where its content comes from. */
export interface ElementSpec {
  readonly name: string;
  readonly version?: string;
  readonly type: string;
  readonly relation?: 'local' | 'external';
  readonly extraIdentity?: Identity;
  readonly labels?: readonly Label[];
  readonly srcRefs?: readonly SourceRef[];
  /** Content that becomes a local blob. */
  readonly input?: JsonObject & { readonly type: string };
  /** Content that stays where it is. */
  readonly access?: AccessSpec;
  readonly digest?: DigestSpec;
}

export interface ReferenceSpec {
  readonly name: string;
  readonly componentName: string;
  readonly version: string;
  readonly extraIdentity?: Identity;
  readonly labels?: readonly Label[];
  readonly digest?: DigestSpec;
}

/** A component to be built. */
export interface ComponentSpecification {
  readonly name: string;
  readonly version?: string;
  readonly provider: Provider;
  readonly labels?: readonly Label[];
  readonly creationTime?: string;
  readonly resources: readonly ElementSpec[];
  readonly sources: readonly ElementSpec[];
  readonly references: readonly ReferenceSpec[];
  /** `file:line:column` of an element, for messages. */
  locate(kind: 'resources' | 'sources' | 'references', index: number): string;
}

const exactlyOne: Check = (value, path, report) => {
  if (!isObject(value)) return;
  const given = ['input', 'access'].filter(key => value[key] !== undefined && value[key] !== null);
  if (given.length === 0) report({ path, message: 'either input or access is needed' });
  if (given.length === 2) report({ path: [...path, 'access'], message: 'input and access exclude each other' });
};
const element = {
  'name!': elementName,
  version,
  'type!': nonEmpty,
  extraIdentity: nullable(identity),
  labels,
  access: typed,
  input: inputChecks,
  options: object,
};
const relation = text(value => value === 'local' || value === 'external', 'must be local or external');
const resource = all(
  fields(
    {
      ...element,
      relation,
      srcRefs: nullable(items(srcRef)),
      srcRef: nullable(items(srcRef)),
      digest: nullable(digest),
      skipDigestGeneration: boolean,
    },
    true,
  ),
  exactlyOne,
);
const source = all(fields(element, true), exactlyOne);
const reference = fields(
  {
    'name!': elementName,
    'componentName!': componentName,
    'version!': version,
    extraIdentity: nullable(identity),
    labels,
    digest: nullable(digest),
  },
  true,
);
const providerChecks: Check = (value, path, report) =>
  (typeof value === 'string' ? nonEmpty : fields({ 'name!': nonEmpty, labels: nullable(items(label)) }, true))(
    value,
    path,
    report,
  );
const component = fields(
  {
    'name!': componentName,
    version,
    'provider!': providerChecks,
    labels,
    creationTime: dateTime,
    resources: nullable(items(resource)),
    sources: nullable(items(source)),
    componentReferences: nullable(items(reference)),
    references: nullable(items(reference)),
    meta: then(object, () => undefined),
    repositoryContexts: nullable(when(Array.isArray, 'must be a list')),
  },
  true,
);

/**
 * Reads a constructor file: a component at top level, a list under `components`, or several documents of either.
 * Throws `ocm.invalid-yaml`, `ocm.invalid-constructor` naming `file:line:column`.
 */
export function readConstructor(bytes: Uint8Array, file: string): ComponentSpecification[] {
  const result: ComponentSpecification[] = [];
  for (const document of readYamlDocuments(bytes, file)) {
    if (document.value === null) continue;
    const at = (path: readonly (string | number)[]): string => document.locate(path);
    if (!isObject(document.value)) throw invalid('a constructor file is a map', at([]));
    const list = document.value.components;
    if (list === undefined) result.push(specification(document.value, [], at));
    else if (Array.isArray(list))
      list.forEach((item, index) => result.push(specification(item, ['components', index], at)));
    else throw invalid('components must be a list', at(['components']));
  }
  if (result.length === 0) throw invalid('the file describes no component', file);
  return result;
}

function specification(
  value: Json,
  path: readonly (string | number)[],
  at: (path: readonly (string | number)[]) => string,
): ComponentSpecification {
  const problems: Problem[] = [];
  component(value, path, problem => problems.push(problem));
  const [problem, ...more] = problems;
  if (problem !== undefined) {
    const name = problem.path
      .map(step => (typeof step === 'number' ? `[${step}]` : `.${step}`))
      .join('')
      .replace(/^\./, '');
    const quoted = typeof valueAt(value, problem.path.slice(path.length)) === 'number' ? '; write it in quotes' : '';
    throw invalid(
      `${name === '' ? '' : `${name}: `}${problem.message}${quoted}${more.length === 0 ? '' : ` (and ${more.length} more)`}`,
      at(problem.path),
    );
  }
  const given = value as JsonObject;
  const references = given.componentReferences ?? given.references ?? [];
  const referenceKey = given.componentReferences === undefined ? 'references' : 'componentReferences';
  return {
    ...(given as unknown as ComponentSpecification),
    provider: typeof given.provider === 'string' ? { name: given.provider } : (given.provider as unknown as Provider),
    resources: (given.resources ?? []) as unknown as ElementSpec[],
    sources: (given.sources ?? []) as unknown as ElementSpec[],
    references: references as unknown as ReferenceSpec[],
    locate: (kind, index) => at([...path, kind === 'references' ? referenceKey : kind, index]),
  };
}

function valueAt(value: Json, path: readonly (string | number)[]): Json | undefined {
  let found: Json | undefined = value;
  for (const step of path)
    found = Array.isArray(found) ? found[Number(step)] : isObject(found) ? found[String(step)] : undefined;
  return found;
}

function invalid(message: string, where: string): AirlockError {
  return new AirlockError({
    code: 'ocm.invalid-constructor',
    message: `the component constructor is not valid: ${message}`,
    where,
    remedy: 'Correct the file',
  });
}
