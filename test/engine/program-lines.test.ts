import { expect } from 'chai';
import { ProgramLines } from '../../engine/program-lines';

/** As the SDK printed it when another resource failed; seen in one of thirty such runs. */
const ownEnding = `failed to deliver log message.\u0020
error: Error: Channel has been shut down\u0020
original message: Running program '/project/dist/index.js' failed with an unhandled exception:
\u001b[36m<ref *1>\u001b[39m Error: 14 UNAVAILABLE: Channel closed before call started
    at callErrorFromStatus \u001b[90m(/project/\u001b[39mnode_modules/\u001b[4m@grpc/grpc-js\u001b[24m/src/call.ts:84:17\u001b[90m)\u001b[39m
    at ServiceClientImpl.registerResourceOutputs \u001b[90m(/project/\u001b[39mnode_modules/\u001b[4m@grpc/grpc-js\u001b[24m/src/make-client.ts:189:15)
  code: \u001b[33m14\u001b[39m,
}
 message severity: error`.split('\n');

describe('the lines of a program', () => {
  const printed = (stopping: boolean, lines: readonly string[], stream: 'stdout' | 'stderr' = 'stderr'): string[] => {
    const out: string[] = [];
    const program = new ProgramLines(
      (_, line) => out.push(line),
      () => stopping,
    );
    for (const line of lines) program.take(stream, line);
    program.flush();
    return out;
  };

  it('are told as they are', () => {
    const lines = ['a', '', 'failed to deliver', ' message severity: error'];
    expect(printed(true, lines)).to.deep.equal(lines);
    expect(printed(false, lines)).to.deep.equal(lines);
  });

  it('are without what the SDK says about its own ending, once the run has failed', () => {
    expect(printed(true, ['before', ...ownEnding, 'after'])).to.deep.equal(['before', 'after']);
    expect(printed(false, ownEnding)).to.deep.equal(ownEnding);
    expect(printed(true, ownEnding, 'stdout')).to.deep.equal(ownEnding);
  });

  it('keep a failure of the program itself, and one that is cut off', () => {
    const other = ownEnding.map(line => line.replace(/14 UNAVAILABLE.*/, 'the program is broken'));
    expect(printed(true, other)).to.deep.equal(other);
    expect(printed(true, ownEnding.slice(0, 5))).to.deep.equal(ownEnding.slice(0, 5));
  });
});
