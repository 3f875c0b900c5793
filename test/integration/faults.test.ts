import { hashSync } from 'bcryptjs';
import { expect } from 'chai';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Gitea } from '../../forge';
import { Registry } from '../../oci';
import { openComponentRepository, openRegistries, parseDescriptor, type ComponentRepository } from '../../ocm';
import { environmentLacks, TestEnvironment, airlock, type Said } from '../support/environment';
import { inOrder } from '../support/in-order';
import { expectDone, expectRefusal } from '../support/refusal';

const component = 'ocm.software/demos/podinfo';
const values = 'products/podinfo/values.yaml';

/** One environment, in which one thing after the other goes wrong and is put right. */
describe('bad input: the two stacks', function () {
  this.timeout(240_000);
  // Each begins where the last one ended.
  inOrder(this);
  let environment: TestEnvironment;
  let provider: { host: string; registry: Registry; username: string; password: string };
  let consumer: { host: string; registry: Registry };

  before(async function () {
    const lacks = await environmentLacks();
    if (lacks !== undefined) {
      console.log(`      skipped: ${lacks}`);
      return this.skip();
    }
    environment = await TestEnvironment.begin('faults');
    await writeFile(environment.passphraseFile, 'correct horse battery staple\n', { mode: 0o600 });
    await environment.configure('dev', { role: 'provider' });
    await environment.configure('consumer', { role: 'consumer', platformStack: environment.stacks.dev });
    expectDone(await environment.up('dev'));
    const [released, first] = await Promise.all([environment.release('v1.0.0', 'main'), up()]);
    expect(released).to.equal('success');
    expectDone(first);
    await merge('ocm-applications');
    provider = await environment.registry('provider');
    consumer = await environment.registry('consumer');
  });
  after(() => environment?.destroy());

  const up = (): Promise<Said> => environment.up('consumer');
  const products = () => environment.forge.repository('software-consumer', 'mpas-ocm-applications');
  const outputs = () => environment.outputs('consumer') as Promise<Record<string, Record<string, string>>>;

  async function merge(name: string): Promise<void> {
    const repository = environment.forge.repository('software-consumer', name);
    const [open] = await repository.pullRequests('open');
    await repository.mergePullRequest(open?.number ?? 0);
  }

  async function source(): Promise<ComponentRepository> {
    const { username, password } = provider;
    return openComponentRepository(provider.host, {
      registries: openRegistries({ credentials: () => Promise.resolve({ username, password }) }),
    });
  }

  /** Replaces text in the values on main by a commit, as a person does. */
  async function edit(from: string | RegExp, to: string): Promise<void> {
    const file = await products().readFile(values, 'main');
    const content = (file?.content.toString('utf8') ?? '').replace(from, to);
    const change = { operation: 'update', path: values, sha: file?.sha ?? '', content } as const;
    await products().commitFiles({ branch: 'main', message: 'Edit values', files: [change] });
  }

  it('refuses an unsigned component, copies nothing, and goes on once it is gone', async () => {
    const constructor = join(environment.directory, 'unsigned.yaml');
    await writeFile(
      constructor,
      `name: ${component}\nversion: 9.0.0\nprovider: {name: ocm.software}\nresources:\n- {name: text, type: PlainText, input: {type: utf8, text: hello}}\n`,
    );
    const auth = Buffer.from(`${provider.username}:${provider.password}`).toString('base64');
    const env = { AIRLOCK_REGISTRY_AUTH: JSON.stringify({ auths: { [provider.host]: { auth } } }) };
    expectDone(await airlock(['component', 'build', '-O', provider.host, constructor], { env }));
    expectRefusal(
      await up(),
      4,
      /podinfo-replication/,
      /ocm\.software\/demos\/podinfo:9\.0\.0 is not signed/,
      /Ask the vendor/,
    );
    expect(await consumer.registry.catalog()).to.deep.equal([]);
    const place = provider.registry.repository(`component-descriptors/${component}`);
    await place.deleteManifest((await place.resolve('9.0.0')).digest);
  });

  it('refuses a component whose content was tampered with, and copies nothing', async () => {
    const opened = await (await source()).open(component, '1.0.0');
    const [, blob] = (await manifestOf(opened)).layers;
    const digest = blob?.digest ?? '';
    const file = join(
      environment.folder('provider-registry'),
      'storage/docker/registry/v2/blobs/sha256',
      digest.slice(7, 9),
      digest.slice(7),
      'data',
    );
    const bytes = await readFile(file);
    const changed = Buffer.from(bytes);
    changed[changed.length - 1] = (changed[changed.length - 1] ?? 0) ^ 1;
    await writeFile(file, changed);
    expectRefusal(await up(), 4, /podinfo-replication/, new RegExp(digest.slice(7, 19)), /\. [A-Z]\w+/);
    expect(await consumer.registry.catalog()).to.deep.equal([]);
    await writeFile(file, bytes);
  });

  it('refuses a component whose descriptor was tampered with, and replicates the one put back', async () => {
    const repository = await source();
    const opened = await repository.open(component, '1.0.0');
    const text = Buffer.from(opened.bytes).toString('utf8');
    const changed = text.replace('name: manifests', 'name: manifestz');
    expect(changed).not.to.equal(text);
    await repository.replaceDescriptor(opened, parseDescriptor(Buffer.from(changed), 'changed'));
    expectRefusal(await up(), 4, /podinfo-replication/, /podinfo:1\.0\.0/, /signed is/);
    expect(await consumer.registry.catalog()).to.deep.equal([]);
    await repository.replaceDescriptor(opened, parseDescriptor(opened.bytes, 'original'));
    expectDone(await up());
    expect(await outputs()).to.deep.include({ replication: { phase: 'replicated', version: '1.0.0', reason: '' } });
    expect(await consumer.registry.repository(`component-descriptors/${component}`).tags()).to.deep.equal(['1.0.0']);
  });

  it('opens no second pull request where one was closed, and proposes a newer version', async () => {
    const [open] = await products().pullRequests('open');
    await products().closePullRequest(open?.number ?? 0);
    expectDone(await up());
    expect((await outputs())['deployment']).to.include({ phase: 'skipped', proposed: '' });
    expectDone(await up());
    expect(await products().pullRequests('all')).to.have.length(1);
    expect(await environment.release('v1.1.0', 'new-release')).to.equal('success');
    expectDone(await up());
    expect((await outputs())['deployment']).to.include({ phase: 'proposed', proposed: '1.1.0' });
    expect(await products().pullRequests('open')).to.have.length(1);
    await merge('mpas-ocm-applications');
    expectDone(await up());
    expect((await outputs())['deployment']).to.include({ phase: 'deployed', merged: '1.1.0' });
  });

  it('names file and line of invalid YAML in the values on main, and leaves what runs alone', async () => {
    await edit('  replicas: 1', '  replicas: [1');
    const head = (await products().branch('main'))?.commit;
    const said = await up();
    expectRefusal(said, 1, /podinfo-deployment/, /products\/podinfo\/values\.yaml:\d+:\d+/);
    expect((await products().branch('main'))?.commit).to.equal(head);
    await edit('  replicas: [1', '  replicas: 2');
    expectDone(await up());
    const { merged, phase } = (await outputs())['deployment'] ?? {};
    expect({ merged, phase }).to.deep.equal({ merged: '1.1.0', phase: 'deployed' });
    expect((await products().commit('main'))?.message).to.match(/lock/i);
  });

  it("keeps the last version, with a warning, while the vendor's registry is away", async () => {
    await environment.stop('provider-registry');
    const said = await up();
    expectDone(said, /warning: the source provider-registry\S+ cannot be reached .*; 1\.1\.0 is kept/, /\d+ unchanged/);
    expect(said.stdout).not.to.match(/updated/);
    expectDone(await environment.up('dev'), /provider-registry-process updated/);
  });

  it("says what to do when the consumer's registry cannot be reached, or its port is taken", async () => {
    await environment.stop('consumer-registry');
    const only = ['up', '--yes', '--target', '**podinfo-replication'];
    expectRefusal(
      await environment.on('consumer', only),
      5,
      /podinfo-replication/,
      /consumer-registry\.localhost/,
      /Check that/,
    );
    const thief = createServer(socket => socket.destroy()).listen(environment.ports.consumerRegistry, '127.0.0.1');
    await once(thief, 'listening');
    try {
      const port = new RegExp(`Port ${environment.ports.consumerRegistry} .* is taken`);
      expectRefusal(await up(), 1, /consumer-registry-process/, port, /Stop what listens there/);
    } finally {
      thief.close();
      await once(thief, 'close');
    }
    expectDone(await up(), /consumer-registry-process updated/);
  });

  it('says what to do when the forge cannot be reached', async () => {
    await environment.stop('gitea');
    expectRefusal(await up(), 5, /podinfo-installation/, /gitea\.localhost port \d+: connection refused/, /Check that/);
    expectDone(await environment.up('dev'), /platform-gitea updated/);
    expectDone(await up());
  });

  it('says which credentials a registry refuses', async () => {
    const file = join(environment.folder('consumer-registry'), 'htpasswd');
    const right = await readFile(file, 'utf8');
    await writeFile(file, `writer:${hashSync('another', 4)}\n`);
    expectRefusal(await up(), 3, /podinfo-\w+/, /consumer-registry\.localhost:\d+/, /credentials/);
    await writeFile(file, right);
    expectDone(await up());
  });

  it('says which credentials the forge refuses', async () => {
    const account = { username: 'ocm-admin', email: 'ocm-admin@airlock.example', admin: true };
    await environment.forge.users.update({ ...account, password: 'another-password' });
    expectRefusal(await up(), 3, /consumer-organization/, /gitea\.localhost/, /password or token/);
    const { url } = environment.forge;
    await new Gitea({ url, credentials: { username: account.username, password: 'another-password' } }).users.update({
      ...account,
      password: 'password',
    });
    expectDone(await up(), /\d+ unchanged/);
  });

  it('stops in order when interrupted, and goes on with the next run', async () => {
    const said = await environment.up('consumer', { interruptAfter: /StackReference/ });
    expect(said.code, said.stderr).to.equal(130);
    expect(said.stderr).to.match(/^error: .*cancelled/m);
    expectDone(await up(), /\d+ unchanged/);
  });

  it('refuses a wrong passphrase and a missing one, and shows the stack trace when asked', async () => {
    const PULUMI_CONFIG_PASSPHRASE = 'wrong';
    const env = { PULUMI_CONFIG_PASSPHRASE, PULUMI_CONFIG_PASSPHRASE_FILE: undefined };
    expectRefusal(await environment.up('consumer', { env }), 3, /passphrase/, /PULUMI_CONFIG_PASSPHRASE/);
    const none = { PULUMI_CONFIG_PASSPHRASE: undefined, PULUMI_CONFIG_PASSPHRASE_FILE: '/nowhere/passphrase' };
    expectRefusal(await environment.up('consumer', { env: none }), 3, /\/nowhere\/passphrase/);
    const verbose = await environment.on('consumer', ['up', '--yes', '--verbose'], { env });
    expect(verbose.code).to.equal(3);
    expect(verbose.stderr).to.match(/^\s+at .+:\d+:\d+\)?$/m);
  });

  it('names a missing configuration key, a wrong one and an unknown stack', async () => {
    const file = environment.configFile('consumer');
    const right = await readFile(file, 'utf8');
    await writeFile(file, right.replace(/^.*airlock:role:.*\n/m, ''));
    expectRefusal(await up(), 3, /airlock:role/, /airlock config set airlock:role/);
    await writeFile(file, right.replace(/airlock:role: .*/, 'airlock:role: both'));
    expectRefusal(await up(), 3, /airlock:role is 'both'/, /provider, consumer/);
    await writeFile(file, right);
    const unknown = await airlock(['up', '--yes', '--stack', 'nosuch'], { env: environment.env });
    expectRefusal(unknown, 6, /no stack nosuch/, /airlock stack init nosuch/);
    expectDone(await up(), /\d+ unchanged/);
  });
});

async function manifestOf(
  access: Awaited<ReturnType<ComponentRepository['open']>>,
): Promise<{ layers: { digest: string }[] }> {
  const parts: Buffer[] = [];
  for await (const part of await access.content.fetch(access.manifest)) parts.push(part as Buffer);
  return JSON.parse(Buffer.concat(parts).toString('utf8')) as { layers: { digest: string }[] };
}
