import { expect } from 'chai';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { mapMpas, readMpas } from '../../product';

const demo = resolve(__dirname, '..', '..', '..', 'shared', 'vectors', 'mpas-demo');

const text = (kind: string, name: string, spec: string, group = 'mpas.ocm.software') =>
  `apiVersion: ${group}/v1alpha1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: ${spec}\n`;

describe('an MPAS installation', () => {
  it('is read as it is, with what a stack needs to take it over', function () {
    if (!existsSync(demo)) {
      console.log('      skipped: the reference demo is not beside this repository');
      return this.skip();
    }
    const files = new Map<string, string>();
    for (const folder of ['flux-repo-src/main-branch', 'flux-repo-src/pr-branch', 'manifests'])
      for (const entry of readdirSync(join(demo, folder), { recursive: true, withFileTypes: true }))
        if (entry.isFile()) {
          const file = join(entry.parentPath, entry.name);
          files.set(relative(join(demo, folder), file), readFileSync(file, 'utf8'));
        }
    const { mappings, settings } = mapMpas(readMpas(files));
    expect(settings).to.deep.equal({
      role: 'consumer',
      project: 'ocm-applications',
      consumerOrganization: 'software-consumer',
      projectRepository: 'mpas-ocm-applications',
      product: 'podinfo',
      component: 'ocm.software/demos/podinfo',
      semver: '>=v1.0.0',
      moreProducts: [{ name: 'weave-gitops', component: 'ocm.software/demos/weave-gitops', semver: '>=v1.0.0' }],
      targetNamespace: 'default',
      signature: 'ocm-signing',
    });
    expect(mappings.map(each => [each.from, each.to])).to.deep.include.members([
      ['Project ocm-applications', 'project mpas-ocm-applications'],
      ['ComponentSubscription podinfo-subscription', 'read as it is (ocm.Replication)'],
      ['ProductDeploymentGenerator weave-gitops', 'product weave-gitops'],
      ['Target kubernetes-target', 'read as it is'],
    ]);
    const generator = mappings.find(each => each.from === 'ProductDeploymentGenerator podinfo');
    expect(generator?.note).to.equal('move it to generators/podinfo.yaml, where it is looked for');
  });

  it('says what is not needed, what is missing and what cannot be read', () => {
    const { mappings } = mapMpas(
      readMpas(
        new Map([
          [
            'generators/shop.yaml',
            text('ProductDeploymentGenerator', 'shop', '{serviceAccountName: a, subscriptionRef: {name: nosuch}}'),
          ],
          ['a.yaml', text('Localization', 'shop', '{}', 'delivery.ocm.software')],
          ['b.yaml', text('Target', 'shop', '{type: [1]}')],
          ['targets/ssh.yaml', text('Target', 'box', '{type: ssh}')],
          ['products/shop/config.cue', '#SchemaVersion: "v1.0.0"'],
          ['c.yaml', 'apiVersion: v1\nkind: Secret\n'],
          ['d.yaml', '{ broken'],
        ]),
      ),
    );
    const notes = Object.fromEntries(mappings.map(each => [each.file, `${each.to}: ${each.note}`]));
    expect(notes['generators/shop.yaml']).to.include('nosuch is not among the files');
    expect(notes['a.yaml']).to.match(/^not needed: snapshots are rendered/);
    expect(notes['b.yaml']).to.match(/^cannot be read: .*spec\.type/);
    expect(notes['targets/ssh.yaml']).to.include('type ssh is not supported');
    expect(notes['products/shop/config.cue']).to.match(/^products\/shop\/values\.yaml: export it/);
    expect(Object.keys(notes)).to.have.length(5);
  });
});
