import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasCode } from '../../report';
import { controlPlanePrograms, startControlPlane, type RunningControlPlane } from '../support/control-plane';
import { objectsIn, pipelineFolder, tektonDefinitions } from '../support/tekton';

describe('the release pipeline at a real apiserver', function () {
  this.timeout(60_000);
  let plane: RunningControlPlane;

  before(async function () {
    const programs = await controlPlanePrograms();
    if (!programs) {
      console.log('      skipped: no etcd and kube-apiserver in the cache (airlock images build kubernetes etcd)');
      return this.skip();
    }
    plane = await startControlPlane(programs);
  });
  after(() => plane?.stop());

  it('is taken under strict field validation with the definitions of Tekton', async () => {
    for (const definition of tektonDefinitions()) await plane.cluster.apply(definition, { fieldValidation: 'Ignore' });
    const namespace = 'default';
    for (const object of objectsIn(pipelineFolder)) {
      const placed = { ...object, metadata: { ...object.metadata, namespace } };
      for (let attempt = 0; ; attempt++) {
        try {
          await plane.cluster.apply(placed, { fieldValidation: 'Strict' });
          break;
        } catch (error) {
          // A definition takes a moment to be served.
          if (attempt >= 40 || !hasCode(error, 'cluster.')) throw error;
          await sleep(250);
        }
      }
    }
    expect(
      (await plane.cluster.list('tekton.dev/v1', 'Task', { namespace })).map(task => task.metadata.name),
    ).to.include('release-checkout');
  });
});
