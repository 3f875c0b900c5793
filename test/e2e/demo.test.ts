import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { anyFreePort, docker, ensureEngine } from '../../host';
import { projectRoot } from '../../images';
import { messageOf } from '../../report';

const name = 'e2e';
const cluster = 'airlock-e2e';

/** The README's main command, on a kind cluster of its own: from nothing to an upgraded product, and again. */
describe('the demo on kind', function () {
  // Cold, the platform's images are assembled first.
  this.timeout(60 * 60_000);
  let directory: string;
  let settings: string[];

  /** Runs the command; its output is shown as it comes, since a cold run takes long. */
  const demo = async (...more: string[]): Promise<{ code: number | null; output: string }> => {
    const args = ['demo', '--name', name, '--directory', directory, ...settings, ...more];
    const child = spawn(path.join(projectRoot(), 'cli', 'airlock'), args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const hear = (chunk: Buffer): void => {
      output += chunk.toString('utf8');
      process.stdout.write(chunk.toString('utf8').replace(/^(?=.)/gm, '      '));
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    return { code, output };
  };

  before(async function () {
    if (!existsSync(path.join(projectRoot(), 'dist', 'cli', 'main.js')))
      throw new Error('not built: run npm run build first');
    try {
      await ensureEngine();
    } catch (error) {
      console.log(`      skipped: no container engine to be had (${messageOf(error)})`);
      return this.skip();
    }
    directory = await mkdtemp(path.join(tmpdir(), 'airlock-e2e-'));
    const ports = { apiServerPort: await anyFreePort(), ingressPort: await anyFreePort() };
    const all = { clusterName: cluster, ...ports };
    settings = Object.entries(all).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  });

  after(async () => {
    if (directory === undefined) return;
    await demo('--destroy');
    await rm(directory, { recursive: true, force: true });
  });

  it('takes a release from the vendor to a running pod through pull requests, keeps the edits, and upgrades', async () => {
    const { code, output } = await demo();
    expect(code, output.slice(-2000)).to.equal(0);
    expect(output).to.match(/podinfo 1\.8\.0 answers: "podinfo"/);
    expect(output).to.match(/podinfo 1\.8\.0 answers: "Greetings from the other side of the air gap", 2 pods/);
    expect(output).to.match(/cannot be reached .*; 1\.0\.0 is kept/);
    expect(output).to.match(/podinfo: 1\.0\.0 -> 1\.1\.0 \(proposed\)/);
    expect(output).to.match(/podinfo 6\.9\.2 answers: "Greetings from the other side of the air gap", 2 pods/);
    expect(output).not.to.match(/PRIVATE KEY/);
  });

  it('changes nothing when it is run again', async () => {
    const before = await stateOf(directory);
    const { code, output } = await demo();
    expect(code, output.slice(-2000)).to.equal(0);
    expect(output).not.to.match(/✓ (published|merged|committed)/);
    const updates = output.split('\n').filter(line => line.includes('airlock up --stack'));
    expect(updates.length).to.be.greaterThan(4);
    for (const line of updates) expect(line).to.contain('nothing to do');
    expect(await stateOf(directory)).to.deep.equal(before);
  });

  it('leaves nothing behind when it is destroyed', async () => {
    const { code, output } = await demo('--destroy');
    expect(code, output.slice(-2000)).to.equal(0);
    const { stdout } = await docker(['ps', '--all', '--filter', `label=io.x-k8s.kind.cluster=${cluster}`, '--quiet']);
    expect(stdout.trim()).to.equal('');
  });
});

/** The resources of both stacks, without what each update writes anew. */
async function stateOf(directory: string): Promise<unknown[]> {
  const stacks = [name, `consumer-${name}`].map(stack =>
    path.join(directory, '.pulumi', 'stacks', 'airlock', `${stack}.json`),
  );
  return Promise.all(
    stacks.map(async file => {
      const state = JSON.parse(await readFile(file, 'utf8')) as {
        checkpoint: { latest: { resources: { urn: string; id?: string; created?: string }[] } };
      };
      // In the order of their names: the order in the state is that in which an update came past them.
      return state.checkpoint.latest.resources.map(({ urn, id, created }) => `${urn} ${id} ${created}`).sort();
    }),
  );
}
