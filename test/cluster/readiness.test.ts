import { expect } from 'chai';
import { deploymentReadiness, jobReadiness, podFault, readinessOf, type KubernetesObject } from '../../cluster';

function deployment(status: object, generation = 2): KubernetesObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', generation },
    spec: { replicas: 2 },
    status,
  };
}

const settled = { observedGeneration: 2, replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2 };

function pod(containerStatus: object, extra: object = {}): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web-1' },
    status: { phase: 'Pending', containerStatuses: [{ name: 'app', ...containerStatus }], ...extra },
  };
}

const pulling = pod({
  state: { waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image "registry/none:1"' } },
});

describe('readiness', () => {
  describe('of a Deployment', () => {
    it('is reached when all replicas are new and available', () => {
      expect(deploymentReadiness(deployment(settled))).to.deep.equal({ state: 'ready', reason: '' });
    });

    it('is not read from the status of an older generation', () => {
      expect(deploymentReadiness(deployment({ ...settled, observedGeneration: 1 })).state).to.equal('progressing');
    });

    it('waits for old replicas to go', () => {
      expect(deploymentReadiness(deployment({ ...settled, replicas: 3 })).reason).to.contain('1 old replicas');
    });

    it('says why, from the pod up', () => {
      const { reason } = deploymentReadiness(deployment({ ...settled, availableReplicas: 1 }), [pulling]);
      expect(reason).to.equal(
        '1 of 2 replicas available: Pod web-1: container app: ImagePullBackOff: Back-off pulling image "registry/none:1"',
      );
    });

    it('fails when the rollout exceeded its deadline', () => {
      const conditions = [
        { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'timed out' },
      ];
      expect(deploymentReadiness(deployment({ ...settled, availableReplicas: 0, conditions }))).to.deep.equal({
        state: 'failed',
        reason: 'timed out',
      });
    });
  });

  describe('of pods', () => {
    it('tells the last words of a container that crashes', () => {
      const crashing = pod({
        restartCount: 3,
        state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 40s' } },
        lastState: { terminated: { exitCode: 2, reason: 'Error', message: 'first line\npanic: no config\n' } },
      });
      expect(podFault(crashing)).to.equal(
        'Pod web-1: container app: CrashLoopBackOff: back-off 40s (last exit code 2: panic: no config, 3 restarts)',
      );
    });

    it('tells why no node takes it', () => {
      const conditions = [
        { type: 'PodScheduled', status: 'False', message: '0/1 nodes are available: insufficient memory' },
      ];
      expect(podFault(pod({}, { conditions }))).to.contain('cannot be scheduled: 0/1 nodes');
    });

    it('finds no fault in one that is starting', () => {
      expect(podFault(pod({ state: { waiting: { reason: 'ContainerCreating' } } }))).to.equal(undefined);
    });
  });

  it('of a failed Job is final', () => {
    const job: KubernetesObject = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'once' },
      status: {
        conditions: [{ type: 'Failed', status: 'True', message: 'Job has reached the specified backoff limit' }],
      },
    };
    expect(jobReadiness(job)).to.deep.equal({
      state: 'failed',
      reason: 'the job failed: Job has reached the specified backoff limit',
    });
  });

  describe('of a Service', () => {
    const service: KubernetesObject = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { selector: { app: 'web' }, clusterIP: '10.96.0.9' },
    };
    const slice = (ready: boolean): KubernetesObject => ({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'web-x' },
      endpoints: [{ addresses: ['10.244.0.5'], conditions: { ready } }],
    });

    it('needs one ready endpoint', () => {
      expect(readinessOf(service, { endpointSlices: [slice(true)] }).state).to.equal('ready');
      expect(readinessOf(service, { endpointSlices: [slice(false)], pods: [pulling] }).reason).to.contain(
        'ImagePullBackOff',
      );
      expect(readinessOf(service, { endpointSlices: [] }).reason).to.equal('no pod matches its selector');
    });

    it('is given where nobody waits for endpoints', () => {
      expect(readinessOf({ ...service, spec: { clusterIP: 'None', selector: { app: 'web' } } }).state).to.equal(
        'ready',
      );
      expect(readinessOf({ ...service, spec: { type: 'ExternalName' } }).state).to.equal('ready');
      expect(readinessOf({ ...service, spec: { clusterIP: '10.96.0.9' } }).state).to.equal('ready');
    });
  });

  it('of a claim that binds on first use is not waited for', () => {
    const claim = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data' },
      status: { phase: 'Pending' },
    };
    expect(readinessOf(claim, { bindsOnFirstUse: true }).state).to.equal('ready');
    expect(readinessOf(claim).state).to.equal('progressing');
  });

  it('of kinds without a rule is existence', () => {
    expect(readinessOf({ apiVersion: 'example.org/v1', kind: 'Deployment', metadata: {} }).state).to.equal('ready');
    expect(readinessOf({ apiVersion: 'v1', kind: 'constructor', metadata: {} }).state).to.equal('ready');
  });
});
