import { AirlockError } from '../report';
import { editText, type FileEdit } from './document-edit';

/** Files of a resource by path, `/` between folders, no leading `./`. */
export type FileSet = ReadonlyMap<string, Uint8Array>;

/** One edit and the file it is for. */
export interface FileSetEdit extends FileEdit {
  readonly file: string;
}

/**
 * Applies edits file by file, in their order. A file that is not there is `product.file-not-found`,
 * a path that matches nothing `product.path-matches-nothing`.
 */
export function editFiles(files: FileSet, edits: readonly FileSetEdit[]): FileSet {
  const byFile = new Map<string, FileSetEdit[]>();
  for (const edit of edits) {
    const name = cleanPath(edit.file);
    byFile.set(name, [...(byFile.get(name) ?? []), edit]);
  }
  const result = new Map(files);
  for (const [name, wanted] of byFile) {
    const content = files.get(name);
    if (!content) {
      throw new AirlockError({
        code: 'product.file-not-found',
        message: `A rule writes into ${name}, which the resource does not hold`,
        remedy: `Name one of its files: ${[...files.keys()].sort().slice(0, 10).join(', ')}.`,
        ...(wanted[0]?.where !== undefined && { where: wanted[0].where }),
      });
    }
    const text = Buffer.from(content).toString('utf8');
    result.set(name, Buffer.from(editText(text, name, wanted), 'utf8'));
  }
  return result;
}

/** A path as file sets hold it: no `./`, no leading `/`. */
export function cleanPath(path: string): string {
  return path.replace(/^(\.?\/)+/, '');
}
