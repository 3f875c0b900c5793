import { expect } from 'chai';
import { parseProductDescription, readProductDescription } from '../../product/description';
import { memoryReader } from './memory-reader';

const text = `apiVersion: meta.mpas.ocm.software/v1alpha1
kind: ProductDescription
metadata:
  name: podinfo
spec:
  description: Podinfo
  pipelines:
  - name: podinfo
    targetRoleName: ingress
    source: {name: manifests, version: 1.10}
    localization: {name: config, referencePath: [{name: dep}]}
    configuration:
      rules: {name: config}
      readme: {name: instructions}
  targetRoles:
  - name: ingress
    type: kubernetes
    selector:
      matchLabels:
        target.mpas.ocm.software/ingress-enabled: "true"
`;

describe('product description', () => {
  it('reads pipelines and target roles', () => {
    expect(parseProductDescription(text, 'd.yaml')).to.deep.equal({
      name: 'podinfo',
      description: 'Podinfo',
      pipelines: [
        {
          name: 'podinfo',
          targetRoleName: 'ingress',
          source: { name: 'manifests', version: '1.10' },
          localization: { name: 'config', referencePath: [{ name: 'dep' }] },
          configuration: { rules: { name: 'config' }, readme: { name: 'instructions' } },
        },
      ],
      targetRoles: [
        {
          name: 'ingress',
          type: 'kubernetes',
          selector: { matchLabels: { 'target.mpas.ocm.software/ingress-enabled': 'true' } },
        },
      ],
    });
  });
  it('names the position of a fault', () => {
    expect(() => parseProductDescription(text.replace('targetRoleName: ingress', 'targetRoleName: egress'), 'd.yaml'))
      .to.throw('names the target role egress')
      .with.property('where', 'd.yaml:9:21');
    expect(() =>
      parseProductDescription(text.replace('name: podinfo\n    target', 'name: Pod Info\n    target'), 'd.yaml'),
    )
      .to.throw('not a DNS label')
      .with.property('where', 'd.yaml:8:11');
    expect(() =>
      parseProductDescription(text.replace('source: {name: manifests, version: 1.10}', 'x: 1'), 'd.yaml'),
    ).to.throw('needs a source');
  });
  it('refuses components that are no product', async () => {
    const types = async (count: number): Promise<string> => {
      const resources = Array.from({ length: count }, (_each, at) => {
        return { name: `description-${at}`, type: 'productdescription.mpas.ocm.software', content: text };
      });
      try {
        return (await readProductDescription(memoryReader('acme.org/x', '1.0.0', resources))).name;
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    expect(await types(0)).to.equal('product.not-a-product');
    expect(await types(1)).to.equal('podinfo');
    expect(await types(2)).to.equal('product.not-a-product');
  });
});
