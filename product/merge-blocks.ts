import { stringify } from 'yaml';
import type { ValueChange, ValueChangeKind } from './change';
import { orderKeys } from './merge-order';
import { formatPath, isMap, plain, sameValue, type Value } from './value';
import { sliceValues } from './values-slice';
import { blockValue, joinEntry, reindent, type Block, type Entry, type ValuesTree } from './values-tree';

const empty: Block = { entries: [], tail: '', indent: 0 };
type Path = readonly string[];

/** A block with nothing but its indentation, for a side that lacks it. */
const hollow = (indent: number): Block => ({ ...empty, indent });

/** One merge: collects what it decides. */
export class MergeRun {
  readonly changes: ValueChange[] = [];

  /**
   * `adopted`: there is no base at all, so that differences cannot be told from edits.
   * `kept`: paths that the consumer decided to keep.
   */
  constructor(
    private readonly adopted: boolean,
    private readonly kept: ReadonlySet<string>,
  ) {}

  trees(base: ValuesTree | undefined, current: ValuesTree, next: ValuesTree): { tree: ValuesTree; value: Value } {
    const block = this.blocks(base?.block ?? empty, current.block, next.block, []);
    const header = base !== undefined && current.header === base.header ? next.header : current.header;
    return { tree: { header, block }, value: blockValue(block) };
  }

  private blocks(base: Block, current: Block, next: Block, path: Path): Block {
    const indent = current.entries.length > 0 ? current.indent : next.indent;
    const [b, c, n] = [byKey(base), byKey(current), byKey(next)];
    const merged = new Map<string, Entry>();
    for (const key of new Set([...n.keys(), ...c.keys(), ...b.keys()])) {
      const entry = this.entry(b.get(key), c.get(key), n.get(key), [...path, key], [base.indent, indent, next.indent]);
      if (entry) merged.set(key, entry);
    }
    const order = orderKeys([...b.keys()], [...c.keys()], [...n.keys()]).filter(key => merged.has(key));
    return {
      ...((current.list ?? next.list) && { list: true }),
      entries: order.flatMap(key => merged.get(key) ?? []),
      tail: current.tail === base.tail || current.entries.length === 0 ? next.tail : current.tail,
      indent,
    };
  }

  /** Decides one key. `indents`: of the base, of the result, of the new defaults. */
  private entry(
    base: Entry | undefined,
    current: Entry | undefined,
    next: Entry | undefined,
    path: Path,
    indents: readonly [number, number, number],
  ): Entry | undefined {
    const [, indent, nextIndent] = indents;
    const arriving = next && reindent(next, nextIndent, indent);
    const tell = (kind: ValueChangeKind) => this.tell(kind, path, base?.value, current?.value, next?.value);
    const inConflict = () =>
      tell(this.adopted ? 'adopted' : this.kept.has(formatPath(path)) ? 'kept-edit' : 'conflict');

    if (!current) {
      if (!arriving) return undefined;
      if (!base) {
        tell('vendor-added');
        return arriving;
      }
      // Deleting a key is an edit. It is in conflict only with a change of the vendor's to that very key.
      if (sameValue(base.value, arriving.value)) tell('kept-edit');
      else inConflict();
      return undefined;
    }
    const edited = !base || !sameValue(base.value, current.value);
    const ignored = current.body.kind === 'leaf' && current.body.rest.includes('+mpas-ignore');
    if (!arriving) {
      if (!edited && !ignored) {
        tell('vendor-removed');
        return undefined;
      }
      if (!base) tell(this.adopted ? 'adopted' : 'kept-edit');
      else if (together(base, current)) return this.nested(base, current, undefined, path, indents);
      else tell(ignored ? 'kept-edit' : 'removed-but-edited');
      return current;
    }
    if (sameValue(current.value, arriving.value)) return this.dressed(base, current, arriving, indents);
    if (ignored) {
      tell('kept-edit');
      return current;
    }
    const apart = current.body.kind === 'leaf' && base !== undefined && sameValue(base.value, arriving.value);
    if (together(current, arriving) && !apart) return this.nested(base, current, arriving, path, indents);
    if (!edited) {
      tell('vendor-changed');
      return withCommentsOf(base, current, arriving, indents);
    }
    if (base && sameValue(base.value, arriving.value)) tell('kept-edit');
    else inConflict();
    return current;
  }

