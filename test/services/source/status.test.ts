import { expect } from 'chai';
import { condition, fluxStatus, type KubernetesObject } from '../../../cluster';
import { milliseconds } from '../../../services/source/duration';
import {
  buildingStatus,
  changeConditions,
  failedStatus,
  SourceFailure,
  storedStatus,
  type StatusPatch,
} from '../../../services/source/status';
import type { Artifact } from '../../../services/source/storage';
import { newestInRange } from '../../../services/source/versions';

const artifact: Artifact = {
  path: 'ocirepository/shop/web/sha256:aa.tar.gz',
  url: 'http://x/ocirepository/shop/web/sha256:aa.tar.gz',
  revision: 'sha256:aa',
  digest: 'sha256:bb',
  lastUpdateTime: '2026-01-01T00:00:00Z',
  size: 3,
};

const fresh: KubernetesObject = {
  apiVersion: 'source.toolkit.fluxcd.io/v1',
  kind: 'OCIRepository',
  metadata: {
    name: 'web',
    namespace: 'shop',
    generation: 2,
    annotations: { 'reconcile.fluxcd.io/requestedAt': 'now' },
  },
  spec: {},
};

/** As the apiserver merges it. */
function patched(object: KubernetesObject, status: StatusPatch): KubernetesObject {
  const merged = { ...(object.status as object | undefined), ...status };
  return { ...object, status: Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null)) };
}

describe('source status', () => {
  it('goes from building to stored as source-controller writes it', () => {
    const building = patched(fresh, buildingStatus(fresh, "new revision 'sha256:aa'", false));
    expect(fluxStatus(building).state).to.equal('progressing');
    const stored = patched(
      building,
      storedStatus(building, artifact, { noun: 'digest', observed: { observedIgnore: null } }),
    );
    expect(stored.status).to.deep.include({ artifact, observedGeneration: 2, lastHandledReconcileAt: 'now' });
    expect((stored.status as { conditions: { type: string }[] }).conditions.map(entry => entry.type)).to.deep.equal([
      'Ready',
      'ArtifactInStorage',
    ]);
    expect(condition(stored, 'Ready')).to.include({
      status: 'True',
      reason: 'Succeeded',
      message: "stored artifact for digest 'sha256:aa'",
      observedGeneration: 2,
    });
    expect(fluxStatus(stored)).to.include({ state: 'ready', revision: 'sha256:aa' });
  });

  it('keeps the last good artifact when fetching fails', () => {
    const stored = patched(fresh, storedStatus(fresh, artifact, { noun: 'digest', observed: {} }));
    const failed = patched(stored, failedStatus(stored, new SourceFailure('OCIArtifactPullFailed', 'refused'), false));
    expect(failed.status).to.deep.include({ artifact });
    expect(fluxStatus(failed)).to.include({
      state: 'failed',
      reason: 'OCIArtifactPullFailed',
      message: 'refused',
      revision: 'sha256:aa',
    });
    expect(condition(failed, 'Reconciling')).to.include({ reason: 'ProgressingWithRetry' });
    const again = patched(failed, storedStatus(failed, artifact, { noun: 'digest', observed: {} }));
    expect(condition(again, 'FetchFailed')).to.equal(undefined);
  });

  it('stalls where trying again cannot help, and drops an artifact that was lost', () => {
    const stored = patched(fresh, storedStatus(fresh, artifact, { noun: 'digest', observed: {} }));
    const failure = new SourceFailure('URLInvalid', 'not oci', { stalled: true });
    const stalled = patched(stored, failedStatus(stored, failure, true));
    expect(stalled.status).to.not.have.property('artifact');
    expect(condition(stalled, 'Stalled')).to.include({ status: 'True', reason: 'URLInvalid' });
    expect(condition(stalled, 'Reconciling')).to.equal(undefined);
    expect(stalled.status).to.deep.include({ observedGeneration: 2 });
  });

  it('says by SourceVerified=False that nothing was verified', () => {
    const failure = new SourceFailure('VerificationError', 'no', { condition: 'SourceVerified' });
    expect(condition(patched(fresh, failedStatus(fresh, failure, false)), 'SourceVerified')).to.include({
      status: 'False',
    });
  });

  it('keeps the time of the last transition', () => {
    const before = {
      type: 'Ready',
      status: 'True',
      reason: 'a',
      message: '',
      lastTransitionTime: '2020-01-01T00:00:00Z',
    };
    const object = { ...fresh, status: { conditions: [before] } };
    const [same] = changeConditions(object, [{ type: 'Ready', status: 'True', reason: 'b' }]);
    expect(same).to.include({ reason: 'b', lastTransitionTime: before.lastTransitionTime });
    const [changed] = changeConditions(object, [{ type: 'Ready', status: 'False', reason: 'b' }]);
    expect(changed?.lastTransitionTime).to.not.equal(before.lastTransitionTime);
  });
});

describe('Flux fields', () => {
  it('are Go durations', () => {
    expect(['1m30s', '500ms', '1h', '1.5s', '', 'soon', undefined].map(text => milliseconds(text, -1))).to.deep.equal([
      90_000, 500, 3_600_000, 1500, -1, -1, -1,
    ]);
  });

  it('are ranges as Flux writes them', () => {
    const tags = ['latest', 'v1.0.0', '1.2.0', '2.0.0-rc.1', '2.0.0', 'sha-1'];
    expect(newestInRange(tags, '>=1.0.0, <2.0.0')).to.equal('1.2.0');
    expect(newestInRange(tags, '*')).to.equal('2.0.0');
    expect(newestInRange(tags, '>=2.0.0-0 <2.0.0')).to.equal('2.0.0-rc.1');
    expect(newestInRange(tags, '3.x')).to.equal(undefined);
    expect(() => newestInRange(tags, 'newest')).to.throw();
  });
});
