import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse, parseAllDocuments } from 'yaml';
import { planLockRenewal, planProposal, type InstanceFiles, type Proposal, type ResourceReader } from '../../product';
import { memoryReader, type MemoryResource } from '../product/memory-reader';
import { digestOf, instance } from '../product/podinfo';

const folder = join(__dirname, '..', '..', 'examples', 'podinfo');
const branches = { main: '1.0.0', 'new-release': '1.1.0', 'new-config': '1.2.0' } as const;
type Branch = keyof typeof branches;

interface Constructor {
  readonly components: readonly {
    readonly name: string;
    readonly version: string;
    readonly resources: readonly {
      readonly name: string;
      readonly type: string;
      readonly input?: { readonly type: string; readonly path: string };
      readonly access?: { readonly imageReference: string };
    }[];
  }[];
}

/** The component that a branch's constructor describes, with its image where a transfer would have put it. */
function component(branch: Branch): ResourceReader {
  const read = (path: string) => readFileSync(join(folder, branch, path), 'utf8');
  const podinfo = /^PODINFO_VERSION=(\S+)$/m.exec(read('release.env'))?.[1] ?? '';
  const text = read('component-constructor.yaml')
    .replaceAll('${VERSION}', branches[branch])
    .replaceAll('${PODINFO_VERSION}', podinfo)
    .replaceAll('${REGISTRY}', 'consumer-registry.localhost:8080');
  expect(text.replace(/^#.*$/gm, '')).to.not.contain('${');
  const [only] = (parse(text) as Constructor).components;
  if (!only) throw new Error('no component');
  const resources = only.resources.map(({ name, type, input, access }): MemoryResource => {
    if (access) return { name, type, image: `${access.imageReference}@${digestOf(podinfo === '1.8.0' ? 'a' : 'b')}` };
    if (input?.type === 'dir') {
      const files = readdirSync(join(folder, branch, input.path)).map(file => [file, read(join(input.path, file))]);
      return { name, type, content: Object.fromEntries(files) as Record<string, string> };
    }
    return { name, type, content: read(input?.path ?? '') };
  });
  return memoryReader(only.name, only.version, resources);
}

const merge = (proposal: Pick<Proposal, 'files'>): InstanceFiles & { lock: string } => ({
  lock: proposal.files.get('products/podinfo/lock.yaml') ?? '',
  values: proposal.files.get('products/podinfo/values.yaml') ?? '',
});

describe('examples/podinfo', () => {
  it('installs, takes an edit, upgrades with the edit kept, warns of the vendor own mistake', async () => {
    const install = await planProposal({ instance, reader: component('main'), merged: {} });
    expect(install).to.include({ kind: 'install', phase: 'proposed' });
    expect(install.warnings).to.deep.equal([]);
    expect(install.images.map(each => each.reference)).to.deep.equal([
      `consumer-registry.localhost:8080/podinfo:1.8.0@${digestOf('a')}`,
    ]);
    const diff = install.manifestDiff.map(each => each.text).join('\n');
    expect(diff).to.contain(`image: consumer-registry.localhost:8080/podinfo@${digestOf('a')}`);
    expect(install.manifestDiff.map(each => each.object)).to.have.members(['Deployment podinfo', 'Service podinfo']);

    const installed = merge(install);
    const current = {
      ...installed,
      values: installed.values?.replace('message: podinfo', 'message: hello').replace('replicas: 1', 'replicas: 2') ?? '',
    };
    const renewal = await planLockRenewal({ instance, reader: component('main'), current, answers: { commit: 'abc' } });
    expect(renewal.phase).to.equal('renewed');
    const edited = { ...current, lock: renewal.files.get('products/podinfo/lock.yaml') ?? '' };

    const upgrade = await planProposal({
      instance,
      reader: component('new-release'),
      previous: component('main'),
      merged: edited,
    });
    expect(upgrade).to.include({ kind: 'upgrade', phase: 'proposed', title: 'podinfo: 1.0.0 -> 1.1.0' });
    const values = (parse(merge(upgrade).values ?? '') as { podinfo: Record<string, unknown> }).podinfo;
    expect(values).to.include({ message: 'hello', replicas: 2, color: '#2f6f4f' });
    expect(values.logo).to.match(/^data:image\/svg/);
    expect(merge(upgrade).values).to.contain('# Picture above the greeting');

    const broken = await planProposal({
      instance,
      reader: component('new-config'),
      previous: component('new-release'),
      merged: merge(await planProposal({ instance, reader: component('new-release'), merged: {} })),
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
