import type pc from 'picocolors';
import { urnName, urnType } from '../engine';

export interface TreeRow {
  readonly symbol: string;
  readonly type: string;
  readonly name: string;
  readonly parent: string;
  readonly status: string;
  readonly note: string;
  readonly running: boolean;
  /** False for what does not change: such rows are shown only above a changed child. */
  readonly shown: boolean;
}

interface Entry extends TreeRow {
  readonly begun: number;
}

const FRAME_MS = 120;
const ESCAPE = String.fromCharCode(27);
/** Colour codes, and single characters. */
const PIECES = new RegExp(`${ESCAPE}\\[[0-9;]*m|.`, 'gu');

/** Rows of resources under their parents, redrawn in place while the operation runs. */
export class LiveTree {
  private readonly rows = new Map<string, Entry>();
  private timer: NodeJS.Timeout | undefined;
  private drawn = 0;
  private last = '';

  constructor(
    private readonly stream: NodeJS.WriteStream,
    private readonly colors: ReturnType<typeof pc.createColors>,
  ) {}

  set(urn: string, row: TreeRow): void {
    const known = this.rows.get(urn);
    // What a replacement takes apart and builds anew is told once, as a replacement.
    const begun = known?.running ? known.begun : Date.now();
    this.rows.set(urn, { ...row, shown: row.shown || (known?.shown ?? false), begun });
    this.timer ??= setInterval(() => this.draw(), FRAME_MS).unref();
  }

  /** A passing word about a resource. */
  note(urn: string, note: string): void {
    const row = this.rows.get(urn);
    if (row) this.rows.set(urn, { ...row, note, shown: true });
  }

  close(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.erase();
  }

  /** The whole tree as it ended. */
  final(): string {
    const lines = this.lines(false);
    return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
  }

  private erase(): void {
    if (this.drawn > 0) this.stream.write(`\u001b[${this.drawn}A\u001b[0J`);
    this.drawn = 0;
  }

  private draw(): void {
    const lines = this.lines(true);
    const text = lines.join('\n');
    if (text === this.last) return;
    this.last = text;
    this.erase();
    // What does not fit on the screen could not be redrawn.
    const room = Math.max(3, (this.stream.rows ?? 24) - 2);
    const shown = lines.length > room ? [...lines.slice(0, 1), ...lines.slice(1 - room)] : lines;
    if (shown.length > 0) this.stream.write(`${shown.join('\n')}\n`);
    this.drawn = shown.length;
  }

  private visible(): Set<string> {
    const urns = new Set<string>();
    for (const [urn, row] of this.rows) {
      if (!row.shown) continue;
      for (let at = urn; at !== '' && !urns.has(at); at = this.rows.get(at)?.parent ?? '') urns.add(at);
    }
    return urns;
  }

  private lines(live: boolean): string[] {
    const visible = this.visible();
    const children = new Map<string, string[]>();
    for (const urn of visible) {
      const parent = this.rows.get(urn)?.parent ?? '';
      const under = visible.has(parent) ? parent : '';
      children.set(under, [...(children.get(under) ?? []), urn]);
    }
    const cells: { symbol: string; left: string; name: string; rest: string }[] = [];
    const walk = (urn: string, prefix: string, last: boolean, depth: number): void => {
      const row = this.rows.get(urn);
      const branch = depth === 0 ? '' : `${prefix}${last ? '└─ ' : '├─ '}`;
      const elapsed =
        live && row?.running && row.status !== '' ? ` (${Math.floor((Date.now() - row.begun) / 1000)}s)` : '';
      cells.push({
        symbol: row?.symbol ?? '  ',
        left: branch + (row?.type ?? urnType(urn)),
        name: row?.name ?? urnName(urn),
        rest: `${row?.status ?? ''}${elapsed}${row?.note ? `  ${this.colors.dim(row.note)}` : ''}`,
      });
      const below = children.get(urn) ?? [];
      below.forEach((child, i) =>
        walk(child, depth === 0 ? '' : `${prefix}${last ? '   ' : '│  '}`, i === below.length - 1, depth + 1),
      );
    };
    for (const root of children.get('') ?? []) walk(root, '', true, 0);
    if (cells.length === 0) return [];
    const left = Math.max(4, ...cells.map(cell => cell.left.length));
    const name = Math.max(4, ...cells.map(cell => cell.name.length));
    const header = this.colors.bold(`     ${'Type'.padEnd(left)}  ${'Name'.padEnd(name)}  Status`);
    const rows = cells.map(cell =>
      ` ${cell.symbol}  ${cell.left.padEnd(left)}  ${cell.name.padEnd(name)}  ${cell.rest}`.trimEnd(),
    );
    return [header, ...rows].map(line => (live ? clip(line, this.stream.columns ?? 80) : line));
  }
}

/** Cuts a line to the width of the screen; colour codes take no room. */
function clip(line: string, width: number): string {
  let room = width - 1;
  let result = '';
  for (const [part] of line.matchAll(PIECES)) {
    if (part.startsWith(ESCAPE)) result += part;
    else if (room-- > 0) result += part;
  }
  return result;
}
