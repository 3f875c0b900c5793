import { isObject, type Json } from '../yaml';
import { isComponentName, isElementName, isVersion } from './names';

/** One thing that is wrong, and where in the document. */
export interface Problem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

type Path = readonly (string | number)[];
type Check = (value: Json, path: Path, report: (problem: Problem) => void) => void;

const say =
  (message: string): Check =>
  (_, path, report) =>
    report({ path, message });
const when =
  (test: (value: Json) => boolean, message: string): Check =>
  (value, path, report) => {
    if (!test(value)) say(message)(value, path, report);
  };
const all =
  (...checks: readonly Check[]): Check =>
  (value, path, report) => {
    for (const check of checks) check(value, path, report);
  };
/** Runs `check` only on values of the kind that `first` accepts. */
const then =
  (first: Check, check: Check): Check =>
  (value, path, report) => {
    let good = true;
    first(value, path, problem => {
      good = false;
      report(problem);
    });
    if (good) check(value, path, report);
  };

const string = when(value => typeof value === 'string', 'must be a string');
const boolean = when(value => typeof value === 'boolean', 'must be true or false');
const object = when(isObject, 'must be a map');
const array = when(Array.isArray, 'must be a list');
const text = (test: (text: string) => boolean, message: string): Check =>
  then(
    string,
    when(value => test(value as string), message),
  );
const nonEmpty = text(value => value !== '', 'must not be empty');
const nullable =
  (check: Check): Check =>
  (value, path, report) => {
    if (value !== null) check(value, path, report);
  };
const items = (check: Check): Check =>
  then(array, (value, path, report) =>
    (value as Json[]).forEach((item, index) => check(item, [...path, index], report)),
  );

/** A map with these fields; names ending in `!` must be present. Other fields are allowed unless `closed`. */
function fields(known: Readonly<Record<string, Check>>, closed = false): Check {
  return then(object, (value, path, report) => {
    const given = value as { [key: string]: Json };
    for (const [name, check] of Object.entries(known)) {
      const required = name.endsWith('!');
      const key = required ? name.slice(0, -1) : name;
      if (Object.hasOwn(given, key)) check(given[key] ?? null, [...path, key], report);
      else if (required) report({ path, message: `the field ${key} is missing` });
    }
    if (!closed) return;
    const names = new Set(Object.keys(known).map(name => name.replace(/!$/, '')));
    for (const key of Object.keys(given))
      if (!names.has(key)) report({ path: [...path, key], message: `the field ${key} is not known here` });
  });
}

const version = text(isVersion, 'must be a version like 1.2.3, v1.2 or 1.0.0-rc.1+build.2');
const componentName = text(isComponentName, 'must be a component name like example.com/team/product');
const elementName = text(
  isElementName,
  'must have two or more of a-z, 0-9, -, _, + and start and end with a letter or digit',
);

const identity = then(object, (value, path, report) => {
  for (const [key, attribute] of Object.entries(value as { [key: string]: Json })) {
    if (key === 'name')
      report({ path: [...path, key], message: 'name is the element name and cannot be an extra attribute' });
    else elementName(key, [...path, key], report);
    string(attribute, [...path, key], report);
  }
});
const label = fields({
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
const labels = nullable(
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
const typed = fields({ 'type!': nonEmpty });
const digest = fields({ 'hashAlgorithm!': string, 'normalisationAlgorithm!': string, 'value!': string });
const element = { 'name!': elementName, 'version!': version, extraIdentity: nullable(identity), labels };
const srcRef = fields({ identitySelector: nullable(then(object, () => undefined)), labels }, true);
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
const dateTime = text(
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
const elements = (check: Check, what: string): Check => nullable(all(items(check), unique(what)));

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
