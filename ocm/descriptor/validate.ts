import { isObject, type Json } from '../yaml';
import {
  all,
  boolean,
  fields,
  items,
  nonEmpty,
  nullable,
  object,
  string,
  text,
  then,
  type Check,
  type Problem,
} from './checks';
import { isComponentName, isElementName, isVersion } from './names';

export const version = text(isVersion, 'must be a version like 1.2.3, v1.2 or 1.0.0-rc.1+build.2');
export const componentName = text(isComponentName, 'must be a component name like example.com/team/product');
export const elementName = text(
  isElementName,
  'must have two or more of a-z, 0-9, -, _, + and start and end with a letter or digit',
);

export const identity = then(object, (value, path, report) => {
  for (const [key, attribute] of Object.entries(value as { [key: string]: Json })) {
    if (key === 'name')
      report({ path: [...path, key], message: 'name is the element name and cannot be an extra attribute' });
    else elementName(key, [...path, key], report);
    string(attribute, [...path, key], report);
  }
});
export const label = fields({
  'name!': nonEmpty,
  'value!': () => undefined,
  version: text(value => /^v[0-9]+$/.test(value), 'must be v1, v2, ...'),
  signing: boolean,
  merge: fields(
    {
      algorithm: text(value => /^[a-zA-Z][a-zA-Z0-9/_-]*$/.test(value), 'must be an algorithm name'),
      config: () => undefined,
    },
    true,
  ),
});
export const labels = nullable(
  all(items(label), (value, path, report) => {
    if (!Array.isArray(value)) return;
    const seen = new Set<string>();
    value.forEach((item, index) => {
      const name = isObject(item) && typeof item.name === 'string' ? item.name : undefined;
      if (name !== undefined && seen.has(name))
        report({ path: [...path, index], message: `the label ${name} stands twice in this list` });
      if (name !== undefined) seen.add(name);
    });
  }),
);
export const typed = fields({ 'type!': nonEmpty });
export const digest = fields({ 'hashAlgorithm!': string, 'normalisationAlgorithm!': string, 'value!': string });
const element = { 'name!': elementName, 'version!': version, extraIdentity: nullable(identity), labels };
export const srcRef = fields({ identitySelector: nullable(then(object, () => undefined)), labels }, true);
const resource = fields({
  ...element,
  'type!': nonEmpty,
  'relation!': text(value => value === 'local' || value === 'external', 'must be local or external'),
  'access!': typed,
  srcRefs: nullable(items(srcRef)),
  srcRef: nullable(items(srcRef)),
  digest: nullable(digest),
});
const source = fields({ ...element, 'type!': nonEmpty, 'access!': typed });
const reference = fields({ ...element, 'componentName!': componentName, digest: nullable(digest) }, true);
export const dateTime = text(
  value =>
    /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([zZ]|[-+]\d{2}:\d{2})$/.test(value) &&
    !Number.isNaN(Date.parse(value)),
  'must be a time like 2026-01-31T12:00:00Z',
);
const signature = fields(
  {
    'name!': string,
    'digest!': digest,
    'signature!': fields({ 'algorithm!': string, 'value!': string, 'mediaType!': string, issuer: string }),
    timestamp: nullable(fields({ value: string, time: nullable(dateTime) })),
  },
  true,
);
const nestedDigests = fields({
  'name!': componentName,
  'version!': version,
  digest: nullable(digest),
  resourceDigests: nullable(
    items(fields({ 'name!': string, version: string, extraIdentity: nullable(identity), digest: nullable(digest) })),
  ),
});

/** No two elements of one list have the same identity. */
function unique(what: string): Check {
  return (value, path, report) => {
    if (!Array.isArray(value)) return;
    const seen = new Set<string>();
    value.forEach((item, index) => {
      if (!isObject(item)) return;
      const extra = isObject(item.extraIdentity)
        ? Object.entries(item.extraIdentity).sort(([a], [b]) => (a < b ? -1 : 1))
        : [];
      const key = JSON.stringify([item.name ?? null, item.version ?? null, extra]);
      if (seen.has(key))
        report({ path: [...path, index], message: `another ${what} has the same name, version and extra identity` });
      seen.add(key);
    });
  };
}
export const elements = (check: Check, what: string): Check => nullable(all(items(check), unique(what)));

const v2 = fields({
  'meta!': fields({ 'schemaVersion!': string }),
  'component!': fields({
    'name!': componentName,
    'version!': version,
    'provider!': nonEmpty,
    labels,
    creationTime: nullable(dateTime),
    'repositoryContexts!': nullable(items(typed)),
    'resources!': elements(resource, 'resource'),
    'sources!': elements(source, 'source'),
    'componentReferences!': elements(reference, 'reference'),
  }),
  signatures: nullable(items(signature)),
  nestedDigests: nullable(items(nestedDigests)),
});

const v3 = fields({
  'apiVersion!': string,
  kind: text(value => value === 'ComponentVersion', 'must be ComponentVersion'),
  'metadata!': fields({
    'name!': componentName,
    'version!': version,
    labels,
    'provider!': fields({ 'name!': nonEmpty, labels }),
    creationTime: nullable(dateTime),
  }),
  repositoryContexts: nullable(items(typed)),
  spec: nullable(
    fields({
      resources: elements(resource, 'resource'),
      sources: elements(source, 'source'),
      references: elements(reference, 'reference'),
    }),
  ),
  signatures: nullable(items(signature)),
  nestedDigests: nullable(items(nestedDigests)),
});

/** Everything that is wrong with a descriptor document of this schema, in document order of the checks. */
export function problemsOf(document: Json, schema: 'v2' | 'v3alpha1'): Problem[] {
  const problems: Problem[] = [];
  (schema === 'v2' ? v2 : v3)(document, [], problem => problems.push(problem));
  return problems;
}
