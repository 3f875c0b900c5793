import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse, parseAllDocuments } from 'yaml';
import { languagePrograms, programListing } from '../../images';
import { digestOf, MediaType, type Descriptor } from '../../oci';
import { buildComponents, memorySpace, repositoryIn, type Registries } from '../../ocm';
import { planLockRenewal, planProposal, type InstanceFiles, type Proposal, resourceReader, type ResourceReader } from '../../product';
import { instance as podinfo } from '../product/podinfo';

const folder = join(__dirname, '..', '..', 'examples', 'orders');
const branches = { main: '1.0.0', 'new-release': '1.1.0', 'new-config': '1.2.0' } as const;
type Branch = keyof typeof branches;

const registry = 'consumer-registry.localhost:8080';
const instance = { ...podinfo, name: 'orders' };
const render = { programs: languagePrograms() };

/** A registry in memory that holds the images of a release. */
async function registryWith(images: Readonly<Record<string, string>>): Promise<Registries> {
  const space = memorySpace(registry);
  for (const [name, tag] of Object.entries(images)) {
    const content = space.content(`orders/${name}`);
    const push = async (mediaType: string, bytes: Buffer): Promise<Descriptor> => {
      const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
      await content.push(descriptor, bytes);
      return descriptor;
    };
    const config = await push('application/vnd.oci.image.config.v1+json', Buffer.from(JSON.stringify({ name, tag })));
    const manifest = { schemaVersion: 2, mediaType: MediaType.manifest, config, layers: [] };
    await content.tag(await push(MediaType.manifest, Buffer.from(JSON.stringify(manifest))), tag);
  }
  return () => space;
}

/** The component version that a branch's release would be. */
async function release(branch: Branch): Promise<ResourceReader> {
  const version = branches[branch];
  const nats = /^NATS_VERSION=(\S+)$/m.exec(readFileSync(join(folder, branch, 'release.env'), 'utf8'))?.[1] ?? '';
  const registries = await registryWith({ nats, shop: version, fulfilment: version });
  const repository = repositoryIn(memorySpace(), { registries });
  const built = await buildComponents(join(folder, branch, 'component-constructor.yaml'), repository, {
    registries,
    settings: { VERSION: version, NATS_VERSION: nats, REGISTRY: registry },
    epoch: 0,
  });
  expect(built.map(each => `${each.component}:${each.version}`)).to.deep.equal([
    `ocm.software/demos/broker:${version}`,
    `ocm.software/demos/orders:${version}`,
  ]);
  return resourceReader(await repository.open('ocm.software/demos/orders', version));
}

const file = (proposal: Pick<Proposal, 'files'>, name: string): string =>
  proposal.files.get(`products/orders/${name}`) ?? '';

const merge = (proposal: Pick<Proposal, 'files'>): InstanceFiles & { lock: string; values: string } => ({
  lock: file(proposal, 'lock.yaml'),
  values: file(proposal, 'values.yaml'),
});

/** The manifests of a pipeline that a proposal would have deployed. */
const diffOf = (proposal: Proposal): string => proposal.manifestDiff.map(each => each.text).join('\n');

