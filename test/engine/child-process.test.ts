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
  async function printed(text: string): Promise<string[]> {
    const script = path.join(folder, 'script.js');
    await writeFile(script, text);
    const lines: string[] = [];
    const env = { ...process.env, SDK: sdk };
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

  it('map the stacks of errors to the sources, and not those that the SDK notes with promises', async () => {
    const lines = await printed(
      `
      const mapped = [];
      Error.prepareStackTrace = (error, trace) => (mapped.push(error.message), 'mapped');
      const kept = Error.prepareStackTrace;
      Error.prepareStackTrace = undefined;
      Error.prepareStackTrace = kept;
      console.log(new Error('of a person').stack);
      const file = require('path').join(${JSON.stringify(folder)}, 'debuggable.js');
      require('fs').writeFileSync(file, 'module.exports = () => new Error("of a promise").stack');
      console.log(require(file)().split('\\n')[0], mapped.join());
      process.exit(0);`,
    );
    expect(lines).to.deep.equal(['mapped', 'Error: of a promise of a person']);
  });
});
