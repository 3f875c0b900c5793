import { stripVTControlCharacters } from 'node:util';

type Stream = 'stdout' | 'stderr';

const begin = /^failed to deliver log message\. ?$/;
const end = /^ message severity: /;
/** What a call is answered when the SDK has closed its own channel. */
const closed = /\b(?:14 UNAVAILABLE|1 CANCELLED): /;

/**
 * What a program prints, without what the SDK prints about its own ending. When a resource fails, the SDK closes its channel to the
 * engine "to just exit"; a call of its that is on the way then fails, which it takes for a failure of the program, cannot tell the
 * engine any more, and prints with a stack. The engine has told the reason by then.
 */
export class ProgramLines {
  /** What has come of such a message. */
  private held: string[] = [];

  constructor(
    private readonly print: (stream: Stream, line: string) => void,
    /** The run has failed. */
    private readonly stopping: () => boolean,
  ) {}

  readonly take = (stream: Stream, line: string): void => {
    if (stream !== 'stderr' || (this.held.length === 0 && !(begin.test(line) && this.stopping())))
      return this.print(stream, line);
    this.held.push(line);
    if (!end.test(line)) return;
    if (closed.test(stripVTControlCharacters(this.held.join('\n')))) this.held = [];
    else this.flush();
  };

  /** Prints what was held back and did not end as it should. */
  flush(): void {
    for (const line of this.held) this.print('stderr', line);
    this.held = [];
  }
}
