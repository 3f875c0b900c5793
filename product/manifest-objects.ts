import type { FileSet } from './file-set';
import { isMap, plain, type ValueMap } from './value';
import { parseYamlSource, valueOf } from './yaml-source';

/** A Kubernetes object in rendered files. */
export interface ManifestObject {
  readonly value: ValueMap;
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly file: string;
  /** Of its first line in the file. */
  readonly line: number;
}

/** The Kubernetes objects of rendered files; what is none, or cannot be read, is left out. */
export function manifestObjects(files: FileSet, wanted?: (text: string) => boolean): ManifestObject[] {
  const found: ManifestObject[] = [];
  for (const [file, content] of files) {
    const text = /\.(ya?ml|json)$/.test(file) ? Buffer.from(content).toString('utf8') : '';
    if (text === '' || wanted?.(text) === false) continue;
    const source = parseYamlSource(text, file);
    for (const document of source.documents) {
      const value = plain(valueOf(document));
      if (!isMap(value) || !isMap(value.metadata)) continue;
      const { apiVersion, kind } = value;
      const { name } = value.metadata;
      if (typeof apiVersion !== 'string' || typeof kind !== 'string' || typeof name !== 'string') continue;
      const { line } = source.position(document.contents?.range[0] ?? 0);
      found.push({ value, apiVersion, kind, name, file, line });
    }
  }
  return found;
}
