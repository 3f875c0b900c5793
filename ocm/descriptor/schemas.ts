import type { Json } from '../yaml';
import { all, fields, items, nonEmpty, nullable, string, text, type Check, type Problem } from './checks';
import type { Schema } from './go-fields';
import { providerProblem } from './provider';
import {
  componentName,
  dateTime,
  digest,
  elementName,
  elements,
  givenLabels,
  identity,
  srcRef,
  typed,
  version,
} from './validate';

/*
 * The JSON schemas of the reference implementation (resources/component-descriptor-*-schema.yaml) and what its code checks
 * beyond them. Where schema v2 takes null for "none", v3alpha1 does only for digests.
 */

const element = { 'name!': elementName, 'version!': version, extraIdentity: identity };
const asIs = (check: Check): Check => check;

const resource = (orNull: (check: Check) => Check): Check =>
  fields({
    ...element,
    labels: orNull(givenLabels),
    'type!': nonEmpty,
    'relation!': text(value => value === 'local' || value === 'external', 'must be local or external'),
    'access!': typed,
    srcRefs: orNull(items(srcRef)),
    srcRef: orNull(items(srcRef)),
    digest: nullable(digest),
  });
const source = fields({ ...element, labels: givenLabels, 'type!': nonEmpty, 'access!': typed });
const reference = (orNull: (check: Check) => Check): Check =>
  fields({ ...element, labels: orNull(givenLabels), 'componentName!': componentName, digest: nullable(digest) }, true);

const signature = fields(
  {
    'name!': string,
    'digest!': digest,
    'signature!': fields({ 'algorithm!': string, 'value!': string, 'mediaType!': string, issuer: string }),
    timestamp: fields({ value: string, time: dateTime }),
  },
  true,
);
const resourceDigest = { 'name!': string, version: string, extraIdentity: identity };
const nestedDigests = {
  v2: fields({
    'name!': componentName,
    'version!': version,
    digest,
    resourceDigests: nullable(items(fields({ ...resourceDigest, digest }))),
  }),
  v3alpha1: fields({
    'name!': componentName,
    'version!': version,
    'digest!': digest,
    'resourceDigests!': items(fields({ ...resourceDigest, 'digest!': digest })),
  }),
};

/** A name, or `{name, labels}` in JSON. */
const providerText = all(nonEmpty, (value, path, report) => {
  if (typeof value !== 'string') return;
  const problem = providerProblem(value, given => {
    const found: Problem[] = [];
    nullable(givenLabels)(given, [], each => found.push(each));
    return found[0] && `has labels in JSON, which are not valid: ${found[0].message}`;
  });
  if (problem !== undefined) report({ path, message: problem });
});

const schemas: Readonly<Record<Schema, Check>> = {
  v2: fields({
    'meta!': fields({ 'schemaVersion!': string }),
    'component!': fields({
      'name!': componentName,
      'version!': version,
      'provider!': providerText,
      labels: givenLabels,
      creationTime: nullable(dateTime),
      'repositoryContexts!': nullable(items(typed)),
      'resources!': nullable(elements(resource(nullable), 'resource')),
      'sources!': nullable(elements(source, 'source')),
      'componentReferences!': nullable(elements(reference(nullable), 'reference')),
    }),
    signatures: nullable(items(signature)),
    nestedDigests: nullable(items(nestedDigests.v2)),
  }),
  v3alpha1: fields({
    'apiVersion!': string,
    'kind!': text(value => value === 'ComponentVersion', 'must be ComponentVersion'),
    'metadata!': fields({
      'name!': componentName,
      'version!': version,
      labels: givenLabels,
      'provider!': fields({ 'name!': nonEmpty, labels: givenLabels }),
      creationTime: dateTime,
    }),
    repositoryContexts: items(typed),
    'spec!': fields({
      resources: elements(resource(asIs), 'resource'),
      sources: elements(source, 'source'),
      references: elements(reference(asIs), 'reference'),
    }),
    signatures: items(signature),
    nestedDigests: items(nestedDigests.v3alpha1),
  }),
};

/** Everything that is wrong with a descriptor document of this schema, in document order of the checks. */
export function problemsOf(document: Json, schema: Schema): Problem[] {
  const problems: Problem[] = [];
  schemas[schema](document, [], problem => problems.push(problem));
  return problems;
}
