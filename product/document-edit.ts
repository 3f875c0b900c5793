import { AirlockError } from '../report';
import { addition } from './document-add';
import { findTargets, json, scalarText, spliceFor, type Splice } from './document-splice';
import { parsePath, type PathStep } from './path';
import { plainTargets } from './plain-targets';
import { readPlainYaml } from './plain-yaml';
import type { Value } from './value';
import { parseYamlSource, type YamlSource } from './yaml-source';

/** Sets what is at a path of a file. */
export interface FileEdit {
  readonly path: string;
  readonly value: Value;
  /** The rule it comes from, for messages: `config.yaml:12:5`. */
  readonly where?: string;
  /**
   * Where the document itself leaves keys open (a chart's `values.yaml`, the `spec.values` of a HelmRelease: the chart knows more
   * than is written), a missing key is added instead of refused.
   */
  readonly adds?: boolean;
}

/**
 * Applies edits to YAML of any number of documents, or JSON, by replacing the text of the values only: comments, order and
 * spelling of everything else stay. A path applies to every document in which it matches; one that matches in none is
 * `product.path-matches-nothing`. A later edit of the same path wins. `isJson` makes new values JSON.
 */
export function editText(
  text: string,
  file: string,
  edits: readonly FileEdit[],
  isJson = file.endsWith('.json'),
): string {
  let current = text;
  let batch: FileEdit[] = [];
  const flush = () => {
    if (batch.length > 0) current = editOnce(current, file, batch, isJson);
    batch = [];
  };
  for (const edit of edits) {
    // Edits that may meet one another are applied one after the other, so that the later sees the earlier.
    if (batch.some(other => overlap(other.path, edit.path))) flush();
    batch.push(edit);
  }
  flush();
  return current;
}

function overlap(left: string, right: string): boolean {
  if (left.includes('*') || right.includes('*') || left.includes('[]') || right.includes('[]')) return true;
  const [a, b] = [parsePath(left), parsePath(right)];
  return a.slice(0, b.length).every((step, at) => step === b[at]);
}

function editOnce(text: string, file: string, edits: readonly FileEdit[], isJson: boolean): string {
  const plainly = plainSplices(text, edits, isJson);
  if (plainly) return spliced(text, plainly);
  const source = parseYamlSource(text, file);
  const splices: Splice[] = [];
  const missing: FileEdit[] = [];
  for (const edit of edits) {
    const path = parsePath(edit.path, edit.where);
    const before = splices.length;
    for (const document of source.documents) {
      for (const target of findTargets(document, path)) {
        splices.push(spliceFor(source, target, edit.value, isJson));
      }
    }
    if (splices.length > before) continue;
    if (edit.adds !== true) throw matchesNothing(source, edit, path);
    missing.push(edit);
  }
  // One after the other: a key that one adds is where the next may belong.
  return missing.reduce((text, edit) => added(text, file, edit, isJson), spliced(source.text, splices));
}

/** The splices of edits that put scalars in the place of scalars, in YAML that is read quickly; undefined for all others. */
function plainSplices(text: string, edits: readonly FileEdit[], isJson: boolean): Splice[] | undefined {
  const documents = readPlainYaml(text);
  const splices: Splice[] = [];
  for (const { path, value, where } of documents ? edits : []) {
    if (typeof value === 'object' && value !== null) return undefined;
    const steps = parsePath(path, where);
    const found = documents?.flatMap(each => plainTargets(each, steps)) ?? [];
    if (found.length === 0) return undefined;
    for (const { node, inFlow } of found) {
      if (node?.kind !== 'scalar' || node.style === '|') return undefined;
      const written = isJson || inFlow ? json(value) : scalarText(value, node.style);
      splices.push({ start: node.start, end: node.end, text: written });
    }
  }
  return documents && splices;
}

/** Adds a key that is missing; throws where the document does not leave it open. */
function added(text: string, file: string, edit: FileEdit, isJson: boolean): string {
  const source = parseYamlSource(text, file);
  const path = parsePath(edit.path, edit.where);
  for (const document of source.documents) {
    const present = findTargets(document, path);
    if (present.length > 0)
      return spliced(
        text,
        present.map(target => spliceFor(source, target, edit.value, isJson)),
      );
  }
  for (const document of source.documents) {
    const splice = addition(source, document, path, edit.value, isJson);
    if (splice) return spliced(text, [splice]);
  }
  throw matchesNothing(source, edit, path);
}

function spliced(text: string, splices: readonly Splice[]): string {
  const pieces: string[] = [];
  let from = 0;
  for (const splice of [...splices].sort((a, b) => a.start - b.start)) {
    pieces.push(text.slice(from, splice.start), splice.text);
    from = splice.end;
  }
  return pieces.join('') + text.slice(from);
}

function matchesNothing(source: YamlSource, edit: FileEdit, path: readonly PathStep[]): AirlockError {
  let reached = 0;
  for (const document of source.documents) {
    while (reached < path.length && findTargets(document, path.slice(0, reached + 1)).length > 0) reached += 1;
  }
  const step = path[reached];
  const missing = typeof step === 'symbol' ? '[*]' : typeof step === 'number' ? `[${step}]` : JSON.stringify(step);
  return new AirlockError({
    code: 'product.path-matches-nothing',
    message: `The path ${edit.path} matches nothing in ${source.file}: there is no ${missing} at step ${reached + 1}`,
    remedy: 'Correct the path in the rule, or add the key to the file.',
    where: edit.where ?? source.file,
  });
}