  /** Merges two maps, or what the vendor left of one. A map that nothing remains of goes with its key. */
  private nested(
    base: Entry | undefined,
    current: Entry,
    next: Entry | undefined,
    path: Path,
    [baseIndent, indent]: readonly [number, number, number],
  ): Entry | undefined {
    const into = asBlock(current, indent);
    const under = base && together(base, into) ? blockOf(asBlock(base, baseIndent)) : hollow(0);
    const from = next ? blockOf(asBlock(next, indent)) : hollow(0);
    const block = this.blocks(under, blockOf(into), from, path);
    if (block.entries.length === 0 && !next) return undefined;
    if (base && next && joinEntry(reindent(base, baseIndent, indent)) === joinEntry(current)) return next;
    const dressed = next ? withCommentsOf(base, into, next, [baseIndent, indent, indent]) : into;
    const [was, is] = [base && asBlock(base, baseIndent).body.rest, into.body.rest];
    const rest = next && was === is ? asBlock(next, indent).body.rest : is;
    if (block.entries.length === 0) {
      const [value, text] = block.list ? [[], ' []'] : [{}, ' {}'];
      return { ...dressed, value, body: { kind: 'leaf', text, rest: rest.trim() === '' ? '\n' : rest } };
    }
    return { ...dressed, ...dashOf(into), value: blockValue(block), body: { kind: 'nested', rest, block } };
  }

  /** Equal values: the vendor's comments arrive where the consumer's text is still the vendor's former one. */
  private dressed(
    base: Entry | undefined,
    current: Entry,
    next: Entry,
    indents: readonly [number, number, number],
  ): Entry {
    if (base && joinEntry(reindent(base, indents[0], indents[1])) === joinEntry(current)) return next;
    if (current.body.kind === 'nested' && next.body.kind === 'nested') {
      const under = base?.body.kind === 'nested' ? base.body.block : hollow(0);
      const silent = new MergeRun(this.adopted, this.kept);
      const block = silent.blocks(under, current.body.block, next.body.block, []);
      const dressed = withCommentsOf(base, current, next, indents);
      const rest = dressed.body.kind === 'nested' ? dressed.body.rest : current.body.rest;
      return { ...dressed, ...dashOf(current), value: blockValue(block), body: { kind: 'nested', rest, block } };
    }
    return withCommentsOf(base, current, { ...next, body: current.body }, indents);
  }

  private tell(
    kind: ValueChangeKind,
    path: Path,
    base: Value | undefined,
    current: Value | undefined,
    next: Value | undefined,
  ): void {
    this.changes.push({ path: formatPath(path), kind, base, current, next });
  }
}

/** The arriving entry, with the consumer's own comments where there are such. */
function withCommentsOf(
  base: Entry | undefined,
  current: Entry,
  next: Entry,
  [baseIndent, indent]: readonly [number, number, ...number[]],
): Entry {
  const former = base && reindent(base, baseIndent, indent);
  const { body, above } = bodyWithComment(former, current, next);
  return {
    ...next,
    lead: (former?.lead === current.lead ? next.lead : current.lead) + above,
    head: former?.head === current.head ? next.head : current.head,
    body,
  };
}

/** The arriving body, with the consumer's comment behind it, or above it where a block text leaves no place behind. */
function bodyWithComment(
  former: Entry | undefined,
  current: Entry,
  next: Entry,
): { body: Entry['body']; above: string } {
  const [was, is, will] = [former?.body, current.body, next.body];
  if (was?.rest === is.rest || is.rest === will.rest || is.rest === '') return { body: will, above: '' };
  if (will.kind === 'nested' || !will.text.endsWith('\n')) {
    return { body: { ...will, rest: is.rest.startsWith('#') ? ` ${is.rest}` : is.rest }, above: '' };
  }
  const indentation = ' '.repeat(current.head.length - current.head.trimStart().length);
  const comments = is.rest.split('\n').filter(line => line.includes('#'));
  return { body: will, above: comments.map(line => `${indentation}${line.trim()}\n`).join('') };
}

/** The dash belongs to the indentation of the keys behind it. */
function dashOf({ dash }: Entry): { dash?: number } {
  return dash === undefined ? {} : { dash };
}

/** Two values that are merged piece by piece: maps, and lists that were both cut at their elements. */
function together(left: Entry, right: Entry): boolean {
  const isList = ({ body }: Entry): boolean => body.kind === 'nested' && body.block.list === true;
  return (isMap(left.value) && isMap(right.value)) || (isList(left) && isList(right));
}

/** An entry whose value is a map, as nested text: what was a flow map, an alias or empty is written out. */
function asBlock(entry: Entry, indent: number): Entry {
  if (entry.body.kind === 'nested' || !isMap(entry.value)) return entry;
  const comment = /^[ \t]*#[^\n]*\n/.exec(entry.body.rest)?.[0] ?? '\n';
  if (Object.keys(entry.value).length === 0) {
    return { ...entry, body: { kind: 'nested', rest: comment, block: hollow(indent + 2) } };
  }
  const { block } = sliceValues(stringify(plain(entry.value), { lineWidth: 0 }), 'values');
  const entries = block.entries.map(each => reindent(each, 0, indent + 2));
  return { ...entry, body: { kind: 'nested', rest: comment, block: { entries, tail: '', indent: indent + 2 } } };
}

function blockOf(entry: Entry): Block {
  return entry.body.kind === 'nested' ? entry.body.block : hollow(0);
}

function byKey(block: Block): ReadonlyMap<string, Entry> {
  return new Map(block.entries.map(entry => [entry.key, entry]));
}
