import { expect } from 'chai';
import { Cluster, parseAccess, waitUntilGone, type KubernetesObject } from '../../cluster';
import { kubernetesProvider } from '../../engine/kubernetes';
import { mapOf, textOf } from '../../engine/kubernetes/plain';
import { PartialFailure, type Provider } from '../../engine/provider';
import { Secret, Unknown, type PropertyMap } from '../../engine/values';
import { hasCode } from '../../report';
import { call } from '../engine/kubernetes/call';
import { controlPlanePrograms, startControlPlane, type RunningControlPlane } from '../support/control-plane';

const configMapType = 'kubernetes:core/v1:ConfigMap';

function configMap(name: string, data: PropertyMap, extra: PropertyMap = {}): PropertyMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default', ...extra }, data };
}

async function failureOf(work: Promise<unknown>): Promise<Error> {
  try {
    await work;
  } catch (error) {
    return error as Error;
  }
  throw new Error('did not fail');
}

describe('a real Kubernetes apiserver', function () {
  this.timeout(120_000);
  let plane: RunningControlPlane;
  let cluster: Cluster;
  let provider: Provider;

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
    provider = kubernetesProvider();
    await provider.configure({ kubeconfig: new Secret(plane.kubeconfig) });
  });

  after(async () => {
    await provider?.close();
    await plane?.stop();
  });

  const live = (kind: string, name: string, namespace?: string): Promise<KubernetesObject | undefined> =>
    cluster.find({
      apiVersion: kind === 'Deployment' ? 'apps/v1' : 'v1',
      kind,
      name,
      ...(namespace ? { namespace } : {}),
    });

  /** Check, then create, as the engine does. */
  async function make(type: string, name: string, inputs: PropertyMap, options: Parameters<typeof call>[2] = {}) {
    const its = call(type, name, options);
    const checked = await provider.check({ ...its, preview: false }, {}, inputs);
    expect(checked.failures).to.deep.equal([]);
    const created = await provider.create(its, checked.inputs, false);
    return { call: its, inputs: checked.inputs, ...created };
  }

  describe('through the client', () => {
    it('answers with its version, and is named when it does not', async () => {
      expect(await cluster.version()).to.match(/^v1\./);
      const closed = new Cluster({ ...(await parseAccess(plane.kubeconfig)), server: 'https://127.0.0.1:1' });
      const failure = await failureOf(closed.version());
      expect(hasCode(failure, 'cluster.unreachable')).to.equal(true);
      expect(failure.message).to.contain('ECONNREFUSED');
    });

    it('refuses another token, and another authority', async () => {
      const access = await parseAccess(plane.kubeconfig);
      const stranger = new Cluster({ ...access, authorization: () => Promise.resolve('Bearer nobody') });
      expect(hasCode(await failureOf(stranger.list('v1', 'Pod')), 'cluster.unauthorized')).to.equal(true);
      await stranger.close();
      const { ca: _ca, ...untrusting } = access;
      const other = new Cluster(untrusting);
      const failure = await failureOf(other.version());
      expect(hasCode(failure, 'cluster.unreachable')).to.equal(true);
      expect(failure.message).to.contain('not the one the kubeconfig names');
      await other.close();
    });

    it('says what is wrong with an object, field by field', async () => {
      const bad = {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'x', namespace: 'default' },
        spec: { replicas: -1, selector: {}, template: {} },
      };
      const failure = await failureOf(cluster.create(bad));
      expect(hasCode(failure, 'cluster.invalid')).to.equal(true);
      expect((failure as unknown as { causes: { field: string }[] }).causes.map(cause => cause.field)).to.include(
        'spec.replicas',
      );
      const unknown = await failureOf(
        cluster.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', namespace: 'default' }, dta: {} }),
      );
      expect(unknown.message).to.contain('dta');
    });

    it('tells a missing object from a missing kind', async () => {
      expect(
        hasCode(
          await failureOf(cluster.get({ apiVersion: 'v1', kind: 'ConfigMap', name: 'none', namespace: 'default' })),
          'cluster.not-found',
        ),
      ).to.equal(true);
      expect(
        hasCode(
          await failureOf(cluster.get({ apiVersion: 'example.org/v1', kind: 'Thing', name: 'a' })),
          'cluster.no-match',
        ),
      ).to.equal(true);
      expect(
        hasCode(await failureOf(cluster.get({ apiVersion: 'v1', kind: 'Thing', name: 'a' })), 'cluster.no-match'),
      ).to.equal(true);
    });

    it('lists in pages', async () => {
      const many = Array.from({ length: 520 }, (_, i) => `page-${i}`);
      for (let i = 0; i < many.length; i += 40) {
        await Promise.all(
          many.slice(i, i + 40).map(name =>
            cluster.create({
              apiVersion: 'v1',
              kind: 'ConfigMap',
              metadata: { name, namespace: 'default', labels: { paged: 'yes' } },
            }),
          ),
        );
      }
      const found = await cluster.list('v1', 'ConfigMap', { namespace: 'default', labelSelector: 'paged=yes' });
      expect(found).to.have.length(520);
      expect(found[0]).to.include({ apiVersion: 'v1', kind: 'ConfigMap' });
    });

    it('watches from what exists on, and ends when told', async () => {
      const stop = new AbortController();
      const seen: string[] = [];
      await cluster.apply({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'watched', namespace: 'default' },
        data: { a: '1' },
      });
      for await (const event of cluster.watch('v1', 'ConfigMap', {
        namespace: 'default',
        fieldSelector: 'metadata.name=watched',
        signal: stop.signal,
      })) {
        seen.push(event.type);
        if (event.type === 'synced') {
          await cluster.patch({ apiVersion: 'v1', kind: 'ConfigMap', name: 'watched', namespace: 'default' }, 'merge', {
            data: { a: '2' },
          });
        }
        if (event.type === 'modified')
          await cluster.delete({ apiVersion: 'v1', kind: 'ConfigMap', name: 'watched', namespace: 'default' });
        if (event.type === 'deleted') stop.abort();
      }
      expect(seen).to.deep.equal(['added', 'synced', 'modified', 'deleted']);
    });

    it('is interrupted by a signal', async () => {
      const failure = await failureOf(cluster.list('v1', 'Pod', { signal: AbortSignal.abort(new Error('stopped')) }));
      expect(failure.message).to.equal('stopped');
    });
  });

  describe('through the provider', () => {
    it('creates, updates and deletes by server-side apply', async () => {
      const made = await make(configMapType, 'one', configMap('one', { a: '1', b: '2' }));
      expect(made.id).to.equal('default/one');
      expect(made.outputs).to.include({ kind: 'ConfigMap', __initialApiVersion: 'v1' });
      expect(mapOf(made.outputs['metadata'])).to.have.property('uid');
      expect(mapOf(made.outputs['metadata'])).to.not.have.property('managedFields');

      const newInputs = configMap('one', { a: '3' });
      const request = { id: made.id, oldInputs: made.inputs, oldOutputs: made.outputs, newInputs, ignoreChanges: [] };
      await provider.update(made.call, request, false);
      expect((await live('ConfigMap', 'one', 'default'))?.data).to.deep.equal({ a: '3' });

      await provider.delete(made.call, { id: made.id, inputs: newInputs, outputs: made.outputs });
      expect(await live('ConfigMap', 'one', 'default')).to.equal(undefined);
      await provider.delete(made.call, { id: made.id, inputs: newInputs, outputs: made.outputs });
    });

    it('names what has no name, and gives it the default namespace', async () => {
      const made = await make(configMapType, 'auto', { apiVersion: 'v1', kind: 'ConfigMap', data: { a: '1' } });
      expect(made.id).to.match(/^default\/auto-[0-9a-f]{8}$/);
      const again = await provider.check({ ...made.call, preview: true }, made.inputs, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        data: { a: '1' },
      });
      expect(again.inputs).to.deep.equal(made.inputs);
    });

    it('previews without writing, and fails on what the cluster would refuse', async () => {
      const its = call(configMapType, 'preview');
      const { outputs } = await provider.create(its, configMap('preview', { a: '1' }), true);
      expect(mapOf(outputs['metadata'])['uid']).to.equal(Unknown.instance);
      expect(mapOf(outputs['metadata'])['name']).to.equal('preview');
      expect(await live('ConfigMap', 'preview', 'default')).to.equal(undefined);
      const failure = await failureOf(provider.create(its, configMap('Not A Name', {}), true));
      expect(failure.message).to.contain('RFC 1123');
    });

    it('previews what cannot be asked yet as its inputs', async () => {
      const unknownData = configMap('later', { a: Unknown.instance });
      expect((await provider.create(call(configMapType, 'later'), unknownData, true)).outputs['data']).to.deep.equal({
        a: Unknown.instance,
      });
      const inputs = { ...configMap('later', {}), metadata: { name: 'later', namespace: 'not-there-yet' } };
      expect((await provider.create(call(configMapType, 'later'), inputs, true)).outputs['kind']).to.equal('ConfigMap');
      const custom = { apiVersion: 'example.org/v1', kind: 'Thing', metadata: { name: 'a' } };
      expect(
        (await provider.create(call('kubernetes:example.org/v1:Thing', 'a'), custom, true)).outputs['kind'],
      ).to.equal('Thing');
    });

    it('previews a Service with the addresses unknown', async () => {
      const inputs = {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'web', namespace: 'default' },
        spec: { ports: [{ port: 80 }] },
      };
      const { outputs } = await provider.create(call('kubernetes:core/v1:Service', 'web'), inputs, true);
      expect(mapOf(outputs['spec'])['clusterIP']).to.equal(Unknown.instance);
      expect(mapOf(outputs['spec'])['type']).to.equal('ClusterIP');
    });

    it('previews without any cluster', async () => {
      const early = kubernetesProvider();
      await early.configure({ kubeconfig: new Secret(Unknown.instance) });
      const its = call(configMapType, 'early');
      const checked = await early.check(
        { ...its, preview: true },
        {},
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'e' } },
      );
      expect(mapOf(checked.inputs['metadata'])['namespace']).to.equal('default');
      expect((await early.create(its, checked.inputs, true)).outputs['kind']).to.equal('ConfigMap');
    });

    it('does not take over what somebody else made, but continues its own interrupted work', async () => {
      await cluster.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'theirs', namespace: 'default' } });
      const failure = await failureOf(make(configMapType, 'theirs', configMap('theirs', { a: '1' })));
      expect(hasCode(failure, 'engine.already-exists')).to.equal(true);
      await make(configMapType, 'mine', configMap('mine', { a: '1' }));
      expect((await make(configMapType, 'mine', configMap('mine', { a: '2' }))).id).to.equal('default/mine');
    });

    it('says who owns a field it would overwrite, and takes it on request', async () => {
      const made = await make(configMapType, 'shared', configMap('shared', { a: '1' }));
      await cluster.patch(
        { apiVersion: 'v1', kind: 'ConfigMap', name: 'shared', namespace: 'default' },
        'merge',
        { data: { a: 'theirs' } },
        { fieldManager: 'kubectl-edit' },
      );
      const update = (newInputs: PropertyMap) =>
        provider.update(
          made.call,
          { id: made.id, oldInputs: made.inputs, oldOutputs: made.outputs, newInputs, ignoreChanges: [] },
          false,
        );
      const failure = await failureOf(update(configMap('shared', { a: '2' })));
      expect(hasCode(failure, 'engine.field-conflict')).to.equal(true);
      expect(failure.message).to.contain('kubectl-edit').and.to.contain('.data.a');
      await update(configMap('shared', { a: '2' }, { annotations: { 'pulumi.com/patchForce': 'true' } }));
      expect((await live('ConfigMap', 'shared', 'default'))?.data).to.deep.equal({ a: '2' });
    });

    it('continues an object that was written by POST as its own', async () => {
      await cluster.create(
        {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'posted', namespace: 'default' },
          data: { a: '1', b: '1' },
        },
        { fieldManager: 'pulumi-kubernetes-0ld' },
      );
      const request = {
        id: 'default/posted',
        oldInputs: configMap('posted', { a: '1', b: '1' }),
        oldOutputs: { ...configMap('posted', { a: '1', b: '1' }), __fieldManager: 'pulumi-kubernetes-0ld' },
        newInputs: configMap('posted', { a: '2' }),
        ignoreChanges: [],
      };
      await provider.update(call(configMapType, 'posted'), request, false);
      expect((await live('ConfigMap', 'posted', 'default'))?.data).to.deep.equal({ a: '2' });
    });

    it('keeps the data of Secrets secret, and reads drift', async () => {
      const inputs = {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'login', namespace: 'default' },
        stringData: { password: 'pw' },
      };
      const made = await make('kubernetes:core/v1:Secret', 'login', inputs);
      expect(made.outputs['data']).to.be.instanceOf(Secret);
      expect(mapOf(made.outputs['__inputs'])['stringData']).to.be.instanceOf(Secret);
      expect(JSON.stringify(made.outputs)).to.not.contain('pw').and.not.contain(Buffer.from('pw').toString('base64'));
      const same = await provider.read(made.call, { id: made.id, inputs: made.inputs, outputs: made.outputs });
      expect(mapOf(same.inputs?.['stringData'])).to.deep.equal({ password: 'pw' });
      await cluster.patch({ apiVersion: 'v1', kind: 'Secret', name: 'login', namespace: 'default' }, 'merge', {
        stringData: { password: 'other' },
      });
      const drifted = await provider.read(made.call, { id: made.id, inputs: made.inputs, outputs: made.outputs });
      expect(mapOf(drifted.inputs?.['stringData'])).to.deep.equal({ password: 'other' });
      await cluster.delete({ apiVersion: 'v1', kind: 'Secret', name: 'login', namespace: 'default' });
      expect((await provider.read(made.call, { id: made.id, inputs: made.inputs, outputs: made.outputs })).id).to.equal(
        '',
      );
    });

    it('waits with reasons, and keeps what exists when time runs out', async () => {
      const inputs = {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'slow', namespace: 'default' },
        spec: {
          selector: { matchLabels: { app: 'slow' } },
          template: { metadata: { labels: { app: 'slow' } }, spec: { containers: [{ name: 'app', image: 'none' }] } },
        },
      };
      const logs: string[] = [];
      const failure = await failureOf(make('kubernetes:apps/v1:Deployment', 'slow', inputs, { timeout: 4, logs }));
      expect(failure).to.be.instanceOf(PartialFailure);
      const partial = failure as PartialFailure;
      expect(partial.id).to.equal('default/slow');
      expect(partial.outputs['kind']).to.equal('Deployment');
      expect(partial.reasons[0]).to.match(/not ready after 4 s: 0 of 1 replicas available: Pod slow-\S+ is starting/);
      expect(logs.some(line => line.includes('replicas'))).to.equal(true);
      await provider.delete(call('kubernetes:apps/v1:Deployment', 'slow'), {
        id: 'default/slow',
        inputs,
        outputs: partial.outputs,
      });
      expect(await cluster.list('v1', 'Pod', { namespace: 'default', labelSelector: 'app=slow' })).to.deep.equal([]);
    });

    it('waits for what pulumi.com/waitFor says, or not at all', async () => {
      const annotated = (value: PropertyMap): PropertyMap =>
        configMap(`wait-${Object.keys(value).length}`, { phase: 'x' }, { annotations: value });
      const waiting = make(configMapType, 'wait', annotated({ 'pulumi.com/waitFor': 'jsonpath={.data.done}=yes' }), {
        timeout: 20,
      });
      await cluster.watch('v1', 'ConfigMap', { namespace: 'default', fieldSelector: 'metadata.name=wait-1' }).next();
      while (!(await live('ConfigMap', 'wait-1', 'default'))) await new Promise(done => setTimeout(done, 50));
      await cluster.patch({ apiVersion: 'v1', kind: 'ConfigMap', name: 'wait-1', namespace: 'default' }, 'merge', {
        data: { done: 'yes' },
      });
      expect(mapOf((await waiting).outputs['data'])['done']).to.equal('yes');
      await make(
        configMapType,
        'skip',
        annotated({ 'pulumi.com/waitFor': 'jsonpath={.data.done}=yes', 'pulumi.com/skipAwait': 'true' }),
      );
    });

    it('makes a definition and an object of it, a namespace and its content, side by side', async () => {
      const definition = JSON.parse(
        JSON.stringify({
          apiVersion: 'apiextensions.k8s.io/v1',
          kind: 'CustomResourceDefinition',
          metadata: { name: 'things.example.org' },
          spec: {
            group: 'example.org',
            scope: 'Namespaced',
            names: { kind: 'Thing', plural: 'things', singular: 'thing', listKind: 'ThingList' },
            versions: [
              {
                name: 'v1',
                served: true,
                storage: true,
                schema: {
                  openAPIV3Schema: {
                    type: 'object',
                    properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } },
                  },
                },
              },
            ],
          },
        }),
      ) as PropertyMap;
      const thing = {
        apiVersion: 'example.org/v1',
        kind: 'Thing',
        metadata: { name: 'a', namespace: 'fresh' },
        spec: { size: 1 },
      };
      const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'fresh' } };
      const [made, , where] = await Promise.all([
        make('kubernetes:example.org/v1:Thing', 'a', thing),
        make('kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition', 'things', definition),
        make('kubernetes:core/v1:Namespace', 'fresh', namespace),
      ]);
      expect(made.id).to.equal('fresh/a');
      expect(where.id).to.equal('fresh');
      await provider.delete(where.call, { id: 'fresh', inputs: namespace, outputs: where.outputs });
      expect(await live('Namespace', 'fresh')).to.equal(undefined);
      await provider.delete(made.call, { id: 'fresh/a', inputs: thing, outputs: made.outputs });
    });

    it('says which finalizer holds what cannot be deleted', async () => {
      const made = await make(configMapType, 'held', configMap('held', {}, { finalizers: ['example.org/hold'] }));
      const failure = await failureOf(
        provider.delete({ ...made.call, timeout: 2 }, { id: made.id, inputs: made.inputs, outputs: made.outputs }),
      );
      expect(failure.message).to.contain('example.org/hold');
      await cluster.patch({ apiVersion: 'v1', kind: 'ConfigMap', name: 'held', namespace: 'default' }, 'merge', {
        metadata: { finalizers: null },
      });
      await waitUntilGone(cluster, { apiVersion: 'v1', kind: 'ConfigMap', name: 'held', namespace: 'default' });
    });

    it('patches what others own, and gives it back', async () => {
      await cluster.apply({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'base', namespace: 'default' },
        data: { theirs: '1' },
      });
      const made = await make('kubernetes:core/v1:ConfigMapPatch', 'patch', configMap('base', { ours: '2' }));
      expect((await live('ConfigMap', 'base', 'default'))?.data).to.deep.equal({ theirs: '1', ours: '2' });
      await provider.delete(made.call, { id: made.id, inputs: made.inputs, outputs: made.outputs });
      expect((await live('ConfigMap', 'base', 'default'))?.data).to.deep.equal({ theirs: '1' });
    });

    it('says what to do when the cluster is gone', async () => {
      const gone = kubernetesProvider();
      const kubeconfig = plane.kubeconfig.replace(/127\.0\.0\.1:\d+/, '127.0.0.1:1');
      await gone.configure({ kubeconfig });
      const inputs = configMap('gone', {});
      const failure = await failureOf(
        gone.delete(call(configMapType, 'gone'), { id: 'default/gone', inputs, outputs: inputs }),
      );
      expect(hasCode(failure, 'engine.cluster-unreachable')).to.equal(true);
      expect((failure as unknown as { remedy: string }).remedy).to.contain('PULUMI_K8S_DELETE_UNREACHABLE');
      await gone.configure({ kubeconfig, deleteUnreachable: 'true' });
      await gone.delete(call(configMapType, 'gone'), { id: 'default/gone', inputs, outputs: inputs });
      await gone.close();
    });

    it('reads for import what nobody gave inputs for', async () => {
      await cluster.apply({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'found', namespace: 'default', labels: { a: 'b' } },
        data: { x: '1' },
      });
      const read = await provider.read(call(configMapType, 'found'), { id: 'default/found', inputs: {}, outputs: {} });
      expect(read.inputs).to.deep.equal({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'found', namespace: 'default', labels: { a: 'b' } },
        data: { x: '1' },
      });
      expect(textOf(read.outputs['kind'])).to.equal('ConfigMap');
    });
  });
});