describe('examples/orders', function () {
  this.timeout(60_000);

  before(async function () {
    if ((await programListing()).some(({ path }) => path === undefined)) {
      console.log('      skipped: not all of cue, helm, kustomize, opa are in the cache');
      return this.skip();
    }
  });

  it('installs broker and services, with the images of both components by digest', async () => {
    const install = await planProposal({ instance, reader: await release('main'), merged: {}, render });
    expect(install).to.include({ kind: 'install', phase: 'proposed' });
    expect(install.warnings).to.deep.equal([]);
    expect(install.images.map(each => each.reference.split('@')[0])).to.have.members([
      `${registry}/orders/nats:2.15.2`,
      `${registry}/orders/shop:1.0.0`,
      `${registry}/orders/fulfilment:1.0.0`,
    ]);
    expect(install.manifestDiff.map(each => each.object)).to.have.members([
      'Deployment broker',
      'Service broker',
      'Deployment shop',
      'Service shop',
      'Deployment fulfilment',
      'Service fulfilment',
    ]);
    for (const name of ['nats', 'shop', 'fulfilment'])
      expect(diffOf(install)).to.match(new RegExp(`image: "?${registry}/orders/${name}@sha256:`));
    expect(Object.keys(parse(file(install, 'values.yaml')) as object)).to.deep.equal(['broker', 'services']);
    expect(file(install, 'README.md')).to.contain('Settings of the services');
  });

  it('keeps edits in an upgrade that adds a setting, and says where both sides changed one', async () => {
    const [main, newRelease] = [await release('main'), await release('new-release')];
    const installed = merge(await planProposal({ instance, reader: main, merged: {}, render }));
    const current = { ...installed, values: installed.values.replace('replicas: 1', 'replicas: 3') };
    const renewal = await planLockRenewal({ instance, reader: main, current, render, answers: { commit: 'abc' } });
    expect(renewal.phase).to.equal('renewed');
    const merged = { ...current, lock: file(renewal, 'lock.yaml') };
    const upgrade = await planProposal({ instance, reader: newRelease, previous: main, merged, render });
    expect(upgrade).to.include({ phase: 'proposed', title: 'orders: 1.0.0 -> 1.1.0' });
    const { services } = parse(file(upgrade, 'values.yaml')) as { services: Record<string, unknown> };
    expect(services).to.deep.include({ ordersPerSecond: 2, currency: 'EUR', fulfilment: { replicas: 3 } });
    expect(file(upgrade, 'values.yaml')).to.contain('# What the orders are paid in');

    const both = { ...merged, values: merged.values.replace('ordersPerSecond: 1', 'ordersPerSecond: 5') };
    const conflict = await planProposal({ instance, reader: newRelease, previous: main, merged: both, render });
    expect(conflict.phase).to.equal('blocked');
    expect(JSON.stringify(conflict.conflicts)).to.contain('ordersPerSecond');
  });

  it('has rules that values must pass together, and a release whose rules are stricter', async () => {
    const [main, newConfig] = [await release('main'), await release('new-config')];
    const install = merge(await planProposal({ instance, reader: main, merged: {}, render }));
    const overrun = { ...install, values: install.values.replace('ordersPerSecond: 1', 'ordersPerSecond: 11') };
    const renewal = await planLockRenewal({ instance, reader: main, current: overrun, render, answers: { commit: 'a' } });
    expect(JSON.stringify(renewal.faults)).to.contain('1 can deal with 10 orders per second');

    const pinned = { ...install, values: install.values.replace('replicas: 1', 'replicas: 1 #+mpas-ignore') };
    const upgrade = await planProposal({ instance, reader: newConfig, previous: main, merged: pinned, render });
    expect(upgrade.phase).to.equal('blocked');
    expect(upgrade.faults.map(each => each.message).join()).to.contain('1 is not enough');
    expect(upgrade.faults[0]?.path).to.equal('services.fulfilment.replicas');
    expect(upgrade.faults[0]?.where).to.match(/values\.yaml:\d+:\d+$/);
    const corrected = file(upgrade, 'values.yaml').replace('replicas: 1 #+mpas-ignore', 'replicas: 2');
    const branch = { ...merge(upgrade), values: corrected, fork: pinned };
    const green = await planProposal({ instance, reader: newConfig, previous: main, merged: pinned, branch, render });
    expect(green.phase).to.equal('proposed');
  });

  it('has broker manifests that Kubernetes tools read the same way', () => {
    for (const branch of Object.keys(branches)) {
      for (const name of ['deployment.yaml', 'service.yaml']) {
        const text = readFileSync(join(folder, branch, 'broker', 'manifests', name), 'utf8');
        for (const document of parseAllDocuments(text)) {
          expect(document.errors).to.deep.equal([]);
          expect(document.toJS()).to.have.nested.property('metadata.name', 'broker');
        }
      }
    }
  });
});
