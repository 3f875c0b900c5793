import { AirlockError } from '../../report';
import { isObject, readYaml, writeYaml, type JsonObject, type ReadLimits } from '../yaml';
import type { Problem } from './checks';
import { foldedName, withoutEmpty, withProperNames, type Schema } from './go-fields';
import { providerOf, providerString } from './provider';
import { fromV3, toV3 } from './v3alpha1';
import { isV3, type ComponentDescriptor } from './types';
import { problemsOf } from './schemas';

/** A descriptor and the bytes it was read from. The bytes are what is passed on; the model is for reading. */
export interface ParsedDescriptor {
  readonly descriptor: ComponentDescriptor;
  readonly bytes: Uint8Array;
  readonly format: 'yaml' | 'json';
}

/**
 * Reads and validates a component descriptor, schema v2 or v3alpha1, YAML or JSON.
 * @param file what messages call the text: a path, or a reference
 * @throws `ocm.invalid-yaml`, `ocm.invalid-descriptor` naming `file:line:column`
 */
export function parseDescriptor(bytes: Uint8Array, file: string, limits?: ReadLimits): ParsedDescriptor {
  const read = readYaml(bytes, file, limits);
  const document = read.value;
  if (!isObject(document)) throw invalid('a component descriptor is a map', read.locate([]));
  const schema = schemaOf(document, read.locate);
  const ambiguous: Problem[] = [];
  const proper = withProperNames(document, schema, found => ambiguous.push(found));
  const [problem, ...more] = [...ambiguous, ...problemsOf(proper, schema)];
  if (problem !== undefined) {
    const place = problem.path.length === 0 ? '' : `${pathText(problem.path)}: `;
    const others = more.length === 0 ? '' : ` (and ${more.length} more)`;
    throw invalid(`${place}${problem.message}${others}`, read.locate(problem.path));
  }
  const model = completed(schema === 'v2' ? proper : fromV3(proper));
  return {
    descriptor: model as unknown as ComponentDescriptor,
    bytes,
    format: firstByte(bytes) === 0x7b ? 'json' : 'yaml',
  };
}

/**
 * Writes the descriptor as the reference implementation does: YAML with sorted keys, or compact JSON, in the schema that
 * `meta.schemaVersion` names.
 */
export function serialiseDescriptor(descriptor: ComponentDescriptor, format: 'yaml' | 'json' = 'yaml'): Uint8Array {
  const model = JSON.parse(JSON.stringify(descriptor)) as JsonObject;
  const document = isV3(descriptor) ? withoutEmpty(toV3(model), 'v3alpha1') : withoutEmpty(model, 'v2');
  return Buffer.from(format === 'json' ? JSON.stringify(document) : writeYaml(document), 'utf8');
}

function schemaOf(document: JsonObject, locate: (path: string[]) => string): Schema {
  const { meta, apiVersion } = document;
  const other = Object.keys(document).find(key => key !== 'apiVersion' && foldedName(key) === 'apiversion');
  if (other !== undefined) throw invalid(`the field ${other} must be spelled apiVersion`, locate([other]));
  if (meta !== undefined && apiVersion !== undefined)
    throw invalid('meta (schema v2) and apiVersion (schema v3alpha1) exclude each other', locate(['apiVersion']));
  if (apiVersion !== undefined) {
    if (apiVersion === 'ocm.software/v3alpha1' || apiVersion === 'ocm.gardener.cloud/v3alpha1') return 'v3alpha1';
    throw invalid(`the apiVersion ${JSON.stringify(apiVersion)} is not known`, locate(['apiVersion']));
  }
  if (!isObject(meta)) throw invalid('the field meta.schemaVersion is missing', locate([]));
  if (meta.schemaVersion === 'v2') return 'v2';
  throw invalid(
    `the schemaVersion ${JSON.stringify(meta.schemaVersion ?? null)} is not known`,
    locate(['meta', 'schemaVersion']),
  );
}

/** Lists that may be null become lists, null fields that mean "not set" go away, `srcRef` becomes `srcRefs`. */
function completed(document: JsonObject): JsonObject {
  const component = { ...(document.component as JsonObject) };
  for (const key of ['repositoryContexts', 'resources', 'sources', 'componentReferences']) {
    const list = component[key];
    component[key] = Array.isArray(list) ? list.map(item => (isObject(item) ? settled(item) : item)) : [];
  }
  if (typeof component.provider === 'string') component.provider = providerString(providerOf(component.provider));
  return settled({ ...document, component: settled(component) });
}

const unsettable = new Set([
  'labels',
  'extraIdentity',
  'digest',
  'srcRefs',
  'creationTime',
  'signatures',
  'nestedDigests',
]);

function settled(object: JsonObject): JsonObject {
  const result: JsonObject = {};
  for (const [key, value] of Object.entries(object)) if (value !== null || !unsettable.has(key)) result[key] = value;
  if (Array.isArray(result.srcRef)) {
    result.srcRefs ??= result.srcRef;
    delete result.srcRef;
  }
  return result;
}

function pathText(path: readonly (string | number)[]): string {
  return path.map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`)).join('');
}

function firstByte(bytes: Uint8Array): number | undefined {
  return bytes.find(byte => byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d);
}

function invalid(message: string, where: string): AirlockError {
  return new AirlockError({
    code: 'ocm.invalid-descriptor',
    message: `the component descriptor is not valid: ${message}`,
    where,
  });
}
