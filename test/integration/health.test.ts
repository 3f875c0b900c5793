import { expect } from 'chai';
import { kustomization, ociRepository, waitFor, type Cluster, type KubernetesObject } from '../../cluster';
import { productHealth } from '../../product';
import { controlPlanePrograms, startControlPlane, type RunningControlPlane } from '../support/control-plane';
import { fluxDefinitions, installDefinitions } from '../support/flux';
import { inOrder } from '../support/in-order';

const namespace = 'mpas-apps';
const digest = `sha256:${'a'.repeat(64)}`;
const labels = { 'airlock.ocm.software/product': 'shop' };

/** Flux's objects with statuses as its controllers write them; workloads and pods are the control plane's own. */
describe('how a product does, on a real control plane', function () {
  this.timeout(120_000);
  inOrder(this);
  let plane: RunningControlPlane;
  let cluster: Cluster;

  before(async function () {
    const programs = await controlPlanePrograms();
    const definitions = await fluxDefinitions();
    if (programs === undefined || definitions === undefined) {
      console.log('      skipped: no control plane in the cache (airlock images build)');
      return this.skip();
    }
    plane = await startControlPlane(programs);
    cluster = plane.cluster;
    await installDefinitions(cluster, definitions);
    await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  });
  after(() => plane?.stop());

  const health = () => productHealth(cluster, { namespace, instance: 'shop' });
  const status = (object: KubernetesObject, patch: object) =>
    cluster.patch(
      { apiVersion: object.apiVersion, kind: object.kind, name: object.metadata.name ?? '', namespace },
      'merge',
      { status: { observedGeneration: 1, ...patch } },
      { subresource: 'status' },
    );
  const ready = (value: 'True' | 'False', reason: string, message: string) => ({
    conditions: [
      {
        type: 'Ready',
        status: value,
        reason,
        message,
        lastTransitionTime: '2026-01-01T00:00:00Z',
        observedGeneration: 1,
      },
    ],
  });
  const source = ociRepository({ name: 'shop', namespace, labels, url: 'oci://registry.example/shop', digest });
  const part = kustomization({ name: 'shop', namespace, labels, source: { kind: 'OCIRepository', name: 'shop' } });
  const inventory = { entries: [{ id: `${namespace}_shop_apps_Deployment`, v: 'v1' }] };
  const pods = () => cluster.list('v1', 'Pod', { namespace, labelSelector: 'app=shop' });
  const onePod = async (): Promise<KubernetesObject> => {
    for (;;) {
      const [pod] = await pods();
      if (pod !== undefined) return pod;
      await new Promise(done => setTimeout(done, 100));
    }
  };

  it('is absent until Flux knows it', async () => {
    expect(await health()).to.include({ state: 'absent' });
    await cluster.apply(source);
    await cluster.apply(part);
    expect(await health()).to.include({ state: 'deploying' });
  });

  it('says why a source cannot be fetched', async () => {
    await status(source, ready('False', 'OCIPullFailed', 'unauthorized: authentication required'));
    const { state, reason } = await health();
    expect(state).to.equal('failed');
    expect(reason).to.equal('OCIRepository shop: unauthorized: authentication required');
    await status(source, ready('True', 'Succeeded', 'stored artifact'));
  });

  it('is deploying until Flux has applied what is merged', async () => {
    await status(part, {
      ...ready('True', 'ReconciliationSucceeded', 'applied'),
      lastAppliedRevision: `1@sha256:${'b'.repeat(64)}`,
    });
    const { state, reason } = await health();
    expect(state).to.equal('deploying');
    expect(reason).to.include(digest.slice(0, 19));
  });

  it('names the pod at fault, whatever Flux says', async () => {
    await cluster.apply({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'shop', namespace },
      spec: {
        selector: { matchLabels: { app: 'shop' } },
        template: {
          metadata: { labels: { app: 'shop' } },
          spec: { containers: [{ name: 'web', image: 'registry.example/shop:1' }] },
        },
      },
    });
    await status(part, {
      ...ready('True', 'ReconciliationSucceeded', 'applied'),
      lastAppliedRevision: `1@${digest}`,
      inventory,
    });
    const pod = await onePod();
    const key = { apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name ?? '', namespace };
    const waiting = { reason: 'ImagePullBackOff', message: 'no basic auth credentials' };
    const container = { name: 'web', image: 'x', imageID: '', ready: false, restartCount: 0, state: { waiting } };
    await cluster.patch(
      key,
      'merge',
      { status: { phase: 'Pending', containerStatuses: [container] } },
      { subresource: 'status' },
    );
    const { state, reason } = await health();
    expect(state).to.equal('failed');
    expect(reason).to.match(
      /^Deployment mpas-apps\/shop: .*Pod shop-\S+: container web: ImagePullBackOff: no basic auth/,
    );
  });

  it('is healthy when Flux has applied it and its workloads do their work', async () => {
    const pod = await onePod();
    const key = { apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name ?? '', namespace };
    const now = { lastTransitionTime: '2026-01-01T00:00:00Z' };
    const container = { name: 'web', image: 'x', imageID: '', ready: true, restartCount: 0, state: { running: {} } };
    const conditions = ['Ready', 'ContainersReady', 'PodScheduled'].map(type => ({ type, status: 'True', ...now }));
    await cluster.patch(
      key,
      'merge',
      { status: { phase: 'Running', conditions, containerStatuses: [container] } },
      { subresource: 'status' },
    );
    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'shop', namespace };
    await waitFor(cluster, deployment, async () => {
      const { state, reason } = await health();
      return state === 'healthy' ? { state: 'ready', reason: '' } : { state: 'progressing', reason };
    });
    expect(await health()).to.deep.equal({ state: 'healthy', reason: '', applied: { shop: digest } });
  });
});
