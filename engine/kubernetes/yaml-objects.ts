import { parseAllDocuments, type Document } from 'yaml';
import type { KubernetesObject } from '../../cluster';
import { AirlockError } from '../../report';

const MAX_TEXT = 64 * 1024 * 1024;
const MAX_ALIASES = 1000;

function invalid(message: string, where: string): AirlockError {
  return new AirlockError({
    code: 'engine.invalid-manifest',
    message: `The manifest is not usable: ${message}`,
    where,
    remedy: 'Correct the YAML; every document needs apiVersion, kind and metadata.name',
  });
}

/** All values in YAML or JSON text, documents that are empty left out. Throws `engine.invalid-manifest` with line and column. */
export function decodeYaml(text: string, where: string): unknown[] {
  if (text.length > MAX_TEXT) throw invalid('it is larger than 64 MiB', where);
  // YAML 1.1 is what kubectl reads: `yes` and `0777` mean what they mean there; merge keys are allowed.
  const documents = parseAllDocuments(text, { version: '1.1', merge: true, logLevel: 'error', uniqueKeys: true });
  const values: unknown[] = [];
  for (const document of documents as Document[]) {
    const [error] = document.errors;
    if (error) {
      const at = error.linePos?.[0];
      throw invalid(error.message.split('\n')[0] ?? '', at ? `${where}:${at.line}:${at.col}` : where);
    }
    const value = plainDates(document.toJS({ maxAliasCount: MAX_ALIASES }));
    if (value !== null && value !== undefined) values.push(value);
  }
  return values;
}

/** YAML 1.1 reads `2024-01-01` as a time; Kubernetes has none, only text. */
function plainDates(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString().replace(/T00:00:00\.000Z$/, '');
  if (Array.isArray(value)) return value.map(plainDates);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plainDates(part)]));
  }
  return value;
}

/** The objects in some decoded values, with lists (`v1.List`, `ConfigMapList`) taken apart. */
export function objectsIn(values: readonly unknown[], where: string): KubernetesObject[] {
  return values.flatMap(value => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw invalid('a document is not a map', where);
    if (Object.keys(value).length === 0) return [];
    const object = value as { apiVersion?: unknown; kind?: unknown; items?: unknown };
    if (typeof object.apiVersion !== 'string' || typeof object.kind !== 'string') {
      throw invalid('a document has no apiVersion or kind', where);
    }
    if (object.kind.endsWith('List') && Array.isArray(object.items)) return objectsIn(object.items, where);
    return [{ ...(object as KubernetesObject), metadata: (object as KubernetesObject).metadata ?? {} }];
  });
}
