import { expect } from 'chai';
import { buildSnapshot, parseLock, type DeploymentInputs } from '../../product';
import { openRepository } from '../../oci';
import type { RunningControlPlane } from '../support/control-plane';
import { sceneWithCluster, type DeliveryScene } from '../support/delivery';
import { inOrder } from '../support/in-order';

/** Values from beside `values.yaml`, on a real forge, registry and API server. Each step begins where the last one ended. */
describe('delivery: values from Git, ConfigMaps and artifacts', function () {
  this.timeout(180_000);
  inOrder(this);
  let scene: DeliveryScene;
  let plane: RunningControlPlane;

  before(async function () {
    [scene, plane] = await sceneWithCluster(this);
    await scene.release('1.0.0');
    await scene.install();
    await scene.update();
    await scene.merge();
  });
  after(async () => {
    await Promise.all([scene?.end(), plane?.stop()]);
  });

  const git = { kind: 'git', repository: 'consumer/management', path: 'values/site.yaml', subPath: 'site.products' };
  const configMap = { kind: 'configMap', name: 'podinfo-values', key: 'values.yaml' };
  const settings = (...valuesFrom: unknown[]): Partial<DeploymentInputs> => ({
    valuesFrom,
    kubeconfig: plane.kubeconfig,
  });
  /** What is deployed: the manifests in the snapshot that main's lock names. */
  const deployed = async (): Promise<string> => {
    const { username, password } = scene.registry;
    const [{ reference = '', digest = '' } = {}] = parseLock(await scene.read('products/podinfo/lock.yaml')).snapshots;
    const { repository } = openRepository(reference, { credentials: { username, password } });
    const manifest = await repository.fetch(await repository.resolve(digest));
    const { layers } = JSON.parse(Buffer.concat(await manifest.toArray()).toString()) as {
      layers: [Parameters<typeof repository.fetch>[0]];
    };
    // Stored without compression: the text of the manifests stands in the archive as it is.
    return Buffer.concat(await (await repository.fetch(layers[0])).toArray()).toString('latin1');
  };

  it('blocks the product alone while a source is missing, and names it', async () => {
    const { plan } = await scene.plan('podinfo', settings(git));
    expect(plan).to.include({ phase: 'blocked' });
    expect(plan.refusal?.code).to.equal('product.values-not-found');
    expect(plan.reason).to.include('consumer/management/values/site.yaml');
    const unknown = (await scene.plan('podinfo', settings({ kind: 'vault', path: 'a' }))).plan;
    expect(unknown.refusal?.code).to.equal('product.values-source-invalid');
  });

  it('lays a map of a file in Git over values.yaml, which stays as it is', async () => {
    const before = await scene.read('products/podinfo/values.yaml');
    const content = 'site:\n  products:\n    podinfo:\n      replicas: 3\n      message: from Git\n';
    await scene.management.commitFiles({
      branch: 'main',
      message: 'Values of this site',
      files: [{ operation: 'create', path: 'values/site.yaml', content }],
    });
    await scene.update('podinfo', settings(git));
    expect(await deployed())
      .to.match(/replicas: 3/)
      .and.to.include('from Git');
    expect(await scene.read('products/podinfo/values.yaml')).to.equal(before);
    expect((await scene.plan('podinfo', settings(git))).plan.renewal).to.equal(undefined);
  });

  it('lays a ConfigMap over that, again whenever it changes', async () => {
    for (const apiObject of [
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'mpas-apps' } },
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'podinfo-values', namespace: 'mpas-apps' },
        data: { 'values.yaml': 'podinfo: { message: from the cluster }\n' },
      },
    ])
      await plane.cluster.apply(apiObject);
    await scene.update('podinfo', settings(git, configMap));
    expect(await deployed())
      .to.match(/replicas: 3/)
      .and.to.include('from the cluster');
  });

  it('takes a file of an artifact, and what is inline over all', async () => {
    const { host, username, password } = scene.registry;
    const artifact = await buildSnapshot(
      new Map([['site.yaml', Buffer.from('podinfo: { message: from an artifact }\n')]]),
      {
        registry: `${host}/consumer`,
        project: 'apps',
        instance: 'site',
        pipeline: 'values',
        component: { name: 'site', version: '1.0.0', descriptorDigest: 'sha256:0' },
        source: 'site',
      },
    );
    const { repository } = openRepository(artifact.reference, { credentials: { username, password } });
    for (const { bytes, ...descriptor } of [artifact.layer, artifact.config, artifact.manifest])
      await repository.push(descriptor, bytes);
    const source = {
      kind: 'artifact',
      reference: `${host}/consumer/${artifact.repository}@${artifact.digest}`,
      path: 'site.yaml',
    };
    const inline = { kind: 'inline', values: { podinfo: { replicas: 2 } } };
    await scene.update('podinfo', settings(inline, git, source));
    expect(await deployed())
      .to.match(/replicas: 2/)
      .and.to.include('from an artifact');
  });

  it('refuses what the product’s rules refuse, and what runs stays', async () => {
    const before = await scene.read('products/podinfo/lock.yaml');
    const { plan } = await scene.update('podinfo', settings({ kind: 'inline', values: { podinfo: { replicas: 99 } } }));
    expect(plan.phase).to.equal('blocked');
    expect(plan.reason).to.include('podinfo.replicas').and.to.include('the value is from the configuration');
    expect(await scene.read('products/podinfo/lock.yaml')).to.equal(before);
  });

  it('are named in the pull request, each with the place to change it', async () => {
    await scene.release('1.1.0', 'new-release');
    const inline = { kind: 'inline', values: { podinfo: { replicas: 2 } } };
    await scene.update('podinfo', settings(git, inline));
    const body = (await scene.open())?.body;
    expect(body)
      .to.include('| `podinfo.message` | `"from Git"` | consumer/management/values/site.yaml |')
      .and.to.include('| `podinfo.replicas` | `2` | the configuration |');
    expect((await scene.plan('podinfo', settings(git, inline))).plan.pullRequest?.action).to.equal(false);
  });
});
