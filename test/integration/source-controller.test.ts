import { createHash } from 'node:crypto';
import { expect } from 'chai';
import {
  condition,
  fluxStatus,
  gitRepository,
  keyOf,
  kustomization,
  numberAt,
  ociRepository,
  reconcileNow,
  textAt,
  waitFor,
  waitUntilGone,
  type Cluster,
  type FluxStatus,
  type KubernetesObject,
} from '../../cluster';
import { defaultHttpClient } from '../../net';
import { dockerConfigText, Registry, singleLayerArtifact, type RegistryRepository } from '../../oci';
import { hasCode } from '../../report';
import { runSourceController } from '../../services/source';
import {
  cachedProgram,
  controlPlanePrograms,
  startControlPlane,
  type RunningControlPlane,
} from '../support/control-plane';
import {
  fluxDefinitions,
  installDefinitions,
  startKustomizeController,
  startSourceController,
  type RunningSourceController,
} from '../support/flux';
import { giteaProgram, startGitea, type RunningGitea } from '../support/gitea';
import { startRegistry, type TestRegistry } from '../support/registry';

const where = { namespace: 'shop' };

function configMap(name: string, text: string): string {
  return `{apiVersion: v1, kind: ConfigMap, metadata: {name: ${name}}, data: {text: "${text}"}}\n`;
}

