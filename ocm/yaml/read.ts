import { BlockText } from './block-text';
import type { Json } from './json';
import { JsonText } from './json-text';
import {
  defaultLimits,
  invalid,
  NotOfThisKind,
  notText,
  placeOf,
  Refused,
  type Path,
  type ReadLimits,
} from './problem';
import { readRichText, type ReadDocument } from './rich-text';

/**
 * Reads YAML or JSON as the reference implementation does. One document per text.
 * Throws `ocm.invalid-yaml` naming `file:line:column`.
 */
export function readYaml(bytes: Uint8Array, file: string, limits: ReadLimits = {}): ReadDocument {
  const documents = readYamlDocuments(bytes, file, limits);
  const [first, second] = documents;
  if (first === undefined) throw invalid('the file is empty', file);
  if (second !== undefined) throw invalid('one document is expected, there are several', second.locate([]));
  return first;
}

/** As {@link readYaml}, for texts that may hold several documents separated by `---`. */
export function readYamlDocuments(bytes: Uint8Array, file: string, limits: ReadLimits = {}): ReadDocument[] {
  const bound = { ...defaultLimits, ...limits };
  if (bytes.byteLength > bound.bytes)
    throw invalid(`the file has ${bytes.byteLength} bytes, more than ${bound.bytes}`, file);
  const text = decode(bytes, file);
  const quick = readQuickly(text, file, bound.depth);
  if (quick !== undefined) return [quick];
  if (bytes.byteLength > bound.richBytes) {
    throw invalid(
      `the file has ${bytes.byteLength} bytes; above ${bound.richBytes} only JSON and plain block style are read`,
      file,
    );
  }
  return readRichText(text, file, bound);
}

/** JSON, and YAML as programs write it, without the detour of a syntax tree. Undefined for any other text. */
function readQuickly(text: string, file: string, depth: number): ReadDocument | undefined {
  const json = /^\s*[[{]/.test(text);
  if (!json && (text.includes('\r') || notText.test(text))) return undefined;
  const reader = (seen?: (path: Path, offset: number) => void): { read(): Json } =>
    json ? new JsonText(text, depth, seen) : new BlockText(text, depth, seen);
  try {
    const value = reader().read();
    return {
      value,
      locate: path =>
        placeOf(
          file,
          text,
          offsetOf(path, seen => reader(seen).read()),
        ),
    };
  } catch (error) {
    if (error instanceof NotOfThisKind) return undefined;
    if (error instanceof Refused) throw invalid(error.message, placeOf(file, text, error.offset));
    throw error;
  }
}

/** Where a value stands, or its nearest ancestor that exists: found by reading again, because errors are rare. */
function offsetOf(path: Path, read: (seen: (path: Path, offset: number) => void) => void): number {
  let nearest = -1;
  let found = 0;
  read((at, offset) => {
    if (at.length <= nearest || at.length > path.length || !at.every((step, index) => step === path[index])) return;
    nearest = at.length;
    found = offset;
  });
  return found;
}

function decode(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw invalid('the text is not valid UTF-8', file, error);
  }
}
