import { expect } from 'chai';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '../../images';
import { AirlockError, hasCode } from '../../report';

describe('images: running programs', () => {
  it('gives input and returns output', async () => {
    expect((await run('cat', [], { input: 'text' })).stdout).to.equal('text');
    expect((await run('cat', [], { input: Readable.from(['a', 'b']) })).stdout).to.equal('ab');
  });

  it('judges a program that does not read all of its input by its exit code', async () => {
    const endless = Readable.from(
      (function* () {
        for (let i = 0; i < 10_000; i++) yield 'x'.repeat(1000);
      })(),
    );
    expect((await run('head', ['-c', '1'], { input: endless })).stdout).to.equal('x');
  });

  it('names what failed, the last words and the log', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'airlock-run-'));
    const logFile = join(folder, 'logs', 'x.log');
    const error: unknown = await run('sh', ['-c', 'echo going; echo broken >&2; exit 3'], {
      logFile,
      what: 'building x',
    }).catch((e: unknown) => e);
    expect(hasCode(error, 'images.command-failed')).to.equal(true);
    expect((error as AirlockError).message).to.equal('building x failed with exit code 3: broken');
    expect((error as AirlockError).where).to.equal(logFile);
    expect(await readFile(logFile, 'utf8'))
      .to.contain('going')
      .and.to.contain('broken');
    await rm(folder, { recursive: true });
  });

  it('says that a program is missing', async () => {
    const error: unknown = await run('no-such-program-anywhere', []).catch((e: unknown) => e);
    expect(hasCode(error, 'images.command-missing'), String(error)).to.equal(true);
  });

  it('ends the whole group of processes on abort', async () => {
    const interrupt = new AbortController();
    const running = run('sh', ['-c', 'sleep 60 & echo $!; wait'], { signal: interrupt.signal });
    await sleep(200);
    interrupt.abort(new Error('stopped by hand'));
    const error: unknown = await running.catch((e: unknown) => e);
    expect(String(error)).to.contain('stopped by hand');
  });
});
