import { expect } from 'chai';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import type { PullRequest } from '../../forge';
import { parseLock } from '../../product';
import { DeliveryScene, deliveryLacks } from '../support/delivery';
import { airlock } from '../support/environment';
import { inOrder } from '../support/in-order';
import { havePrograms } from '../support/programs';
import {
  hasReferenceDemo,
  referenceComponent,
  referenceComponents,
  referenceFile,
  withoutReferenceDemo,
  type ReferenceHosts,
} from '../support/reference-demo';

const weave = 'ocm.software/demos/weave-gitops';
const podinfo = 'ocm.software/demos/podinfo';
type Which = keyof typeof referenceComponents;

/**
 * The reference demo's two products in its three branches, with the subscriptions, targets and generators that it has, on a real
 * forge and a real registry, as far as the merged pull request: what is merged are HelmReleases of its charts.
 */
describe('the reference demo’s products, from release to merged pull request', function () {
  this.timeout(300_000);
  inOrder(this);
  let scene: DeliveryScene;
  let folder: string;
  let hosts: ReferenceHosts;
  const files = new Map<Which, string>();
  const instances = { podinfo: { component: podinfo }, 'weave-gitops': { component: weave } } as const;
  type Instance = keyof typeof instances;

  before(async function () {
    const lacks = hasReferenceDemo ? await deliveryLacks() : undefined;
    if (!hasReferenceDemo || lacks !== undefined) {
      console.log(hasReferenceDemo ? `      skipped: ${lacks}` : withoutReferenceDemo);
      return this.skip();
    }
    await havePrograms(this, 'cue', 'helm');
    folder = await mkdtemp(join(tmpdir(), 'airlock-reference-'));
    scene = await DeliveryScene.begin();
    hosts = { vendor: `${scene.registry.host}/vendor`, consumer: `${scene.registry.host}/consumer` };
    for (const tag of ['6.3.5-static', '6.3.6-static']) await scene.vendorImage('podinfo', tag);
    for (const which of Object.keys(referenceComponents) as Which[])
      files.set(which, await referenceComponent(which, folder, hosts));
  });
  after(async () => {
    await scene?.end();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  const fileOf = (which: Which): string => files.get(which) ?? '';
  const release = (which: Which, version: string): Promise<void> =>
    scene.publish(fileOf(which), version, {
      name: podinfo,
      references: [{ file: fileOf('weave-gitops'), version: 'v1.0.0' }],
    });
  const update = (instance: Instance) => scene.update(instance, instances[instance]);
  const proposal = async (instance: Instance, title: string): Promise<PullRequest> => {
    const all = await scene.project.pullRequestsFrom(`airlock/${instance}`);
    const open = all.find(each => each.state === 'open');
    expect(open?.title).to.equal(title);
    return open as PullRequest;
  };
  const verdict = async (pull: PullRequest) =>
    (await scene.project.statuses(pull.headCommit)).find(each => each.context === 'airlock/validation')?.state;
  const values = async (instance: Instance, ref = 'main') =>
    parse(await scene.read(`products/${instance}/values.yaml`, ref)) as Record<string, Record<string, unknown>>;

  it('are refused by the linter where their own defaults break their own schema', async () => {
    for (const which of ['main', 'new-release', 'new-config'] as const) {
      const { code, stdout } = await airlock(['product', 'lint', dirname(fileOf(which)), '-o', 'wide']);
      expect(code, which).to.equal(1);
      expect(stdout).to.match(/replicas must be string/);
      if (which === 'new-config') expect(stdout).to.match(/conflicting values 1 and 3/);
    }
  });

  it('are installed by their own subscriptions, generators and target, with a warning and no block', async () => {
    await release('main', 'v1.0.0');
    const manifests = {
      'subscriptions/podinfo.yaml': 'flux-repo-src/main-branch/subscriptions/podinfo.yaml',
      'subscriptions/weave-gitops.yaml': 'flux-repo-src/main-branch/subscriptions/weave-gitops.yaml',
      'targets/kubernetes-target.yaml': 'flux-repo-src/main-branch/targets/kubernetes-target.yaml',
      'generators/podinfo.yaml': 'flux-repo-src/pr-branch/generators/podinfo-product-generator.yaml',
      'generators/weave-gitops.yaml': 'flux-repo-src/pr-branch/generators/weave-gitops-product-generator.yaml',
    };
    const created = Object.entries(manifests).map(async ([path, from]) => ({
      operation: 'create' as const,
      path,
      content: await referenceFile(from, hosts),
    }));
    await scene.management.commitFiles({ branch: 'main', message: 'As it was', files: await Promise.all(created) });
    for (const instance of ['podinfo', 'weave-gitops'] as const) {
      const { plan, resolved } = await update(instance);
      expect(resolved.version).to.equal('v1.0.0');
      expect(plan.phase, plan.reason).to.equal('proposed');
      const pull = await proposal(instance, `${instance}: install v1.0.0`);
      expect(await verdict(pull)).to.equal('success');
      expect(pull.body).to.include(`oci://${hosts.consumer}/`);
      expect(pull.body.includes('replicas must be string')).to.equal(instance === 'podinfo');
      await scene.project.mergePullRequest(pull.number);
      expect(parseLock(await scene.read(`products/${instance}/lock.yaml`)).component.version).to.equal('v1.0.0');
      expect((await update(instance)).plan.phase).to.equal('deployed');
    }
    expect(await values('weave-gitops')).to.deep.equal({ wego: { serviceAccountName: 'ocm-ops' } });
  });

  it('keep an edit in the upgrade that the demo reverts it in', async () => {
    await scene.edit('products/podinfo/values.yaml', /message: .*/, 'message: hello');
    await update('podinfo');
    await release('new-release', 'v1.1.0');
    await update('podinfo');
    const pull = await proposal('podinfo', 'podinfo: v1.0.0 -> v1.1.0');
    expect(await verdict(pull)).to.equal('success');
    expect((await values('podinfo', 'airlock/podinfo'))['podinfo']).to.include({
      message: 'hello',
      logo: '/static/ocm-logo.png',
    });
    await scene.project.mergePullRequest(pull.number);
    expect((await update('podinfo')).plan).to.include({ phase: 'deployed', merged: 'v1.1.0' });
  });

  it('warn of the release whose default its own CUE schema rejects, and refuse a consumer who asks for another', async () => {
    await release('new-config', 'v1.2.0');
    await update('podinfo');
    const pull = await proposal('podinfo', 'podinfo: v1.1.0 -> v1.2.0');
    expect(await verdict(pull)).to.equal('success');
    expect(pull.body).to.match(/conflicting values 1 and 3/);
    await scene.edit('products/podinfo/values.yaml', 'replicas: 3', 'replicas: 2', 'airlock/podinfo');
    expect((await update('podinfo')).plan.phase).to.equal('blocked');
    const red = await proposal('podinfo', 'podinfo: v1.1.0 -> v1.2.0');
    expect(await verdict(red)).to.equal('failure');
    expect(red.body)
      .to.match(/conflicting values 1 and 2/)
      .and.to.match(/values\.yaml:\d+:\d+/);
    await scene.edit('products/podinfo/values.yaml', 'replicas: 2', 'replicas: 3', 'airlock/podinfo');
    await update('podinfo');
    const green = await proposal('podinfo', 'podinfo: v1.1.0 -> v1.2.0');
    expect(await verdict(green)).to.equal('success');
    await scene.project.mergePullRequest(green.number);
    expect((await update('podinfo')).plan).to.include({ phase: 'deployed', merged: 'v1.2.0' });
    expect((await update('weave-gitops')).plan).to.include({ phase: 'deployed', merged: 'v1.0.0' });
  });
});
