import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { extract } from 'tar-stream';
import { parse } from 'yaml';
import { portFree } from '../../host';
import { readContent, Registry } from '../../oci';
import { parseLock, type ProductLock } from '../../product';
import { environmentLacks, TestEnvironment, type Said } from '../support/environment';
import { CommandWatch, secretsOf } from '../support/secrets';

const consumer = 'software-consumer';
const repositories = ['ocm-applications', 'mpas-ocm-applications'] as const;
const directory = 'products/podinfo';

/** The whole story of `airlock demo`, through the command line, on a real Gitea and real registries. */
describe('the demo on platform none', function () {
  this.timeout(420_000);
  let environment: TestEnvironment;
  let watch: CommandWatch;
  let first: Said;
  let lock: ProductLock;
  const told: string[] = [];

  before(async function () {
    const lacks = await environmentLacks();
    if (lacks !== undefined) {
      console.log(`      skipped: ${lacks}`);
      return this.skip();
    }
    environment = await TestEnvironment.begin('story');
    watch = new CommandWatch();
    first = await environment.demo();
    told.push(first.stdout, first.stderr);
  });
  after(async () => {
    watch?.stop();
    await environment?.destroy();
  });

  const repository = (name: string) => environment.forge.repository(consumer, name);
  const onMain = async (name: string, path: string): Promise<string> =>
    (await repository(name).readFile(path, 'main'))?.content.toString('utf8') ?? '';

  /** Everything an update could have written: branches with their commits, pull requests, tags in both registries, states. */
  async function everything(): Promise<unknown> {
    const forge = await Promise.all(
      repositories.map(async name => ({
        branches: (await repository(name).branches()).map(({ name: branch, commit }) => [branch, commit]),
        pullRequests: (await repository(name).pullRequests('all')).map(({ number, state, headCommit, body }) => [
          number,
          state,
          headCommit,
          body,
        ]),
      })),
    );
    const registries = await Promise.all(
      (['provider', 'consumer'] as const).map(async side => {
        const { registry } = await environment.registry(side);
        const names = await registry.catalog();
        return Promise.all(names.map(async name => [name, await registry.repository(name).tags()]));
      }),
    );
    const states = await Promise.all(
      (['dev', 'consumer'] as const).map(async side => {
        const { stdout } = await environment.on(side, ['stack', 'export', '--show-secrets']);
        const { deployment } = JSON.parse(stdout) as { deployment: { resources: { urn: string }[] } };
        // Their order is that in which they were registered, side by side.
        return deployment.resources.sort((a, b) => (a.urn < b.urn ? -1 : 1));
      }),
    );
    return { forge, registries, states };
  }

  it('ends well, telling each step', () => {
    expect(first.code, first.stderr).to.equal(0);
    expect(first.stderr).to.equal('');
    for (const step of ['Release v1.0.0', 'Install', 'Replicate and propose', 'Deploy', 'Edit', 'Upgrade', 'Addresses'])
      expect(first.stdout).to.include(step);
    expect(first.stdout).to.include('podinfo: 1.0.0 -> 1.1.0');
  });

  it('merged one pull request per step, and left none open', async () => {
    const all = await Promise.all(repositories.map(name => repository(name).pullRequests('all')));
    expect(all.map(each => each.length)).to.deep.equal([1, 2]);
    expect(all.flat().every(each => each.merged)).to.equal(true);
  });

  it("has 1.1.0 on main, with the vendor's changes and the consumer's edits", async () => {
    const text = await onMain('mpas-ocm-applications', `${directory}/lock.yaml`);
    lock = parseLock(text, 'lock.yaml');
    expect(lock.component.version).to.equal('1.1.0');
    const values = await onMain('mpas-ocm-applications', `${directory}/values.yaml`);
    const { podinfo } = parse(values) as { podinfo: Record<string, unknown> };
    expect(podinfo).to.include({ message: 'Greetings from the other side of the air gap', replicas: 2 });
    expect(podinfo['color']).to.equal('#2f6f4f');
    expect(podinfo['logo']).to.match(/^data:image/);
    expect(values).to.include('# Background of the page, a CSS color.');
  });

  it("published what Flux deploys in the consumer's registry, image included, by digest", async () => {
    const [snapshot] = lock.snapshots;
    const { consumerRegistry, consumerRegistryReader } = (await environment.outputs('consumer')) as {
      consumerRegistry: string;
      consumerRegistryReader: { username: string; password: string };
    };
    const registry = new Registry(consumerRegistry, { credentials: consumerRegistryReader });
    const name = (snapshot?.reference ?? '').slice(consumerRegistry.length + 1).replace(/:[^/]*$/, '');
    const place = registry.repository(name);
    const manifest = await place.resolve(snapshot?.digest ?? '');
    const { layers } = JSON.parse(Buffer.from(await readContent(place, manifest)).toString('utf8')) as {
      layers: [{ digest: string; size: number; mediaType: string }];
    };
    expect(layers).to.have.length(1);
    const files = await unpacked(await readContent(place, layers[0]));
    const text = [...files.values()].join('\n---\n');
    const image = /image: (\S+)@(sha256:[0-9a-f]{64})/.exec(text);
    expect(image?.[1]).to.equal(`${consumerRegistry}/podinfo`);
    expect((await registry.repository('podinfo').resolve(image?.[2] ?? '')).digest).to.equal(image?.[2]);
    expect(text).to.include('replicas: 2').and.to.include('Greetings from the other side of the air gap');
  });

  it('changes nothing when run again', async () => {
    const before = await everything();
    const second = await environment.demo();
    told.push(second.stdout, second.stderr);
    expect(second.code, second.stderr).to.equal(0);
    expect(second.stdout.match(/nothing to do/g)?.length).to.be.greaterThan(3);
    expect(second.stdout).not.to.match(/\d+ (create|update|delete|replace)\b/);
    expect(second.stdout).not.to.match(/published release|merged #|committed to main/);
    expect(await everything()).to.deep.equal(before);
  });

  it('previews the next release without writing anything', async () => {
    expect(await environment.release('v1.2.0', 'new-config')).to.equal('success');
    const before = await everything();
    const preview = await environment.on('consumer', ['preview']);
    told.push(preview.stdout, preview.stderr);
    expect(preview.code, preview.stderr).to.equal(0);
    expect(preview.stdout).to.include('podinfo: 1.1.0 -> 1.2.0');
    const strict = await environment.on('consumer', ['preview', '--expect-no-changes']);
    expect(strict.code).to.equal(7);
    expect(await everything()).to.deep.equal(before);
  });

  it('keeps secrets out of states, logs, arguments and what it says', async () => {
    const secrets = [
      ...secretsOf(await environment.on('dev', ['stack', 'export', '--show-secrets'])),
      ...secretsOf(await environment.on('consumer', ['stack', 'export', '--show-secrets'])),
      (await readFile(environment.passphraseFile, 'utf8')).trim(),
    ];
    expect(secrets.length).to.be.greaterThan(8);
    const places = new Map<string, string>([['what it said', told.join('\n')]]);
    for (const file of await readdir(environment.directory, { recursive: true, withFileTypes: true })) {
      const path = join(file.parentPath, file.name);
      if (file.isFile() && path !== environment.passphraseFile) places.set(path, await readFile(path, 'utf8'));
    }
    for (const side of ['dev', 'consumer'] as const) {
      const folder = environment.runFolder(side);
      for (const file of await readdir(folder, { recursive: true })) {
        if (/\.(log|json)$/.test(file) && !file.includes('storage/'))
          places.set(file, await readFile(join(folder, file), 'utf8'));
      }
    }
    places.set('command lines', watch.seen().join('\n'));
    const leaks = [...places].flatMap(([place, text]) =>
      secrets.some(secret => text.includes(secret)) ? [place] : [],
    );
    expect(leaks).to.deep.equal([]);
    expect(watch.seen().some(command => command.includes('dynamic-provider'))).to.equal(true);
    expect([...places.keys()].some(place => place.endsWith('release-runner.log'))).to.equal(true);
  });

  it('leaves no process and no file when destroyed', async () => {
    expect((await environment.processes()).length).to.be.greaterThan(2);
    const destroyed = await environment.demo(['--destroy']);
    expect(destroyed.code, destroyed.stderr).to.equal(0);
    expect(await environment.processes()).to.deep.equal([]);
    for (const port of Object.values(environment.ports)) expect(await portFree(port)).to.equal(true);
    for (const side of ['dev', 'consumer'] as const) expect(existsSync(environment.runFolder(side))).to.equal(false);
  });
});

/** The files in a gzipped tar archive. */
async function unpacked(archive: Uint8Array): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for await (const entry of Readable.from(gunzipSync(archive)).pipe(extract())) {
    const parts: Buffer[] = [];
    for await (const part of entry) parts.push(part as Buffer);
    files.set(entry.header.name, Buffer.concat(parts).toString('utf8'));
  }
  return files;
}
