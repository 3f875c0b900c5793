import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { importCommand } from '../../cli/import';
import { textAt, type Cluster, type KubernetesObject } from '../../cluster';
import { openWorkspace, Secret, UpdateFailed, type EngineEvent, type Stack } from '../../engine';
import { controlPlanePrograms, startControlPlane, type RunningControlPlane } from '../support/control-plane';
import { assertValidStates } from '../support/deployment-schema';
import { printed } from '../support/printed';

const program = join(__dirname, 'programs', 'kubernetes');

describe('a program with @pulumi/kubernetes, in the embedded engine, on a real apiserver', function () {
  this.timeout(180_000);
  let plane: RunningControlPlane;
  let cluster: Cluster;
  let dir: string;
  const events: EngineEvent[] = [];
  const onEvent = (event: EngineEvent): void => void events.push(event);

  before(async function () {
    const programs = await controlPlanePrograms();
    if (!programs) {
      console.log(
        '      skipped: no kube-apiserver, etcd and kube-controller-manager in the cache (airlock images build)',
      );
      this.skip();
    }
    plane = await startControlPlane(programs);
    cluster = plane.cluster;
    dir = await mkdtemp(join(tmpdir(), 'airlock-program-'));
    await configure({ kubeconfig: plane.kubeconfig, password: 's3cret-pw' }, true);
  });
  after(async () => {
    await plane?.stop();
    if (!dir) return;
    assertValidStates(dir);
    await rm(dir, { recursive: true, force: true });
  });
  beforeEach(() => (events.length = 0));

  async function stack(): Promise<Stack> {
    const env = { ...process.env, PULUMI_BACKEND_URL: `file://${dir}`, PULUMI_CONFIG_PASSPHRASE: 'correct horse' };
    const workspace = await openWorkspace({ cwd: program, env, configFile: join(dir, 'Pulumi.dev.yaml') });
    return workspace.stack('dev', { create: true });
  }

  async function configure(values: Record<string, string>, secret = false): Promise<void> {
    const { config } = await stack();
    for (const [name, value] of Object.entries(values))
      await config.set(`kubernetes-program:${name}`, value, { secret });
  }

  const steps = (): string[] =>
    events.flatMap(event =>
      event.kind === 'step-done' && event.step.op !== 'same' && !event.step.type.startsWith('pulumi:')
        ? [`${event.step.op} ${event.step.name}`]
        : [],
    );
  const find = (kind: string, name: string, namespace = 'program'): Promise<KubernetesObject | undefined> =>
    cluster.find({ apiVersion: kind === 'Gadget' ? 'program.example.org/v1' : 'v1', kind, name, namespace });

  it('previews all of it without writing', async () => {
    const result = await (await stack()).preview({ onEvent });
    expect(result.summary).to.have.property('create').that.is.at.least(8);
    expect(await cluster.find({ apiVersion: 'v1', kind: 'Namespace', name: 'program' })).to.equal(undefined);
  });

  it('creates all of it, definitions before objects, with nothing secret in the state', async () => {
    const result = await (await stack()).up({ onEvent });
    const service = await find('Service', 'web');
    expect(result.outputs['ip']).to.equal(textAt(service, 'spec', 'clusterIP'));
    expect(textAt(await find('ConfigMap', 'address'), 'data', 'ip')).to.equal(result.outputs['ip']);
    expect(result.outputs['password']).to.be.instanceOf(Secret);
    expect(textAt(await find('Secret', 'login'), 'data', 'password')).to.equal(
      Buffer.from('s3cret-pw').toString('base64'),
    );
    expect(await find('Gadget', 'one')).to.not.equal(undefined);
    expect(await find('Gadget', 'two')).to.not.equal(undefined);
    const state = await readFile(join(dir, '.pulumi', 'stacks', 'kubernetes-program', 'dev.json'), 'utf8');
    const token = /"token":"([0-9a-f]{32})"/.exec(plane.kubeconfig)?.[1] ?? '';
    for (const text of ['s3cret-pw', Buffer.from('s3cret-pw').toString('base64'), token])
      expect(state).to.not.contain(text);
  });

  it('finds nothing to do afterwards, also after a refresh', async () => {
    await (await stack()).up({ onEvent, expectNoChanges: true });
    await (await stack()).refresh({ onEvent });
    events.length = 0;
    await (await stack()).up({ onEvent, expectNoChanges: true });
    expect(steps()).to.deep.equal([]);
  });

  it('updates in place, and replaces what cannot be changed together with what names it', async () => {
    await configure({ size: '7', message: 'other' });
    const result = await (await stack()).up({ onEvent });
    expect(steps()).to.include('update gadget');
    expect(steps()).to.include.members(['create-replacement settings', 'delete-replaced settings']);
    expect((await find('Gadget', 'two'))?.spec).to.deep.equal({ size: 7 });
    expect(textAt(await find('ConfigMap', result.outputs['settings'] as string), 'data', 'message')).to.equal('other');
  });

  it('puts right what was changed by hand after a refresh', async () => {
    await cluster.patch(
      { apiVersion: 'program.example.org/v1', kind: 'Gadget', name: 'two', namespace: 'program' },
      'merge',
      { spec: { size: 1 } },
      { fieldManager: 'hand' },
    );
    await (await stack()).refresh({ onEvent });
    events.length = 0;
    const failure: unknown = await (await stack()).up({ onEvent }).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(UpdateFailed);
    const said = events.flatMap(event => (event.kind === 'diagnostic' ? [event.message] : [])).join('\n');
    expect(said).to.contain('hand').and.to.contain('.spec.size');
  });

  it('takes over by command line what somebody else has made, and prints its program', async () => {
    await cluster.apply(
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'found', namespace: 'default' },
        data: { colour: 'green' },
      },
      { fieldManager: 'hand' },
    );
    const kubeconfig = join(dir, 'kubeconfig');
    await writeFile(kubeconfig, plane.kubeconfig, { mode: 0o600 });
    const configFile = join(dir, 'Pulumi.taken-over.yaml');
    await writeFile(configFile, 'config: {}\n');
    const before = { ...process.env };
    const place = ['--stack', 'taken-over', '--cwd', program, '--config-file', configFile];
    const words = ['kubernetes:core/v1:ConfigMap', 'settings', 'default/found', '--yes', '--skip-preview', ...place];
    const env = { KUBECONFIG: kubeconfig, PULUMI_BACKEND_URL: `file://${dir}`, PULUMI_CONFIG_PASSPHRASE: 'x' };
    Object.assign(process.env, env);
    const said = await printed(() => importCommand().exitOverride().parseAsync(words, { from: 'user' })).finally(
      () => (process.env = before),
    );
    expect(said).to.match(/= 1 imported/);
    expect(said).to.include('new k8s.core.v1.ConfigMap("settings", {').and.include('colour: "green"');
    expect(said).to.include('{ protect: true }');
    const state = await readFile(join(dir, '.pulumi', 'stacks', 'kubernetes-program', 'taken-over.json'), 'utf8');
    expect(state).to.include('"id":"default/found"').and.include('"protect":true');
  });

  it('destroys all of it', async () => {
    await (await stack()).destroy({ onEvent });
    expect(await cluster.find({ apiVersion: 'v1', kind: 'Namespace', name: 'program' })).to.equal(undefined);
    expect(
      await cluster.find({
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        name: 'gadgets.program.example.org',
      }),
    ).to.equal(undefined);
  });
});
