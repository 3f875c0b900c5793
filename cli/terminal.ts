import type { WriteStream } from 'node:tty';
import { stripVTControlCharacters } from 'node:util';
import pc from 'picocolors';
import type { ProgressEvent, Reporter } from '../report';

/** Picocolors with the decision taken for one stream: NO_COLOR, FORCE_COLOR, and whether it is a terminal. */
export function colorsFor(stream: NodeJS.WritableStream): ReturnType<typeof pc.createColors> {
  const forced = process.env.FORCE_COLOR !== undefined && process.env.FORCE_COLOR !== '0';
  const refused = (process.env.NO_COLOR ?? '') !== '' || process.env.TERM === 'dumb';
  return pc.createColors(!refused && (forced || (stream as Partial<WriteStream>).isTTY === true));
}

/** `820 ms`, `4.2 s`, `3 min 05 s`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}

/** `512 B`, `3.4 MB` (powers of ten, as registries count). */
export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit] ?? ''}`;
}

/** Columns a text takes on a terminal: none for what combines with its neighbour or steers, two for ideographs and emoji. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of stripVTControlCharacters(text)) {
    if (/^[\p{Mark}\p{Cf}\p{Cc}]$/u.test(character)) continue;
    width +=
      /^[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]$/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return width;
}

/** Columns that line up; the last one is not padded. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) =>
    all.reduce((most, row) => Math.max(most, displayWidth(row[column] ?? '')), 0),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        column === row.length - 1 ? cell : cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - displayWidth(cell))),
      )
      .join('  ')
      .trimEnd();
  return all.map(line).join('\n');
}

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/** Characters of what is said of a failure in a line of progress. */
const longestDetail = 120;

/**
 * Shows progress on `stream`: on a terminal one live line per running piece of work, elsewhere one plain line at its start
 * and one at its end. `close()` removes the live lines; call it before anything else is printed.
 */
export function terminalReporter(stream: NodeJS.WriteStream = process.stderr): { report: Reporter; close(): void } {
  const c = colorsFor(stream);
  const live = new Map<string, { event: ProgressEvent; begun: number }>();
  let drawn = 0;
  let frame = 0;
  let timer: NodeJS.Timeout | undefined;

  const amount = (event: ProgressEvent): string => {
    if (event.current === undefined) return '';
    const show = (n: number): string => (event.unit === 'bytes' ? bytes(n) : String(n));
    return event.total === undefined ? show(event.current) : `${show(event.current)} of ${show(event.total)}`;
  };
  const failures: string[] = [];
  /** A failure goes up through all that contains it, and the command ends with it in full: here its first line, once. */
  const detailOf = ({ kind, detail = '' }: ProgressEvent): string => {
    if (kind !== 'failed') return detail;
    const [line = ''] = detail.split('\n');
    if (failures.some(before => line.includes(before) || before.includes(line))) return '';
    failures.push(line);
    return line.length > longestDetail ? `${line.slice(0, longestDetail)}…` : line;
  };
  const text = (event: ProgressEvent): string =>
    [event.title, detailOf(event), amount(event)].filter(part => part !== '').join('  ');
  const erase = (): void => {
    if (drawn > 0) stream.write(`\u001b[${drawn}A\u001b[0J`);
    drawn = 0;
  };
  const draw = (): void => {
    erase();
    frame = (frame + 1) % frames.length;
    for (const { event, begun } of live.values()) {
      const line = `${frames[frame] ?? ''} ${text(event)}  ${duration(Date.now() - begun)}`;
      stream.write(`${line.slice(0, Math.max(20, stream.columns - 1))}\n`);
      drawn += 1;
    }
  };
  const symbol: Record<ProgressEvent['kind'], string> = {
    start: c.dim('…'),
    update: c.dim('…'),
    info: c.blue('·'),
    done: c.green('✓'),
    skipped: c.dim('-'),
    failed: c.red('✗'),
  };

  return {
    report: event => {
      const closing = event.kind === 'done' || event.kind === 'failed' || event.kind === 'skipped';
      if (closing) live.delete(event.id);
      else if (event.kind !== 'info') live.set(event.id, { event, begun: live.get(event.id)?.begun ?? Date.now() });
      if (stream.isTTY) erase();
      if (closing || event.kind === 'info' || (event.kind === 'start' && !stream.isTTY)) {
        const took = event.elapsedMs === undefined ? '' : c.dim(`  ${duration(event.elapsedMs)}`);
        stream.write(`${symbol[event.kind]} ${text(event)}${took}\n`);
      }
      if (!stream.isTTY) return;
      draw();
      if (live.size > 0 && timer === undefined) timer = setInterval(draw, 100).unref();
      if (live.size === 0 && timer !== undefined) {
        clearInterval(timer);
        timer = undefined;
      }
    },
    close: () => {
      if (timer !== undefined) clearInterval(timer);
      timer = undefined;
      live.clear();
      if (stream.isTTY) erase();
    },
  };
}
