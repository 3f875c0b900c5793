import { expect } from 'chai';
import { parseValues } from '../../product/configure';
import { loadProduct } from '../../product/product';
import { renderProduct, type RenderedProduct } from '../../product/render';
import { havePrograms, programs } from '../support/programs';
import { codeOf } from '../support/tar';
import { memoryReader, type MemoryResource } from './memory-reader';

const chart = {
  'web/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
  'web/values.yaml':
    '# Number of pods\nreplicas: 1\nimage:\n  registry: docker.io # apart\n  repository: vendor/web\n  tag: "1"\n',
  'web/templates/deployment.yaml':
    'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ .Release.Name }}-web\n  namespace: {{ .Release.Namespace }}\nspec:\n  replicas: {{ .Values.replicas }}\n  template:\n    spec:\n      serviceAccountName: {{ dig "account" "name" "default" .Values.AsMap }}\n      containers:\n      - image: {{ .Values.image.registry }}/{{ .Values.image.repository }}:{{ .Values.image.tag }}\n',
  'web/templates/hook.yaml':
    'apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: migrate\n  annotations:\n    helm.sh/hook: pre-install\n',
  'web/crds/thing.yaml':
    'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: things.example\n',
};
const config = `kind: ConfigData
localization:
- {file: web/values.yaml, registry: image.registry, repository: image.repository, tag: image.tag, resource: {name: image}}
configuration:
  defaults: {replicas: 2, account: web}
  rules:
  - {file: web/values.yaml, path: replicas, value: (( replicas ))}
  - {file: web/values.yaml, path: account.name, value: (( account ))}
`;
const description = `kind: ProductDescription
metadata: {name: web}
spec:
  pipelines:
  - name: web
    targetRoleName: any
    source: {name: source}
    localization: {name: config}
    configuration: {rules: {name: config}}
  targetRoles:
  - {name: any, type: kubernetes}
`;
const resources = (content: Record<string, string>, type = 'helmChart'): MemoryResource[] => [
  { name: 'source', type, content },
  { name: 'image', type: 'ociImage', image: 'consumer.example:5000/mirror/web:2' },
  { name: 'config', type: 'file', content: config },
  { name: 'description', type: 'productdescription.mpas.ocm.software', content: description },
];
const render = async (content: Record<string, string>, values = ''): Promise<RenderedProduct> =>
  renderProduct(await loadProduct(memoryReader('example.org/web', '1.0.0', resources(content))), parseValues(values), {
    programs,
    release: () => ({ name: 'shop', namespace: 'shops' }),
  });
const text = (product: RenderedProduct, path: string): string =>
  Buffer.from(product.pipelines[0]?.files.get(path) ?? []).toString('utf8');

describe('charts and kustomizations', () => {
  before(async function () {
    await havePrograms(this, 'helm', 'kustomize');
  });

  it('are rendered by Helm, for the instance, with images and values of the consumer', async () => {
    const product = await render(chart, 'web: {replicas: 3}\n');
    expect([...(product.pipelines[0]?.files.keys() ?? [])].sort()).to.deep.equal([
      'crds/thing.yaml',
      'templates/deployment.yaml',
    ]);
    const deployment = text(product, 'templates/deployment.yaml');
    expect(deployment).to.match(/name: shop-web\n {2}namespace: shops\n/);
    expect(deployment).to.match(/replicas: 3\n/);
    expect(deployment).to.match(/serviceAccountName: web\n/);
    expect(deployment).to.match(/image: consumer\.example:5000\/mirror\/web:2\n/);
    expect(product.warnings.join()).to.match(/hook templates\/hook\.yaml is not run/);
  });

  it('refuse what Helm refuses, and what comes out otherwise each time', async () => {
    const broken = { ...chart, 'web/templates/broken.yaml': 'x: {{ .Values.nothing.at.all }}\n' };
    expect(await codeOf(render(broken))).to.equal('product.chart-invalid');
    const random = { ...chart, 'web/templates/random.yaml': 'kind: Secret\nx: {{ randAlphaNum 20 }}\n' };
    expect(await codeOf(render(random))).to.equal('product.chart-not-deterministic');
    const schema = { ...chart, 'web/values.schema.json': '{"properties":{"replicas":{"maximum":2}}}' };
    expect(await codeOf(render(schema, 'web: {replicas: 3}\n'))).to.equal('product.chart-invalid');
  });

  const plain = {
    'web/values.yaml':
      'kind: ConfigMap\nmetadata: {name: a}\nreplicas: 1\naccount: {name: x}\nimage: {registry: a, repository: b, tag: c}\n',
  };
  it('are built by Kustomize where there is a kustomization', async () => {
    const files = { ...plain, 'kustomization.yaml': 'namePrefix: our-\nresources: [web/values.yaml]\n' };
    const product = await render({ ...files, 'web/values.yaml': `apiVersion: v1\n${plain['web/values.yaml']}` });
    expect([...(product.pipelines[0]?.files.keys() ?? [])]).to.deep.equal(['manifests.yaml']);
    expect(text(product, 'manifests.yaml')).to.match(/name: our-a\nreplicas: 2\n/);
    expect(
      await codeOf(render({ ...plain, 'kustomization.yaml': 'resources: [https://example.org/x.yaml]\n' })),
    ).to.equal('product.kustomization-remote');
    expect(
      await codeOf(render({ ...plain, 'kustomization.yaml': 'nonsense: true\nresources: [web/values.yaml]\n' })),
    ).to.equal('product.kustomization-invalid');
  });
});
