import { expect } from 'chai';
import {
  fluxStatus,
  gitRepository,
  kustomization,
  ociRepository,
  reconcileRequest,
  type KubernetesObject,
} from '../../cluster';

const where = { name: 'podinfo', namespace: 'shop' };

function applied(
  status: object,
  extra: { annotations?: Record<string, string>; spec?: object } = {},
): KubernetesObject {
  const { annotations, spec } = extra;
  return {
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { ...where, generation: 3, ...(annotations ? { annotations } : {}) },
    spec: spec ?? {},
    status,
  };
}

const ready = {
  type: 'Ready',
  status: 'True',
  reason: 'ReconciliationSucceeded',
  message: 'Applied revision: sha256:aa',
};

describe('Flux objects', () => {
  it('pin a snapshot by digest, and say only what was asked', () => {
    const object = ociRepository({
      ...where,
      url: 'oci://registry.localhost:8080/snapshots/podinfo',
      digest: 'sha256:aa',
      insecure: true,
    });
    expect(object).to.deep.equal({
      apiVersion: 'source.toolkit.fluxcd.io/v1',
      kind: 'OCIRepository',
      metadata: where,
      spec: {
        interval: '10m',
        url: 'oci://registry.localhost:8080/snapshots/podinfo',
        ref: { digest: 'sha256:aa' },
        insecure: true,
      },
    });
    expect(JSON.stringify(object)).to.not.contain('undefined');
  });

  it('apply with a service account, prune and wait', () => {
    const { spec } = kustomization({
      ...where,
      source: { kind: 'OCIRepository', name: 'podinfo' },
      serviceAccountName: 'deployer',
      targetNamespace: 'web',
    });
    expect(spec).to.deep.equal({
      interval: '10m',
      sourceRef: { kind: 'OCIRepository', name: 'podinfo' },
      path: './',
      prune: true,
      wait: true,
      targetNamespace: 'web',
      serviceAccountName: 'deployer',
    });
  });

  it('follow main unless told otherwise', () => {
    expect(gitRepository({ ...where, url: 'http://git/x' }).spec).to.deep.include({ ref: { branch: 'main' } });
  });
});

describe('Flux status', () => {
  it('is ready with the revision applied', () => {
    const status = fluxStatus(
      applied({ observedGeneration: 3, lastAppliedRevision: 'sha256:aa', conditions: [ready] }),
    );
    expect(status).to.include({ state: 'ready', revision: 'sha256:aa', attempted: undefined });
  });

  it('is progressing while the status is of an older generation, or a request is not handled', () => {
    expect(fluxStatus(applied({ observedGeneration: 2, conditions: [ready] })).state).to.equal('progressing');
    const requested = reconcileRequest(new Date(0)).metadata.annotations;
    const status = { observedGeneration: 3, lastHandledReconcileAt: 'before', conditions: [ready] };
    expect(fluxStatus(applied(status, { annotations: requested })).state).to.equal('progressing');
    const handled = { ...status, lastHandledReconcileAt: '1970-01-01T00:00:00.000Z' };
    expect(fluxStatus(applied(handled, { annotations: requested })).state).to.equal('ready');
  });

  it('is failed with reason and message, stalled included', () => {
    const broken = { type: 'Ready', status: 'False', reason: 'BuildFailed', message: 'kustomize build failed' };
    expect(fluxStatus(applied({ observedGeneration: 3, conditions: [broken] }))).to.include({
      state: 'failed',
      reason: 'BuildFailed',
    });
    const stalled = { type: 'Stalled', status: 'True', reason: 'URLInvalid', message: 'bad' };
    expect(fluxStatus(applied({ conditions: [stalled] }))).to.include({
      state: 'failed',
      reason: 'URLInvalid',
      message: 'bad',
    });
  });

  it('tells what was attempted after what is applied', () => {
    const status = { observedGeneration: 3, lastAppliedRevision: 'a', lastAttemptedRevision: 'b', conditions: [ready] };
    expect(fluxStatus(applied(status))).to.include({ revision: 'a', attempted: 'b' });
  });

  it('is suspended by intent', () => {
    expect(fluxStatus(applied({ conditions: [ready] }, { spec: { suspend: true } })).state).to.equal('suspended');
  });
});
