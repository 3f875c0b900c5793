import { diffLines } from 'diff';
import type pc from 'picocolors';
import { Archive, Asset, parsePath, pathContains, ResourceReference, Secret, Unknown, valuesEqual } from '../engine';
import type { PropertyMap, PropertyValue, StepRecord } from '../engine';

type Colors = ReturnType<typeof pc.createColors>;
/** The serialised code of a dynamic provider: long, and of no interest to a reader. */
const HIDDEN = '__provider';
/** Unchanged lines shown around changed ones. */
const CONTEXT = 2;

const isMap = (value: PropertyValue | undefined): value is PropertyMap =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
const isList = (value: PropertyValue | undefined): value is readonly PropertyValue[] => Array.isArray(value);

/** One line for a value; secrets only as `[secret]`. */
export function shortValue(value: PropertyValue | undefined, showSecrets = false): string {
  if (value === undefined) return '';
  if (value instanceof Secret) return showSecrets ? shortValue(value.value, true) : '[secret]';
  if (value instanceof Unknown) return '[unknown]';
  if (value instanceof ResourceReference) return value.urn;
  if (value instanceof Asset || value instanceof Archive) {
    const kind = value instanceof Asset ? 'asset' : 'archive';
    const [form = ''] = Object.keys(value.source);
    return `${kind}(${form}${value.hash ? `:${value.hash.slice(0, 7)}` : ''})`;
  }
  if (isList(value))
    return value.length === 0 ? '[]' : `[${value.map(item => shortValue(item, showSecrets)).join(', ')}]`;
  if (isMap(value)) {
    const parts = Object.entries(value).map(([key, item]) => `${key}: ${shortValue(item, showSecrets)}`);
    return parts.length === 0 ? '{}' : `{${parts.join(', ')}}`;
  }
  return JSON.stringify(value);
}

class Writer {
  readonly lines: string[] = [];
  constructor(
    private readonly colors: Colors,
    private readonly showSecrets: boolean,
    private readonly hideDiffs: readonly string[],
  ) {}

  /** True for what the program wants its differences hidden of (`hideDiffs`). */
  private hidden(path: readonly string[]): boolean {
    return this.hideDiffs.some(text => pathContains(parsePath(text) ?? [text], path));
  }

  private put(indent: number, symbol: '+' | '-' | '~' | ' ', text: string): void {
    const paint = {
      '+': this.colors.green,
      '-': this.colors.red,
      '~': this.colors.yellow,
      ' ': (t: string): string => t,
    }[symbol];
    this.lines.push(paint(`${' '.repeat(indent)}${symbol} ${text}`));
  }

  whole(indent: number, symbol: '+' | '-', key: string, value: PropertyValue): void {
    if (value instanceof Secret && this.showSecrets) return this.whole(indent, symbol, key, value.value);
    if (isMap(value) && Object.keys(value).length > 0) {
      this.put(indent, symbol, `${key}:`);
      for (const [name, item] of Object.entries(value)) this.whole(indent + 4, symbol, name, item);
    } else if (isList(value) && value.length > 0) {
      this.put(indent, symbol, `${key}:`);
      value.forEach((item, i) => this.whole(indent + 4, symbol, `[${i}]`, item));
    } else if (typeof value === 'string' && value.includes('\n')) {
      this.put(indent, symbol, `${key}: |`);
      for (const line of value.replace(/\n$/, '').split('\n')) this.put(indent + 4, symbol, line);
    } else {
      this.put(indent, symbol, `${key}: ${shortValue(value, this.showSecrets)}`);
    }
  }

  change(indent: number, key: string, from: PropertyValue | undefined, to: PropertyValue | undefined): void {
    if (valuesEqual(from, to)) return;
    if (from === undefined && to !== undefined) return this.whole(indent, '+', key, to);
    if (to === undefined && from !== undefined) return this.whole(indent, '-', key, from);
    if (from instanceof Secret && to instanceof Secret && this.showSecrets)
      return this.change(indent, key, from.value, to.value);
    if (isMap(from) && isMap(to)) {
      this.put(indent, '~', `${key}:`);
      return this.maps(indent + 4, from, to);
    }
    if (isList(from) && isList(to)) {
      this.put(indent, '~', `${key}:`);
      for (let i = 0; i < Math.max(from.length, to.length); i++) this.change(indent + 4, `[${i}]`, from[i], to[i]);
      return;
    }
    if (typeof from === 'string' && typeof to === 'string' && (from.includes('\n') || to.includes('\n'))) {
      this.put(indent, '~', `${key}:`);
      return this.text(indent + 4, from, to);
    }
    this.put(indent, '~', `${key}: ${shortValue(from, this.showSecrets)} => ${shortValue(to, this.showSecrets)}`);
  }

  maps(indent: number, from: PropertyMap, to: PropertyMap): void {
    for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
      if (key !== HIDDEN && !this.hidden([key])) this.change(indent, key, from[key], to[key]);
    }
    if (!valuesEqual(from[HIDDEN], to[HIDDEN])) this.put(indent, '~', 'the provider’s code');
  }

  private text(indent: number, from: string, to: string): void {
    const parts = diffLines(from, to);
    parts.forEach((part, at) => {
      const lines = part.value.replace(/\n$/, '').split('\n');
      if (part.added || part.removed) {
        for (const line of lines) this.put(indent, part.added ? '+' : '-', line);
        return;
      }
      const head = at === 0 ? 0 : CONTEXT;
      const tail = at === parts.length - 1 ? 0 : CONTEXT;
      if (lines.length <= head + tail) {
        for (const line of lines) this.put(indent, ' ', line);
        return;
      }
      for (const line of lines.slice(0, head)) this.put(indent, ' ', line);
      this.put(indent, ' ', '...');
      for (const line of tail > 0 ? lines.slice(-tail) : []) this.put(indent, ' ', line);
    });
  }
}

/** The changed properties of a step, one line each, text values as line diffs. */
export function propertyDiff(
  step: StepRecord,
  colors: Colors,
  options: { refresh: boolean; showSecrets: boolean },
): string[] {
  const { old, new: next } = step;
  const writer = new Writer(colors, options.showSecrets, next?.hideDiffs ?? []);
  if (old && next) {
    if (options.refresh) writer.maps(6, old.outputs, next.outputs);
    else writer.maps(6, old.inputs, next.inputs);
  } else if (next) {
    for (const [key, value] of Object.entries(next.inputs)) if (key !== HIDDEN) writer.whole(6, '+', key, value);
  }
  return writer.lines;
}

/** `[diff: +added,-removed,~changed]` for one line of the tree. */
export function diffNote(step: StepRecord): string {
  if (!step.old || !step.new || step.op === 'same') return '';
  const { old, new: next } = step;
  const keys = new Set([...Object.keys(old.inputs), ...Object.keys(next.inputs)]);
  const notes = [...keys].flatMap(key => {
    const [from, to] = [old.inputs[key], next.inputs[key]];
    if (valuesEqual(from, to)) return [];
    return `${from === undefined ? '+' : to === undefined ? '-' : '~'}${key}`;
  });
  return notes.length === 0 ? '' : `[diff: ${notes.join(',')}]`;
}
