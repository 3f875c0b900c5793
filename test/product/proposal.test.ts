import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import { parse, parseAllDocuments } from 'yaml';
import { planLockRenewal, planProposal, readTar, type InstanceFiles, type Proposal } from '../../product';
import { storedGzip } from '../../product/snapshot';
import { instance, version100, version110, version120 } from './podinfo';

const file = (proposal: Pick<Proposal, 'files'>, name: string): string => {
  const text = proposal.files.get(`products/podinfo/${name}`);
  if (text === undefined) throw new Error(`no ${name}`);
  return text;
};
/** The instance's folder after a merge. */
const merge = (
  proposal: Pick<Proposal, 'files'>,
  onto?: InstanceFiles,
): InstanceFiles & { lock: string; values: string } => {
  const files = new Map([...(onto?.files ?? []), ...proposal.files]);
  return { files, lock: file({ files }, 'lock.yaml'), values: file({ files }, 'values.yaml') };
};
const edited = (at: InstanceFiles, from: string, to: string): InstanceFiles & { lock: string; values: string } => {
  const values = at.values?.replace(from, to) ?? '';
  const files = new Map(at.files);
  files.set('products/podinfo/values.yaml', values);
  return { files, values, lock: at.lock ?? '' };
};
const golden = (name: string, text: string): void => {
  const path = join(__dirname, 'testdata', name);
  if (process.env.AIRLOCK_UPDATE_GOLDEN) writeFileSync(path, text);
  expect(text).to.equal(readFileSync(path, 'utf8'));
};
const verifiedBy = ['ocm-signing'];

