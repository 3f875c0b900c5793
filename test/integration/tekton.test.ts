import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesObject } from '../../cluster';
import { realSource, realSourceRules } from '../../components/flux-source';
import { listenerBinding, pipelineObjects } from '../../components/tekton-objects';
import { hasCode } from '../../report';
import { controlPlanePrograms, startControlPlane, type RunningControlPlane } from '../support/control-plane';
import { objectsIn, pipelineFolder, tektonDefinitions, withoutDefinitions } from '../support/tekton';

describe('the release pipeline at a real apiserver', function () {
  this.timeout(60_000);
  let plane: RunningControlPlane;

  before(async function () {
    const programs = await controlPlanePrograms();
    if (!programs) {
      console.log('      skipped: no etcd and kube-apiserver in the cache (airlock images build kubernetes etcd)');
      return this.skip();
    }
    if (!tektonDefinitions()) {
      console.log(withoutDefinitions);
      return this.skip();
    }
    plane = await startControlPlane(programs);
  });
  after(() => plane?.stop());

  it('is taken under strict field validation with the definitions of Tekton', async () => {
    for (const definition of tektonDefinitions() ?? [])
      await plane.cluster.apply(definition, { fieldValidation: 'Ignore' });
    const namespace = 'default';
    for (const object of objectsIn(pipelineFolder))
      await taken({ ...object, metadata: { ...object.metadata, namespace } });
    expect(
      (await plane.cluster.list('tekton.dev/v1', 'Task', { namespace })).map(task => task.metadata.name),
    ).to.include('release-checkout');
  });

  it('is taken as the Tekton component changes it, in the provider’s namespace', async () => {
    for (const definition of tektonDefinitions() ?? [])
      await plane.cluster.apply(definition, { fieldValidation: 'Ignore' });
    const namespace = 'software-provider';
    await taken({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    const settings = { namespace, image: 'airlock.local/release-runner:1', ingressIP: '10.96.0.9' };
    const objects = [...pipelineObjects(pipelineFolder, settings), listenerBinding(namespace)] as KubernetesObject[];
    for (const object of objects) await taken(object);
    // What the listener would make of its template: the apiserver does not look into those.
    const template = objects.find(object => object.kind === 'TriggerTemplate');
    const [run] = (template?.['spec'] as { resourcetemplates: KubernetesObject[] }).resourcetemplates;
    await taken({ ...run, metadata: { name: 'podinfo-release-test', namespace } } as KubernetesObject);
    expect(
      (await plane.cluster.list('tekton.dev/v1', 'Task', { namespace })).map(task => task.metadata.name),
    ).to.include('release-report');

    const refused: unknown = await plane.cluster
      .apply(
        {
          ...run,
          metadata: { name: 'refused', namespace },
          spec: { ...(run?.['spec'] as object), podTemplate: {} },
        } as KubernetesObject,
        { fieldValidation: 'Strict' },
      )
      .catch((error: unknown) => error);
    expect(String(refused)).to.contain('podTemplate');
  });

  it('takes the real source-controller as the Flux component installs it', async () => {
    const metadata = { name: 'source-controller', namespace: 'default' };
    const labels = { app: 'source-controller' };
    const pod = { metadata: { labels }, spec: realSource('airlock.local/source-controller:1.9.5') };
    const [deployment, role]: unknown[] = [
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata,
        spec: { selector: { matchLabels: labels }, template: pod },
      },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRole',
        metadata: { name: 'airlock-source-controller' },
        rules: realSourceRules,
      },
    ];
    await taken(deployment as KubernetesObject);
    await taken(role as KubernetesObject);
  });

  /** Applies, with a moment's patience: a definition is served a little after it was made. */
  async function taken(object: KubernetesObject): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        await plane.cluster.apply(object, { fieldValidation: 'Strict' });
        return;
      } catch (error) {
        if (attempt >= 40 || !hasCode(error, 'cluster.')) throw error;
        await sleep(250);
      }
    }
  }
});