describe('the stand-in for source-controller, with real Kubernetes, registry, Gitea and kustomize-controller', function () {
  this.timeout(180_000);
  let plane: RunningControlPlane;
  let cluster: Cluster;
  let registry: TestRegistry;
  let gitea: RunningGitea;
  let repository: RegistryRepository;
  let stopKustomize: (() => Promise<void>) | undefined;
  let sources: RunningSourceController;

  before(async function () {
    const [programs, kustomize, distribution, forge, definitions] = await Promise.all([
      controlPlanePrograms(),
      cachedProgram('kustomize-controller'),
      cachedProgram('registry'),
      giteaProgram(),
      fluxDefinitions(),
    ]);
    if (!programs || !kustomize || !distribution || !forge || !definitions) {
      console.log(
        '      skipped: needs kube-apiserver, etcd, kustomize-controller, registry, Gitea (airlock images build) and the Flux definitions',
      );
      this.skip();
    }
    [plane, registry, gitea] = await Promise.all([
      startControlPlane(programs),
      startRegistry(distribution),
      startGitea(forge),
    ]);
    cluster = plane.cluster;
    for (const name of ['flux-system', 'shop'])
      await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    await installDefinitions(cluster, definitions);
    const login = { username: registry.username, password: registry.password };
    repository = new Registry(`http://${registry.host}`, { credentials: login }).repository('snapshots/web');
    await secret(
      'registry',
      { '.dockerconfigjson': dockerConfigText({ [registry.host]: login }) },
      'kubernetes.io/dockerconfigjson',
    );
    await secret('git', { ...gitea.admin });
    await gitea.forge.organizations.create({ name: 'software-consumer' });
    await gitea.forge.repositories.create({ owner: 'software-consumer', name: 'products', private: true });
    sources = await startSourceController(cluster);
    stopKustomize = startKustomizeController(kustomize, plane);
  });

  after(async () => {
    await sources?.stop();
    await stopKustomize?.();
    await plane?.stop();
    await registry?.stop();
    await gitea?.stop();
  });

  async function secret(name: string, stringData: Record<string, string>, type = 'Opaque'): Promise<void> {
    await cluster.apply(
      { apiVersion: 'v1', kind: 'Secret', metadata: { name, ...where }, type, stringData },
      { force: true },
    );
  }

  async function push(text: string, tag?: string): Promise<string> {
    const content = [
      { type: 'file', path: 'app.yaml', content: configMap('web', text) },
      { type: 'file', path: 'logo.png', content: 'not for Kubernetes' },
    ] as const;
    const made = await singleLayerArtifact({ content, target: repository, revision: text, ...(tag ? { tag } : {}) });
    return made.digest;
  }

  const oci = (name: string, digest: string, more: object = {}): KubernetesObject => {
    const object = ociRepository({
      name,
      ...where,
      url: `oci://${registry.host}/snapshots/web`,
      digest,
      insecure: true,
      secretName: 'registry',
      interval: '1h',
    });
    return { ...object, spec: { ...(object.spec as object), ...more } };
  };

  async function until(
    object: KubernetesObject,
    state: FluxStatus['state'],
    revision?: string | RegExp,
  ): Promise<KubernetesObject> {
    const seen = await waitFor(
      cluster,
      keyOf(object),
      now => {
        const status = now && fluxStatus(now);
        const there =
          !revision ||
          (typeof revision === 'string' ? status?.revision === revision : revision.test(status?.revision ?? ''));
        return status?.state === state && there
          ? { state: 'ready', reason: '' }
          : { state: 'progressing', reason: JSON.stringify(status) };
      },
      { timeout: 30_000 },
    );
    return seen as KubernetesObject;
  }

  /** Downloads what is advertised, and checks that it is that. */
  async function download(object: KubernetesObject): Promise<Buffer> {
    const response = await defaultHttpClient().request({ url: textAt(object, 'status', 'artifact', 'url') ?? '' });
    expect(response.status).to.equal(200);
    const bytes = Buffer.from(await response.bytes(1024 * 1024));
    expect(`sha256:${createHash('sha256').update(bytes).digest('hex')}`).to.equal(
      textAt(object, 'status', 'artifact', 'digest'),
    );
    return bytes;
  }

  it('serves a snapshot pinned by digest, and kustomize-controller applies it', async () => {
    const digest = await push('one');
    const source = oci('web', digest);
    await cluster.apply(source);
    const begun = Date.now();
    await cluster.apply(
      kustomization({
        name: 'web',
        ...where,
        source: { kind: 'OCIRepository', name: 'web' },
        targetNamespace: 'shop',
        interval: '1h',
      }),
    );
    const ready = await until(source, 'ready', digest);
    expect(condition(ready, 'Ready')?.message).to.equal(`stored artifact for digest '${digest}'`);
    expect(textAt(ready, 'status', 'artifact', 'metadata', 'org.opencontainers.image.revision')).to.equal('one');
    await download(ready);
    const applied = await until(
      kustomization({ name: 'web', ...where, source: { kind: 'OCIRepository', name: 'web' } }),
      'ready',
      digest,
    );
    expect(fluxStatus(applied).reason).to.equal('ReconciliationSucceeded');
    const made = await cluster.get({ apiVersion: 'v1', kind: 'ConfigMap', name: 'web', ...where });
    expect(made.data).to.deep.equal({ text: 'one' });
    console.log(`      from object to applied: ${Date.now() - begun} ms`);
  });

  it('follows the pin to another snapshot', async () => {
    const digest = await push('two');
    const begun = Date.now();
    await cluster.apply(oci('web', digest));
    await until(oci('web', digest), 'ready', digest);
    await waitFor(
      cluster,
      { apiVersion: 'v1', kind: 'ConfigMap', name: 'web', ...where },
      object =>
        textAt(object, 'data', 'text') === 'two'
          ? { state: 'ready', reason: '' }
          : { state: 'progressing', reason: 'old' },
      { timeout: 30_000 },
    );
    console.log(`      from pin to applied: ${Date.now() - begun} ms`);
  });

  it('resolves tags and ranges, on its interval and on request', async () => {
    await push('1.0.0', '1.0.0');
    const source = oci('ranged', '', { ref: { semver: '>=1.0.0, <2.0.0' } });
    await cluster.apply(source);
    await until(source, 'ready', /^1\.0\.0@sha256:/);
    await push('1.1.0', '1.1.0');
    await reconcileNow(cluster, keyOf(source));
    const ready = await until(source, 'ready', /^1\.1\.0@sha256:/);
    expect(textAt(ready, 'status', 'lastHandledReconcileAt')).to.equal(
      ready.metadata.annotations?.['reconcile.fluxcd.io/requestedAt'],
    );
    await cluster.patch(keyOf(source), 'merge', { spec: { interval: '1s' } });
    await push('1.2.0', '1.2.0');
    await until(source, 'ready', /^1\.2\.0@sha256:/);
    await cluster.delete(keyOf(source));
  });

  it('copies a layer as it is where asked', async () => {
    const digest = await push('copied');
    const source = oci('copied', digest, {
      layerSelector: { mediaType: 'application/vnd.cncf.flux.content.v1.tar+gzip', operation: 'copy' },
    });
    await cluster.apply(source);
    const bytes = await download(await until(source, 'ready', digest));
    expect(bytes.subarray(0, 2).toString('hex')).to.equal('1f8b');
    await cluster.delete(keyOf(source));
  });

  it('keeps the last good artifact and says why when something is wrong', async () => {
    const digest = await push('good');
    const source = oci('faulty', digest);
    await cluster.apply(source);
    await until(source, 'ready', digest);
    const missing = `sha256:${'0'.repeat(64)}`;
    await cluster.patch(keyOf(source), 'merge', { spec: { ref: { digest: missing } } });
    const failed = await until(source, 'failed');
    expect(condition(failed, 'FetchFailed')?.reason).to.equal('OCIArtifactPullFailed');
    expect(fluxStatus(failed).revision).to.equal(digest);
    await download(failed);
    await cluster.patch(keyOf(source), 'merge', { spec: { secretRef: { name: 'absent' } } });
    await waitFor(cluster, keyOf(source), object =>
      object && fluxStatus(object).reason === 'AuthenticationFailed'
        ? { state: 'ready', reason: '' }
        : { state: 'progressing', reason: 'still' },
    );
    await cluster.patch(keyOf(source), 'merge', { spec: { ref: { digest }, secretRef: { name: 'registry' } } });
    const recovered = await until(source, 'ready', digest);
    expect(condition(recovered, 'FetchFailed')).to.equal(undefined);
    await cluster.patch(keyOf(source), 'merge', { spec: { verify: { provider: 'cosign' } } });
    const refused = await waitFor(cluster, keyOf(source), object =>
      object && condition(object, 'Stalled')
        ? { state: 'ready', reason: '' }
        : { state: 'progressing', reason: 'still' },
    );
    expect(condition(refused as KubernetesObject, 'SourceVerified')).to.include({
      status: 'False',
      reason: 'VerificationError',
    });
    await cluster.delete(keyOf(source));
    await waitUntilGone(cluster, keyOf(source));
  });

  it('takes pull secrets from a service account', async () => {
    await cluster.apply(
      {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 'puller', ...where },
        imagePullSecrets: [{ name: 'registry' }],
      },
      { force: true },
    );
    const digest = await push('by account');
    const { secretRef: _secret, ...spec } = oci('account', digest).spec as { secretRef: unknown };
    const source = { ...oci('account', digest), spec: { ...spec, serviceAccountName: 'puller' } };
    await cluster.apply(source);
    await until(source, 'ready', digest);
  });

  it('leaves suspended objects alone', async () => {
    const source = oci('suspended', await push('unseen'), { suspend: true });
    await cluster.apply(source);
    await new Promise(done => setTimeout(done, 500));
    expect((await cluster.get(keyOf(source))).status).to.satisfy(
      (status: { artifact?: unknown } | undefined) => !status?.artifact,
    );
  });

  it('serves a private Git repository, and follows its branch', async () => {
    const products = gitea.forge.repository('software-consumer', 'products');
    const commit = async (text: string) => {
      const path = 'apps/app.yaml';
      const content = configMap('from-git', text);
      const before = await products.readFile(path, 'main');
      const change = before
        ? ({ operation: 'update', path, content, sha: before.sha } as const)
        : ({ operation: 'create', path, content } as const);
      return products.commitFiles({ branch: 'main', message: text, files: [change] });
    };
    const first = await commit('first');
    const source = gitRepository({
      name: 'products',
      ...where,
      url: products.cloneUrl,
      secretName: 'git',
      interval: '1h',
      ignore: '/*\n!/apps',
    });
    await cluster.apply(source);
    const ready = await until(source, 'ready', `main@sha1:${first.commit}`);
    expect(condition(ready, 'Ready')?.message).to.equal(`stored artifact for revision 'main@sha1:${first.commit}'`);
    await download(ready);
    await cluster.apply(
      kustomization({
        name: 'products',
        ...where,
        source: { kind: 'GitRepository', name: 'products' },
        path: './apps',
        targetNamespace: 'shop',
        interval: '1h',
      }),
    );
    const second = await commit('second');
    await reconcileNow(cluster, keyOf(source));
    await until(source, 'ready', `main@sha1:${second.commit}`);
    await waitFor(
      cluster,
      { apiVersion: 'v1', kind: 'ConfigMap', name: 'from-git', ...where },
      object =>
        textAt(object, 'data', 'text') === 'second'
          ? { state: 'ready', reason: '' }
          : { state: 'progressing', reason: 'old' },
      { timeout: 30_000 },
    );
    await gitea.forge.repository('software-consumer', 'products').createRelease({ tag: 'v1.0.0', target: 'main' });
    for (const [name, ref, revision] of [
      ['tagged', { tag: 'v1.0.0' }, `v1.0.0@sha1:${second.commit}`],
      ['newest', { semver: '1.x' }, `v1.0.0@sha1:${second.commit}`],
      ['exact', { commit: first.commit }, `sha1:${first.commit}`],
    ] as const) {
      const other = gitRepository({ name, ...where, url: products.cloneUrl, secretName: 'git', ref });
      await cluster.apply(other);
      await until(other, 'ready', revision);
    }
  });

  it('says what git said', async () => {
    const url = gitea.forge.repository('software-consumer', 'products').cloneUrl;
    const anonymous = gitRepository({ name: 'anonymous', ...where, url });
    await cluster.apply(anonymous);
    expect(fluxStatus(await until(anonymous, 'failed')).reason).to.equal('AuthenticationFailed');
    const nowhere = gitRepository({ name: 'nowhere', ...where, url, secretName: 'git', ref: { branch: 'none' } });
    await cluster.apply(nowhere);
    expect(fluxStatus(await until(nowhere, 'failed')).message).to.contain('refs/heads/none');
    const local = gitRepository({ name: 'local', ...where, url: 'https://127.0.0.1:1/x', secretName: 'git' });
    await cluster.apply(local);
    expect(fluxStatus(await until(local, 'failed')).reason).to.equal('GitOperationFailed');
    expect(sources.lines.join('\n')).to.not.contain(`:${gitea.admin.password}`);
  });

  it('keeps other source-controllers out, and stays out beside the real one', async () => {
    const lease = await cluster.get({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      namespace: 'flux-system',
      name: 'source-controller-leader-election',
    });
    expect(textAt(lease, 'spec', 'holderIdentity')).to.match(/^airlock-/);
    const labels = { app: 'source-controller' };
    const real = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'source-controller', namespace: 'flux-system' },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { containers: [{ name: 'manager', image: 'fluxcd/source-controller:v1' }] },
        },
      },
    };
    await cluster.apply(real);
    // No node runs here, so this test says in a kubelet's place that the pod is ready.
    const waiting = { namespace: 'flux-system', labelSelector: 'app=source-controller' };
    let pods: KubernetesObject[] = [];
    while (pods.length === 0) pods = await cluster.list('v1', 'Pod', waiting);
    const ready = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
    for (const pod of pods) await cluster.patch(keyOf(pod), 'merge', { status: ready }, { subresource: 'status' });
    await waitFor(
      cluster,
      keyOf(real),
      now => ({ state: numberAt(now, 'status', 'readyReplicas') === 1 ? 'ready' : 'progressing', reason: 'not ready' }),
      { timeout: 30_000 },
    );
    const failure: unknown = await runSourceController(sources.options).catch((error: unknown) => error);
    expect(hasCode(failure, 'source.real-controller-runs')).to.equal(true);
    expect(String(failure)).to.contain('fluxcd/source-controller:v1');
  });
});
