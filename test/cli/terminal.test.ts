import { expect } from 'chai';
import { PassThrough } from 'node:stream';
import { duration, table, terminalReporter } from '../../cli/terminal';
import type { ProgressEvent } from '../../report';

describe('progress off a terminal', () => {
  function shown(...events: readonly ProgressEvent[]): string[] {
    const sink = new PassThrough();
    const reporter = terminalReporter(sink as unknown as NodeJS.WriteStream);
    for (const event of events) reporter.report(event);
    reporter.close();
    const text = (sink.read() as Buffer | null)?.toString() ?? '';
    // eslint's control-character rule asks for the property escape.
    return text
      .replace(/\p{Cc}\[\d+m/gu, '')
      .trimEnd()
      .split('\n');
  }

  it('has a line at the start and one at the end, with what came of it', () => {
    const work = { id: 'a', title: 'Building a' };
    expect(
      shown(
        { ...work, kind: 'start' },
        { ...work, kind: 'update', current: 1 },
        { ...work, kind: 'done', detail: 'sha256:1', elapsedMs: 1200 },
      ),
    ).to.deep.equal(['… Building a', '✓ Building a  sha256:1  1.2 s']);
  });

  it('says a failure once, in one line, however many pieces of work it ends', () => {
    const detail = 'go build failed: no route\nand much more';
    const lines = shown(
      { kind: 'failed', id: 'a', title: 'Building a', detail },
      { kind: 'failed', id: 'b', title: 'Image b', detail: `Image b: ${detail}` },
    );
    expect(lines).to.deep.equal(['✗ Building a  go build failed: no route', '✗ Image b']);
  });

  it('writes durations and tables for people', () => {
    expect([820, 4200, 185_000].map(duration)).to.deep.equal(['820 ms', '4.2 s', '3 min 05 s']);
    expect(table(['A', 'B'], [['long', 'x']])).to.equal('A     B\nlong  x');
  });
});