describe('planProposal', () => {
  it('installs: golden files', async () => {
    const proposal = await planProposal({ instance, reader: version100(), merged: {}, verifiedBy });
    expect(proposal).to.include({
      kind: 'install',
      phase: 'proposed',
      branch: 'airlock/podinfo',
      title: 'podinfo: install 1.0.0',
    });
    expect([...proposal.files.keys()]).to.deep.equal(
      ['product-deployment.yaml', 'values.yaml', 'README.md', 'lock.yaml', 'flux.yaml', 'kustomization.yaml'].map(
        name => `products/podinfo/${name}`,
      ),
    );
    golden('install.txt', [...proposal.files].map(([path, text]) => `=== ${path}\n${text}`).join('\n'));
    golden('install-body.md', proposal.body);
  });

  it('pins Flux to a snapshot that holds the localized, configured manifests', async () => {
    const proposal = await planProposal({ instance, reader: version100(), merged: {} });
    const [snapshot] = proposal.snapshots;
    if (!snapshot) throw new Error('no snapshot');
    const [source, kustomization] = parseAllDocuments(file(proposal, 'flux.yaml')).map(
      each => each.toJS() as { spec: object },
    );
    expect(source?.spec).to.deep.include({
      url: 'oci://consumer-registry.localhost:8080/snapshots/mpas-ocm-applications/podinfo/podinfo',
      ref: { digest: snapshot.digest },
      insecure: true,
      secretRef: { name: 'registry-pull' },
    });
    expect(kustomization?.spec).to.deep.include({ targetNamespace: 'podinfo', prune: true, wait: true });
    const files = await readTar(gunzipSync(snapshot.layer.bytes), 'layer');
    const [deployment] = parseAllDocuments(Buffer.from(files.get('deployment.yaml') ?? []).toString());
    expect(deployment?.getIn(['spec', 'template', 'spec', 'containers', 0, 'image'])).to.equal(
      `consumer-registry.localhost:8080/components/podinfo@sha256:${'a'.repeat(64)}`,
    );
    expect(deployment?.getIn(['spec', 'template', 'spec', 'containers', 0, 'env', 0, 'value'])).to.equal('podinfo');
    expect(JSON.parse(Buffer.from(snapshot.manifest.bytes).toString()))
      .to.have.property('layers')
      .with.length(1);
    expect(snapshot.tag).to.equal(`1.0.0-${snapshot.digest.slice(7, 19)}`);
  });

  it('has nothing to do after the merge', async () => {
    const merged = merge(await planProposal({ instance, reader: version100(), merged: {} }));
    const again = await planProposal({ instance, reader: version100(), previous: version100(), merged });
    expect(again).to.include({ kind: 'none', phase: 'deployed' });
    expect(again.manifestDiff).to.deep.equal([]);
    const drifted = merge({ files: new Map([['products/podinfo/flux.yaml', 'x: 1\n']]) }, merged);
    expect(await planProposal({ instance, reader: version100(), previous: version100(), merged: drifted })).to.include({
      kind: 'renewal',
    });
  });

  it('upgrades with the consumer edits kept: golden body', async () => {
    const installed = merge(await planProposal({ instance, reader: version100(), merged: {} }));
    const edit = edited(installed, 'replicas: 1', 'replicas: 2 # two are enough');
    const renewal = await planLockRenewal({
      instance,
      reader: version100(),
      current: edit,
      answers: { commit: 'c0ffee' },
    });
    const merged = merge(renewal, edit);
    const proposal = await planProposal({ instance, reader: version110(), previous: version100(), merged, verifiedBy });
    expect(proposal).to.include({
      kind: 'upgrade',
      phase: 'proposed',
      title: 'podinfo: 1.0.0 -> 1.1.0',
      from: '1.0.0',
    });
    expect(parse(file(proposal, 'values.yaml'))).to.deep.equal({
      podinfo: { message: 'podinfo, renewed', replicas: 2, logo: '/static/ocm-logo.png' },
    });
    expect(Object.fromEntries(proposal.valuesChanges.map(each => [each.path, each.kind]))).to.deep.equal({
      'podinfo.message': 'vendor-changed',
      'podinfo.replicas': 'kept-edit',
      'podinfo.logo': 'vendor-added',
    });
    golden('upgrade-values.yaml', file(proposal, 'values.yaml'));
    golden('upgrade-body.md', proposal.body);
    const after = await planProposal({
      instance,
      reader: version110(),
      previous: version110(),
      merged: merge(proposal, merged),
    });
    expect(after.kind).to.equal('none');
  });

  it('blocks on a conflict until a person decides on the branch', async () => {
    const installed = merge(await planProposal({ instance, reader: version100(), merged: {} }));
    const merged = edited(installed, 'message: "podinfo"', 'message: "ours"');
    const plan = (branch?: InstanceFiles) =>
      planProposal({
        instance,
        reader: version110(),
        previous: version100(),
        merged,
        ...(branch && { branch: { ...branch, fork: merged } }),
      });
    const proposal = await plan();
    expect(proposal.phase).to.equal('blocked');
    expect(proposal.conflicts).to.deep.equal([
      { path: 'podinfo.message', kind: 'conflict', base: 'podinfo', current: 'ours', next: 'podinfo, renewed' },
    ]);
    expect(proposal.body).to.contain('Validation: blocked').and.to.contain('`podinfo.message`');
    const branch = merge(proposal);
    expect((await plan(branch)).digest).to.equal(proposal.digest);
    for (const [from, to] of [
      ['"ours"', '"third"'],
      ['"ours"', '"podinfo, renewed"'],
      ['"ours"', '"ours" #+mpas-ignore'],
      ['podinfo:\n', '# +airlock-keep podinfo.message\npodinfo:\n'],
    ] as const) {
      const decided = await plan(edited(branch, from, to));
      expect(decided.phase, to).to.equal('proposed');
      expect(file(decided, 'values.yaml'), to).to.contain(to);
      const merged2 = merge(decided);
      expect(
        (await planProposal({ instance, reader: version110(), previous: version110(), merged: merged2 })).kind,
        to,
      ).to.equal('none');
    }
  });

  it('takes what moved on main into a branch that people edited', async () => {
    const fork = merge(await planProposal({ instance, reader: version100(), merged: {} }));
    const branch = merge(await planProposal({ instance, reader: version110(), previous: version100(), merged: fork }));
    const merged = edited(fork, 'replicas: 1', 'replicas: 3');
    const proposal = await planProposal({
      instance,
      reader: version110(),
      previous: version100(),
      merged,
      branch: { ...edited(branch, '/static/ocm-logo.png', '/ours.png'), fork },
    });
    expect(parse(file(proposal, 'values.yaml'))).to.deep.equal({
      podinfo: { message: 'podinfo, renewed', replicas: 3, logo: '/ours.png' },
    });
    expect(proposal.phase).to.equal('proposed');
  });

  it('keeps branch edits when a newer version supersedes the proposal', async () => {
    const merged = merge(await planProposal({ instance, reader: version100(), merged: {} }));
    const branch = merge(await planProposal({ instance, reader: version110(), previous: version100(), merged }));
    const proposal = await planProposal({
      instance,
      reader: version120(),
      previous: version100(),
      merged,
      branch: { ...edited(branch, 'replicas: 1', 'replicas: 4'), fork: merged },
    });
    expect(parse(file(proposal, 'values.yaml'))).to.deep.include({
      podinfo: { message: 'podinfo, renewed', replicas: 4, logo: '/static/ocm-logo.png' },
    });
  });

  it('blocks on consumer faults, with the position, and only warns of the vendor own', async () => {
    const installed = merge(await planProposal({ instance, reader: version100(), merged: {} }));
    const merged = edited(installed, 'replicas: 1', 'replicas: 9');
    const proposal = await planProposal({ instance, reader: version110(), previous: version100(), merged });
    expect(proposal.phase).to.equal('blocked');
    expect(proposal.faults.map(each => [each.path, each.message, each.where])).to.deep.equal([
      ['podinfo.replicas', 'must be <= 4', 'products/podinfo/values.yaml:6:13'],
    ]);
    const vendor = await planProposal({ instance, reader: version120(), previous: version100(), merged: installed });
    expect(vendor.phase).to.equal('proposed');
    expect(vendor.warnings.join()).to.contain('podinfo.replicas must be <= 4');
  });

  it('shows what a downgrade takes back', async () => {
    const installed = merge(await planProposal({ instance, reader: version110(), merged: {} }));
    const proposal = await planProposal({ instance, reader: version100(), previous: version110(), merged: installed });
    expect(proposal).to.include({ kind: 'downgrade', title: 'podinfo: go back 1.1.0 -> 1.0.0' });
    expect(parse(file(proposal, 'values.yaml'))).to.deep.equal({ podinfo: { message: 'podinfo', replicas: 1 } });
  });

  it('refuses a previous version that is not the locked one, and works without any', async () => {
    const merged = merge(await planProposal({ instance, reader: version100(), merged: {} }));
    const code = await planProposal({ instance, reader: version110(), previous: version120(), merged }).catch(
      (error: unknown) => (error as { code: string }).code,
    );
    expect(code).to.equal('product.previous-mismatch');
    const without = await planProposal({ instance, reader: version110(), merged });
    expect(without.warnings).to.have.length(1);
    expect(without.valuesChanges.map(each => each.kind)).to.include('adopted');
  });

  it('refuses broken values, broken locks and missing targets', async () => {
    const merged = merge(await planProposal({ instance, reader: version100(), merged: {} }));
    const codes = async (input: Partial<Parameters<typeof planProposal>[0]>) =>
      planProposal({ instance, reader: version110(), previous: version100(), merged, ...input }).then(
        () => 'accepted',
        (error: unknown) => `${(error as { code: string }).code} ${(error as { where?: string }).where ?? ''}`.trim(),
      );
    expect(await codes({ merged: { ...merged, values: 'podinfo:\n  a: [\n' } })).to.match(
      /^product.yaml-invalid products\/podinfo\/values.yaml:/,
    );
    expect(await codes({ merged: { ...merged, lock: merged.lock.replace('sha256:', 'sha1:') } })).to.match(
      /^product.lock-invalid .*lock.yaml:10:/,
    );
    expect(await codes({ instance: { ...instance, targets: [] } })).to.equal('product.no-target');
    expect(await codes({ instance: { ...instance, name: '../x' } })).to.equal('product.instance-invalid');
  });
});

