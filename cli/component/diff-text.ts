import type { FieldChange } from '../../ocm';
import { identityText, type ElementChange, type ElementMeta, type Identity, type Json } from '../../ocm';
import { bytes, colorsFor } from '../terminal';
import type { Comparison, ContentChange } from './diff-content';
import type { TextChange } from './diff-files';
import type { ImageChange } from './diff-images';
import { visible } from './output';

/** Characters of one value. */
const longestValue = 100;

/** A comparison for people, coloured where standard output is a terminal. */
export function comparisonText(comparison: Comparison): string {
  const { before, after, fields, resources, sources, references, signatures } = comparison;
  const c = colorsFor(process.stdout);
  return [
    c.bold(visible(before === after ? before : `${before} -> ${after}`)),
    ...section('Component', fields.map(fieldLine)),
    ...section(
      'References',
      references.flatMap(each => elementLines(each, target => `${target.componentName}:${target.version}`)),
    ),
    ...section('Resources', [
      ...resources
        .filter(each => !onlyFollows(each, fields))
        .flatMap(each => [...elementLines(each, described), ...contentLines(each.content)]),
      ...followers(resources.filter(each => onlyFollows(each, fields))),
    ]),
    ...section('Sources', [
      ...sources.filter(each => !onlyFollows(each, fields)).flatMap(each => elementLines(each, described)),
      ...followers(sources.filter(each => onlyFollows(each, fields))),
    ]),
    ...section(
      'Signatures',
      signatures.flatMap(each => elementLines(each, ({ signature }) => signature.algorithm)),
    ),
  ].join('\n');
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0
    ? []
    : ['', colorsFor(process.stdout).bold(title), ...lines.map(line => `  ${line}`.trimEnd())];
}

/** Elements that have the version of their component change with it; that alone is told in one line. */
function onlyFollows({ kind, fields }: ElementChange<unknown>, component: readonly FieldChange[]): boolean {
  const [field, ...more] = fields;
  const version = component.find(each => each.field === 'version');
  return (
    kind === 'changed' &&
    more.length === 0 &&
    field?.field === 'version' &&
    field.before === version?.before &&
    field.after === version?.after
  );
}

function followers(changes: readonly ElementChange<unknown>[]): string[] {
  if (changes.length === 0) return [];
  return [
    marked('changed', `${changes.map(each => nameOf(each.identity)).join(', ')}: the version only, as the component's`),
  ];
}

const described = ({ version, type }: ElementMeta & { readonly type: string }): string => `${version} ${type}`;

function elementLines<T>(change: ElementChange<T>, describe: (element: T) => string): string[] {
  const element = change.after ?? change.before;
  const name = nameOf(change.identity);
  if (change.kind !== 'changed')
    return [marked(change.kind, element === undefined ? name : `${name}  ${describe(element)}`)];
  return [marked('changed', name), ...change.fields.map(field => `    ${fieldText(field)}`)];
}

function nameOf(identity: Identity): string {
  const [name = '', ...extra] = identityText(identity).split(',');
  return extra.length === 0 ? name : `${name} ${extra.join(',')}`;
}

function marked(kind: ElementChange<unknown>['kind'], text: string): string {
  const c = colorsFor(process.stdout);
  const shown = visible(text);
  return kind === 'added' ? c.green(`+ ${shown}`) : kind === 'removed' ? c.red(`- ${shown}`) : c.yellow(`~ ${shown}`);
}

function fieldLine(field: FieldChange): string {
  const kind = field.before === undefined ? 'added' : field.after === undefined ? 'removed' : 'changed';
  return marked(kind, fieldText(field));
}

function fieldText({ field, before, after }: FieldChange): string {
  const [old, now] = [before, after].map(value => (value === undefined ? '(none)' : valueText(value)));
  return visible(
    `${field}: ${field === 'digest' ? shortDigests(old ?? '', now ?? '') : `${old ?? ''} -> ${now ?? ''}`}`,
  );
}

/** Enough to tell them apart, the algorithm where it differs; -o yaml has them in full. */
function shortDigests(before: string, after: string): string {
  const algorithm = (text: string): string => /\[.*$/.exec(text)?.[0] ?? '';
  return [before, after]
    .map(text => (algorithm(before) === algorithm(after) ? text.replace(/\[.*$/, '') : text))
    .map(text => text.replace(/\b([0-9a-f]{12})[0-9a-f]{52,}/g, '$1…'))
    .join(' -> ');
}

function valueText(value: Json): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > longestValue ? `${text.slice(0, longestValue)}…` : text;
}

function contentLines(content: ContentChange | undefined): string[] {
  if (content === undefined) return [];
  const lines = [
    ...(content.texts ?? []).flatMap(textLines),
    ...(content.images ?? []).flatMap(imageLines),
    ...(content.note === undefined ? [] : [visible(content.note)]),
  ];
  return lines.map(line => `    ${line}`);
}

function textLines({ file, kind, text, truncated, values = [] }: TextChange): string[] {
  const c = colorsFor(process.stdout);
  const diff = text === undefined ? ['(no text)'] : text.split('\n').filter(line => line !== '');
  return [
    ...(file === undefined ? [] : [marked(kind, file)]),
    ...values.map(value => `value ${fieldText(value)}`),
    ...diff.map(visible).map(line => {
      if (/^(---|\+\+\+)/.test(line)) return c.bold(line);
      return line.startsWith('+')
        ? c.green(line)
        : line.startsWith('-')
          ? c.red(line)
          : line.startsWith('@@')
            ? c.cyan(line)
            : line;
    }),
    ...(truncated === true ? [c.dim('(cut off; --lines shows more)')] : []),
  ];
}

function imageLines({ platform, kind, fields, layers }: ImageChange): string[] {
  const head = platform === undefined ? [] : [marked(kind, platform)];
  const indent = platform === undefined ? '' : '  ';
  const told = fields.filter(({ field }) => platform !== undefined || field !== 'digest').map(fieldText);
  const layered =
    layers === undefined
      ? []
      : [`layers: ${layers.count}, of them ${layers.shared} as before; ${bytes(layers.newBytes)} are new`];
  return [...head, ...[...told, ...layered].map(line => `${indent}${line}`)];
}
