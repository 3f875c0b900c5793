import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { loadProduct, parseProductDescription, parseValues, renderProduct } from '../../product';
import { havePrograms, programs } from '../support/programs';
import { memoryReader } from './memory-reader';

const page = readFileSync(path.resolve(__dirname, '..', '..', 'docs', 'product.md'), 'utf8');
const examples = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(match => match[1] ?? '');

describe('docs/product.md', () => {
  before(async function () {
    await havePrograms(this, 'cue', 'kustomize');
  });

  it('has a description and configuration data that work', async () => {
    const [description = '', config = ''] = examples;
    expect(parseProductDescription(description, 'docs').pipelines[0]?.validation?.name).to.equal('rules');
    const reader = memoryReader('example.org/podinfo', '1.0.0', [
      { name: 'image', type: 'ociImage', image: 'registry.example/web:1' },
      { name: 'chart', type: 'helmChart', image: 'registry.example/charts/web:1' },
      {
        name: 'manifests',
        type: 'dir',
        content: {
          'deployment.yaml':
            'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 1, template: {spec: {containers: [{name: web, image: web}]}}}\n',
          'repository.yaml': 'kind: HelmRepository\nspec: {url: ""}\n',
        },
      },
      { name: 'config', type: 'file', content: config },
      { name: 'instructions', type: 'file', content: '# Settings\n' },
      { name: 'schema', type: 'file', content: 'podinfo: replicas: <=2\n' },
      { name: 'rules', type: 'file', content: 'podinfo: replicas: >=1\n' },
      { name: 'description', type: 'productdescription.mpas.ocm.software', content: description },
    ]);
    const { pipelines, faults } = await renderProduct(
      await loadProduct(reader),
      parseValues('podinfo: {replicas: 3}\n'),
      {
        programs,
      },
    );
    const text = (file: string): string => Buffer.from(pipelines[0]?.files.get(file) ?? []).toString();
    expect(text('deployment.yaml'))
      .to.match(/size: small/)
      .and.to.match(/replicas: 3/)
      .and.to.match(/image: registry\.example\/web:1/);
    expect(text('repository.yaml')).to.contain('oci://registry.example/charts/web:1');
    expect(faults.map(each => each.message)).to.deep.equal(['invalid value 3 (out of bound <=2)']);
  });
});
