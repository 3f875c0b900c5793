import { execFile } from 'node:child_process';

/** A command of a transcript, and what it printed. */
export interface Exchange {
  /** What follows `$ `: for the shell. */
  readonly command: string;
  /**
   * Standard output, then of the standard error what begins with `error:`, then `-> N` for an exit code other than 0.
   * `…` stands for any text within a line.
   */
  readonly lines: readonly string[];
}

/** The exchanges of a text whose commands stand behind `$ `; lines before the first are passed over. */
export function readTranscript(text: string): Exchange[] {
  const found: { command: string; lines: string[] }[] = [];
  for (const line of text.replace(/\n+$/, '').split('\n')) {
    if (line.startsWith('$ ')) found.push({ command: line.slice(2), lines: [] });
    else found.at(-1)?.lines.push(line);
  }
  return found;
}

/** Runs a command in a shell of its own and says what a transcript says. */
export function run(command: string, options: { cwd: string; env: NodeJS.ProcessEnv }): Promise<string[]> {
  return new Promise(resolve => {
    execFile('bash', ['-c', command], { ...options, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code ?? 1);
      const errors = stderr.split('\n');
      const from = errors.findIndex(line => line.startsWith('error:'));
      const text = stdout + (from < 0 ? '' : errors.slice(from).join('\n'));
      resolve(
        [...text.replace(/\n$/, '').split('\n'), ...(code === 0 ? [] : [`-> ${code}`])].filter(
          (line, index) => index > 0 || line !== '',
        ),
      );
    });
  });
}

/** Whether a line is as expected, `…` standing for any text. */
export function fits(expected: string, found: string): boolean {
  if (!expected.includes('…')) return expected === found;
  const pattern = expected
    .split('…')
    .map(part => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
    .join('.*');
  return new RegExp(`^${pattern}$`, 'u').test(found);
}

/** What was found, written as expected wherever it fits: what remains is what differs. */
export function inTermsOf(expected: readonly string[], found: readonly string[]): string[] {
  return found.map((line, index) => {
    const wanted = expected[index];
    return wanted !== undefined && fits(wanted, line) ? wanted : line;
  });
}
