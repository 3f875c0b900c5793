import { expect } from 'chai';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startNode } from '../../engine/child-process';
import { projectFolder } from '../support/environment';

const sdk = path.join(projectFolder, 'node_modules', '@pulumi', 'pulumi');

describe('engine: processes with the SDK', function () {
  this.timeout(60_000);
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'airlock-child-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** What a script prints. */
  async function printed(text: string, variables: NodeJS.ProcessEnv = {}): Promise<string[]> {
    const script = path.join(folder, 'script.js');
    await writeFile(script, text);
    const lines: string[] = [];
    const env = { ...process.env, SDK: sdk, ...variables };
    const started = startNode({ script, args: [], cwd: folder, env, onLine: (_, line) => lines.push(line) });
    expect((await started.exited).code, lines.join('\n')).to.equal(0);
    return lines;
  }

  it('load the compiler and the resolver of functions when they are used', async () => {
    const lines = await printed(`
      const pulumi = require(process.env.SDK);
      const loaded = name => Object.keys(require.cache).some(file => file.includes(name));
      console.log(loaded('/typescript/lib/'), loaded('/@npmcli/arborist/'));
      pulumi.runtime.serializeFunction(() => 1).then(({ text }) => {
        console.log(/return 1|=> 1/.test(text), loaded('/typescript/lib/'));
        process.exit(0);
      });`);
    expect(lines).to.deep.equal(['false false', 'true true']);
  });

  it('note stacks with promises where leaks are looked for only', async () => {
    const script = `
      require(process.env.SDK);
      const { debuggablePromise, promiseDebugString } = require(process.env.SDK + '/runtime/debuggable');
      const promise = Promise.resolve(1);
      const settled = debuggablePromise(promise, 'a context');
      const said = promiseDebugString(promise);
      console.log(said.includes('a context'), said.includes('script.js'), new Error('other').stack.includes('script.js'));
      settled.then(() => process.exit(0));`;
    expect(await printed(script)).to.deep.equal(['true false true']);
    expect(await printed(script, { PULUMI_DEBUG_PROMISE_LEAKS: 'true' })).to.deep.equal(['true true true']);
  });
});
