import { isObject, type Json, type JsonObject } from '../yaml';
import { all, boolean, fields, items, nonEmpty, nullable, object, string, text, then, type Check } from './checks';
import { identitiesOf, identityKey, identityText } from './identity';
import { isComponentName, isElementName, isVersion } from './names';
import { isDateTime } from './time';
import type { ElementMeta } from './types';

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
export const givenLabels = all(items(label), (value, path, report) => {
  if (!Array.isArray(value)) return;
  const seen = new Set<string>();
  value.forEach((item, index) => {
    const name = isObject(item) && typeof item.name === 'string' ? item.name : undefined;
    if (name !== undefined && seen.has(name))
      report({ path: [...path, index], message: `the label ${name} stands twice in this list` });
    if (name !== undefined) seen.add(name);
  });
});
/** Labels, or null for none. */
export const labels = nullable(givenLabels);
export const typed = fields({ 'type!': nonEmpty });
export const digest = fields({ 'hashAlgorithm!': string, 'normalisationAlgorithm!': string, 'value!': string });
export const srcRef = fields({ identitySelector: nullable(then(object, () => undefined)), labels }, true);
export const dateTime = text(isDateTime, 'must be a time like 2026-01-31T12:00:00Z');
/** No two elements of one list have the same identity. */
function unique(what: string): Check {
  return (value, path, report) => {
    if (!Array.isArray(value) || !value.every(isElement)) return;
    const seen = new Set<string>();
    identitiesOf(value).forEach((each, index) => {
      const key = identityKey(each);
      if (seen.has(key))
        report({ path: [...path, index], message: `another ${what} has the identity ${identityText(each)}` });
      seen.add(key);
    });
  };
}

function isElement(value: Json): value is JsonObject & ElementMeta {
  return (
    isObject(value) &&
    typeof value.name === 'string' &&
    typeof value.version === 'string' &&
    (value.extraIdentity === undefined || value.extraIdentity === null || isObject(value.extraIdentity))
  );
}

/** A list of elements, each with another identity. */
export const elements = (check: Check, what: string): Check => all(items(check), unique(what));
