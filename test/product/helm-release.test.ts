import { expect } from 'chai';
import { planProposal, type ResourceReader } from '../../product';
import { havePrograms, programs } from '../support/programs';
import { memoryReader } from './memory-reader';
import { instance } from './podinfo';

const release = (extra = ''): string =>
  `apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: web, namespace: web}\nspec:\n  interval: 1m\n  chart: {spec: {chart: web, version: 1.0.0}}\n  values:\n    replicas: 1\n${extra}`;
const description = `kind: ProductDescription
metadata: {name: web}
spec:
  pipelines:
  - name: web
    targetRoleName: any
    source: {name: manifests}
    configuration: {rules: {name: config}}
  targetRoles:
  - {name: any, type: kubernetes}
`;
const product = (version: string, template: string, more: Record<string, string> = {}): ResourceReader =>
  memoryReader('example.org/web', version, [
    { name: 'manifests', type: 'dir', content: { 'release.yaml': release(), ...more } },
    {
      name: 'chart',
      type: 'helmChart',
      content: {
        'web/Chart.yaml': `apiVersion: v2\nname: web\nversion: ${version}\n`,
        'web/templates/web.yaml': template,
      },
    },
    {
      name: 'config',
      type: 'file',
      content:
        'kind: ConfigData\nconfiguration:\n  defaults: {replicas: 2}\n  rules:\n  - {file: release.yaml, path: spec.values.replicas, value: (( replicas ))}\n',
    },
    { name: 'description', type: 'productdescription.mpas.ocm.software', content: description },
  ]);
const template = (image: string): string =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: "{{ .Release.Name }}", namespace: "{{ .Release.Namespace }}"}\nspec:\n  replicas: {{ .Values.replicas }}\n  image: ${image}\n`;

describe('HelmReleases', () => {
  before(async function () {
    await havePrograms(this, 'helm');
  });
  const render = { programs };

  it('are compared by what they deploy, while the snapshot holds them as they are', async () => {
    const old = product('1.0.0', template('web:1'));
    const installed = await planProposal({ instance, reader: old, merged: {}, render });
    const file = (name: string): string => installed.files.get(`products/podinfo/${name}`) ?? '';
    expect(Buffer.from(installed.snapshots[0]?.layer.bytes ?? []).toString()).to.not.contain('kind: Deployment');
    const upgrade = await planProposal({
      instance,
      reader: product('1.1.0', template('web:2')),
      previous: old,
      merged: { values: file('values.yaml').replace('replicas: 2', 'replicas: 3'), lock: file('lock.yaml') },
      render,
    });
    const [diff] = upgrade.manifestDiff;
    expect(upgrade.manifestDiff.map(each => `${each.kind} ${each.object}`)).to.deep.equal([
      'changed Deployment web/web',
    ]);
    expect(diff?.text).to.contain('-  image: web:1').and.to.contain('+  image: web:2');
    expect(diff?.text).to.contain('   replicas: 3');
  });

  it('whose chart is not there, or does not render, are told', async () => {
    const broken = await planProposal({
      instance,
      reader: product('1.0.0', '{{ .Values.none.at.all }}'),
      merged: {},
      render,
    });
    expect(broken.phase).to.equal('proposed');
    expect(broken.warnings.join()).to.match(/HelmRelease web deploys is not compared: Helm cannot render/);
  });

  it('are checked against their definition where it is given', async () => {
    const definition = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: helmreleases.helm.toolkit.fluxcd.io}
spec:
  group: helm.toolkit.fluxcd.io
  names: {kind: HelmRelease}
  versions:
  - name: v2
    served: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, required: [interval, releaseName], properties: {interval: {type: string}}}
`;
    const proposal = await planProposal({
      instance,
      reader: product('1.0.0', template('web:1')),
      merged: {},
      render: { programs, definitions: [definition] },
    });
    expect(proposal.phase).to.equal('blocked');
    expect(proposal.faults.map(each => `${each.where} ${each.path} ${each.message}`)).to.deep.equal([
      "web/release.yaml:1 HelmRelease web spec must have required property 'releaseName'",
    ]);
  });
});
