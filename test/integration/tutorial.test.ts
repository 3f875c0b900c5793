import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { environmentLacks, projectFolder, TestEnvironment } from '../support/environment';
import { inOrder } from '../support/in-order';
import { expectDone } from '../support/refusal';

/** A block of commands of the tutorial: under which heading, and whether it is said to fail. */
interface Block {
  readonly heading: string;
  readonly fails: boolean;
  readonly commands: string;
}

function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  let heading = '';
  for (const [, title, kind, commands] of markdown.matchAll(/^## (.+)$|^```sh( fails)?\n([\s\S]*?)^```$/gm)) {
    if (title !== undefined) heading = title;
    else blocks.push({ heading, fails: kind !== undefined, commands: commands ?? '' });
  }
  return blocks;
}

function bash(commands: string, env: NodeJS.ProcessEnv): Promise<{ code: number; output: string }> {
  return new Promise((done, failed) => {
    const child = spawn('bash', ['-euo', 'pipefail', '-c', commands], { cwd: projectFolder, env, timeout: 180_000 });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += text.toString()));
    child.stdin.end();
    child.once('error', failed);
    child.once('close', code => done({ code: code ?? -1, output }));
  });
}

/** The tutorial's commands as they stand there; only the demo's names, ports and folders are those of an environment of our own. */
describe('the tutorial', function () {
  this.timeout(1_300_000);
  inOrder(this);
  const blocks = blocksOf(readFileSync(join(projectFolder, 'docs', 'tutorial.md'), 'utf8'));
  const said = new Map<string, string>();
  let environment: TestEnvironment;

  before(async function () {
    const lacks = await environmentLacks();
    if (lacks !== undefined || process.env['AIRLOCK_TEST_FULL'] !== '1') {
      console.log(`      skipped: ${lacks ?? 'it takes minutes (AIRLOCK_TEST_FULL=1)'}`);
      return this.skip();
    }
    environment = await TestEnvironment.begin('tutorial');
    expectDone(await environment.demo([], { timeoutMs: 1_200_000 }));
  });
  after(() => environment?.destroy());

  const placed = (commands: string): string =>
    commands
      .replaceAll('npx airlock', join(projectFolder, 'cli', 'airlock'))
      .replaceAll('gitea.localhost:8080', `gitea.localhost:${environment.ports.gitea}`)
      .replaceAll(
        'provider-registry.localhost:8080',
        `provider-registry.localhost:${environment.ports.providerRegistry}`,
      )
      .replaceAll('--stack dev', `--stack ${environment.stacks.dev} --config-file ${environment.configFile('dev')}`)
      .replaceAll(
        '--stack consumer-dev',
        `--stack ${environment.stacks.consumer} --config-file ${environment.configFile('consumer')}`,
      )
      .replaceAll('=.airlock/passphrase', `=${environment.passphraseFile}`)
      .replaceAll(/(?<=\s)\.\.\//g, `${environment.directory}/`);

  it('has commands', () => expect(blocks).to.have.length.above(10));

  for (const [index, { heading, fails, commands }] of blocks.entries())
    it(`${heading} [${index + 1}]`, async () => {
      const { code, output } = await bash(placed(commands), { ...process.env, NO_COLOR: '1', ...environment.env });
      said.set(heading, (said.get(heading) ?? '') + output);
      expect(code !== 0, output).to.equal(fails);
    });

  it('ends where it says it does', async () => {
    expect(said.get('2. The vendor changes the product')).to.match(/config\.yaml.*logLevel/);
    const looked = said.get('4. The consumer looks, and is asked') ?? '';
    expect(looked).to.match(/podinfo: 1\.1\.0 -> 1\.2\.0/);
    expect(looked).to.match(/\+ .*# What is logged: debug, info, warn or error\./);
    expect(looked).to.match(/podinfo +proposed +1\.1\.0 +1\.2\.0/);
    expect(looked).to.match(/podinfo +running +1\.2\.0/);
    const products = environment.forge.repository('software-consumer', 'mpas-ocm-applications');
    const values = await products.readFile('products/podinfo/values.yaml', 'main');
    expect(values?.content.toString('utf8')).to.match(/logLevel: debug/);
    const [back] = await products.pullRequests('open');
    expect(back?.title).to.match(/1\.2\.0 -> 1\.1\.0/);
    expect(back?.body).to.match(/logLevel/);
  });
});
