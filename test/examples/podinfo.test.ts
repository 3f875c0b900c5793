import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse, parseAllDocuments } from 'yaml';
import { digestOf, MediaType, type Descriptor } from '../../oci';
import { buildComponents, memorySpace, repositoryIn, type Registries } from '../../ocm';
import { planLockRenewal, planProposal, type InstanceFiles, type Proposal, resourceReader, type ResourceReader } from '../../product';
import { instance } from '../product/podinfo';

const folder = join(__dirname, '..', '..', 'examples', 'podinfo');
const branches = { main: '1.0.0', 'new-release': '1.1.0', 'new-config': '1.2.0' } as const;
type Branch = keyof typeof branches;

const registry = 'consumer-registry.localhost:8080';

/** A registry in memory that holds an image of this podinfo. */
async function registryWith(podinfo: string): Promise<{ registries: Registries; digest: string }> {
  const space = memorySpace(registry);
  const content = space.content('podinfo');
  const push = async (mediaType: string, bytes: Buffer): Promise<Descriptor> => {
    const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
    await content.push(descriptor, bytes);
    return descriptor;
  };
  const config = await push('application/vnd.oci.image.config.v1+json', Buffer.from(JSON.stringify({ podinfo })));
  const manifest = { schemaVersion: 2, mediaType: MediaType.manifest, config, layers: [] };
  const image = await push(MediaType.manifest, Buffer.from(JSON.stringify(manifest)));
  await content.tag(image, podinfo);
  return { registries: () => space, digest: image.digest };
}

/** The component version that a branch's release would be. */
async function release(branch: Branch): Promise<{ reader: ResourceReader; image: string }> {
  const env = readFileSync(join(folder, branch, 'release.env'), 'utf8');
  const podinfo = /^PODINFO_VERSION=(\S+)$/m.exec(env)?.[1] ?? '';
  const { registries, digest } = await registryWith(podinfo);
  const repository = repositoryIn(memorySpace(), { registries });
  const [built] = await buildComponents(join(folder, branch, 'component-constructor.yaml'), repository, {
    registries,
    settings: { VERSION: branches[branch], PODINFO_VERSION: podinfo, REGISTRY: registry },
    epoch: 0,
  });
  if (!built) throw new Error('no component');
  const reader = resourceReader(await repository.open(built.component, built.version));
  return { reader, image: `${registry}/podinfo:${podinfo}@${digest}` };
}

const merge = (proposal: Pick<Proposal, 'files'>): InstanceFiles & { lock: string } => ({
  lock: proposal.files.get('products/podinfo/lock.yaml') ?? '',
  values: proposal.files.get('products/podinfo/values.yaml') ?? '',
});

describe('examples/podinfo', () => {
  it('installs, takes an edit, upgrades with the edit kept, warns of the vendor own mistake', async () => {
    const [main, newRelease, newConfig] = [await release('main'), await release('new-release'), await release('new-config')];
    const install = await planProposal({ instance, reader: main.reader, merged: {} });
    expect(install).to.include({ kind: 'install', phase: 'proposed' });
    expect(install.warnings).to.deep.equal([]);
    expect(install.images.map(each => each.reference)).to.deep.equal([main.image]);
    const diff = install.manifestDiff.map(each => each.text).join('\n');
    expect(diff).to.contain(`image: ${registry}/podinfo@${main.image.split('@')[1] ?? ''}`);
    expect(install.manifestDiff.map(each => each.object)).to.have.members(['Deployment podinfo', 'Service podinfo']);

    const installed = merge(install);
    const current = {
      ...installed,
      values: installed.values?.replace('message: podinfo', 'message: hello').replace('replicas: 1', 'replicas: 2') ?? '',
    };
    const renewal = await planLockRenewal({ instance, reader: main.reader, current, answers: { commit: 'abc' } });
    expect(renewal.phase).to.equal('renewed');
    const edited = { ...current, lock: renewal.files.get('products/podinfo/lock.yaml') ?? '' };

    const upgrade = await planProposal({
      instance,
      reader: newRelease.reader,
      previous: main.reader,
      merged: edited,
    });
    expect(upgrade).to.include({ kind: 'upgrade', phase: 'proposed', title: 'podinfo: 1.0.0 -> 1.1.0' });
    const values = (parse(merge(upgrade).values ?? '') as { podinfo: Record<string, unknown> }).podinfo;
    expect(values).to.include({ message: 'hello', replicas: 2, color: '#2f6f4f' });
    expect(values.logo).to.match(/^data:image\/svg/);
    expect(merge(upgrade).values).to.contain('# Picture above the greeting');

    const broken = await planProposal({
      instance,
      reader: newConfig.reader,
      previous: newRelease.reader,
      merged: merge(await planProposal({ instance, reader: newRelease.reader, merged: {} })),
    });
    expect(broken.phase).to.equal('proposed');
    expect(broken.warnings.join()).to.contain('podinfo.replicas must be <= 4');
  });

  it('has manifests that Kubernetes tools read the same way', () => {
    for (const branch of Object.keys(branches)) {
      for (const file of readdirSync(join(folder, branch, 'manifests'))) {
        for (const document of parseAllDocuments(readFileSync(join(folder, branch, 'manifests', file), 'utf8'))) {
          expect(document.errors).to.deep.equal([]);
          expect(document.toJS()).to.have.nested.property('metadata.name', 'podinfo');
        }
      }
    }
  });
});
