import type { Readable } from 'node:stream';
import { decompressed, tarEntries } from '../../oci';
import { changedValues, readYaml, type FieldChange, type Json } from '../../ocm';
import { textDiff } from '../../product';
import { AirlockError } from '../../report';

/** What differs between two contents that are not OCI artifacts. */
export interface TextChange {
  /** Path inside an archive; absent for a content that is one text. */
  readonly file?: string;
  readonly kind: 'added' | 'removed' | 'changed';
  /** Unified diff; absent where one side is no text, or is too large. */
  readonly text?: string;
  readonly truncated?: boolean;
  /** Of configuration data: the values that differ. */
  readonly values?: readonly FieldChange[];
}

/** Bytes of one text; a larger one is told by its digest alone. */
const largestText = 1024 * 1024;
/** Of all files of an archive together, and how many. */
const largestArchive = 64 * 1024 * 1024;
const mostFiles = 10_000;

/** A content that was read: one text, the files of an archive (undefined: no text), or neither. */
export type ReadContent =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'files'; readonly files: ReadonlyMap<string, string | undefined> }
  | { readonly kind: 'binary' };

/** Reads a content within bounds; tar archives, compressed ones too, as their files. Throws `cli.too-large`, `oci.*`. */
export async function readForDiff(
  open: () => Promise<Readable>,
  mediaType: string,
  where: string,
): Promise<ReadContent> {
  if (!/\b(tar|tgz|x-tar)\b/.test(mediaType) && !/gzip/.test(mediaType)) {
    const text = textOf(await bounded(await open(), largestText));
    return text === undefined ? { kind: 'binary' } : { kind: 'text', text };
  }
  if (!/\b(tar|tgz|x-tar)\b/.test(mediaType)) {
    const text = textOf(await bounded(await decompressed(await open()), largestText));
    return text === undefined ? { kind: 'binary' } : { kind: 'text', text };
  }
  const files = new Map<string, string | undefined>();
  let size = 0;
  const source = await open();
  try {
    for await (const { header, body } of tarEntries(await decompressed(source), where)) {
      size += header.size;
      if (size > largestArchive || files.size >= mostFiles) throw tooLarge(where);
      const path = header.name.replace(/^(\.\/)+/, '');
      if (header.type === 'file') files.set(path, textOf(await bounded(body, largestText)));
      else if (header.type !== 'directory') files.set(path, `${header.type} to ${header.linkname}\n`);
    }
  } finally {
    source.destroy();
  }
  return { kind: 'files', files };
}

/** What differs, with texts cut after `lines` lines. */
export function textChanges(before: ReadContent, after: ReadContent, name: string, lines: number): TextChange[] {
  if (before.kind === 'text' && after.kind === 'text') return [textChange(before.text, after.text, name, lines)];
  if (before.kind !== 'files' || after.kind !== 'files') return [];
  const paths = [...new Set([...before.files.keys(), ...after.files.keys()])].sort();
  return paths.flatMap((path): TextChange[] => {
    const [old, now] = [before.files.get(path), after.files.get(path)];
    const [had, has] = [before.files.has(path), after.files.has(path)];
    if (had && has && old === now && old !== undefined) return [];
    const kind = !had ? 'added' : !has ? 'removed' : 'changed';
    if ((had && old === undefined) || (has && now === undefined)) return [{ file: path, kind }];
    return [{ ...textChange(old ?? '', now ?? '', path, lines), file: path, kind }];
  });
}

function textChange(before: string, after: string, name: string, lines: number): TextChange {
  const { text, truncated } = textDiff(before, after, name, { lines });
  const values = configurationChanges(before, after, name);
  return {
    kind: 'changed',
    text,
    ...(truncated ? { truncated } : {}),
    ...(values === undefined ? {} : { values }),
  };
}

/** The values that differ, where both texts are configuration data of the component model. */
function configurationChanges(before: string, after: string, name: string): FieldChange[] | undefined {
  const [old, now] = [before, after].map(text => configurationOf(text, name));
  return old === undefined || now === undefined ? undefined : changedValues(old, now);
}

function configurationOf(text: string, name: string): Json | undefined {
  if (!/^["']?kind["']?:\s*["']?ConfigData\b|"kind"\s*:\s*"ConfigData"/m.test(text)) return undefined;
  try {
    const { value } = readYaml(Buffer.from(text), name);
    const isData = typeof value === 'object' && value !== null && !Array.isArray(value) && value.kind === 'ConfigData';
    return isData ? value : undefined;
  } catch (error) {
    if (error instanceof AirlockError) return undefined; // shown as the text it is
    throw error;
  }
}

/** The bytes; undefined where there are more, the rest of which is passed over. */
async function bounded(source: AsyncIterable<Buffer>, limit: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of source) {
    size += chunk.length;
    if (size <= limit) chunks.push(chunk);
    else if (size > largestArchive) break;
  }
  return size > limit ? undefined : Buffer.concat(chunks);
}

/** Undefined for what is no UTF-8 text. */
function textOf(bytes: Buffer | undefined): string | undefined {
  if (bytes === undefined || bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function tooLarge(where: string): AirlockError {
  return new AirlockError({
    code: 'cli.too-large',
    message: `the archive holds more than ${mostFiles} files or ${largestArchive} bytes`,
    where,
    remedy: 'Download both versions and compare them there',
  });
}