describe('planLockRenewal', () => {
  const installed = async () => merge(await planProposal({ instance, reader: version100(), merged: {} }));
  const answers = { commit: 'c0ffee00c0ffee00', subject: 'Two pods' };

  it('answers an edit with a new lock and snapshot, once', async () => {
    const current = edited(await installed(), 'replicas: 1', 'replicas: 2');
    const renewal = await planLockRenewal({ instance, reader: version100(), current, answers });
    expect(renewal.phase).to.equal('renewed');
    expect([...renewal.files.keys()]).to.deep.equal(['products/podinfo/lock.yaml', 'products/podinfo/flux.yaml']);
    expect(renewal.commitMessage).to.contain('Answers c0ffee00c0ffee00: Two pods');
    expect(file(renewal, 'flux.yaml')).to.contain(renewal.snapshots[0]?.digest);
    const again = await planLockRenewal({ instance, reader: version100(), current: merge(renewal, current), answers });
    expect(again.phase).to.equal('unchanged');
    expect(again.files.size).to.equal(0);
  });
  it('keeps what runs when the values are not valid', async () => {
    const current = edited(await installed(), 'replicas: 1', 'replicas: 0');
    const renewal = await planLockRenewal({ instance, reader: version100(), current, answers });
    expect(renewal.phase).to.equal('blocked');
    expect(renewal.files.size).to.equal(0);
    expect(renewal.faults.map(each => each.where)).to.deep.equal(['products/podinfo/values.yaml:6:13']);
  });
  it('refuses a version that is not the locked one', async () => {
    const current = await installed();
    const code = await planLockRenewal({ instance, reader: version110(), current, answers }).catch(
      (error: unknown) => (error as { code: string }).code,
    );
    expect(code).to.equal('product.renewal-mismatch');
  });
});

describe('snapshot layers', () => {
  it('are gzip without compression, readable by anyone', () => {
    for (const size of [0, 1, 0xffff, 0x10000, 200_000]) {
      const bytes = Buffer.alloc(size, 7);
      expect(gunzipSync(storedGzip(bytes)).equals(bytes)).to.equal(true);
    }
  });
});
