import { expect } from 'chai';
import {
  collectValues,
  loadProduct,
  parseValues,
  renderProduct,
  type RenderOptions,
  type ValuesSource,
} from '../../product';
import { havePrograms, programs } from '../support/programs';
import { codeOf } from '../support/tar';
import { memoryReader } from './memory-reader';
import { version100 } from './podinfo';

describe('values from elsewhere', () => {
  const fetcher = {
    git: ({ path }: { path: string }) =>
      Promise.resolve(path === 'env.yaml' ? 'prod: {podinfo: {replicas: 3, message: git}}\n' : undefined),
    configMap: ({ key }: { key: string }) =>
      Promise.resolve(key === 'values' ? 'podinfo: {message: map}\n' : undefined),
  };
  const git: ValuesSource = { kind: 'git', repository: 'settings', path: 'env.yaml', subPath: 'prod' };
  const map: ValuesSource = { kind: 'configMap', name: 'settings', key: 'values' };

  it('lie over one another in their order, inline ones over all', async () => {
    expect(await collectValues([git, map], fetcher)).to.deep.equal({
      values: { podinfo: { replicas: 3, message: 'map' } },
      origins: [
        { path: ['podinfo', 'replicas'], value: 3, from: 'settings/env.yaml' },
        { path: ['podinfo', 'message'], value: 'map', from: 'ConfigMap settings, key values' },
      ],
    });
    const inline: ValuesSource = { kind: 'inline', values: { podinfo: { message: 'inline' } } };
    const all = await collectValues([inline, git, map], fetcher);
    expect(all.values).to.deep.equal({ podinfo: { replicas: 3, message: 'inline' } });
    expect(all.origins.map(each => each.from)).to.deep.equal(['settings/env.yaml', 'the configuration']);
    const whole: ValuesSource = { kind: 'inline', values: { podinfo: 'all of it' } };
    expect((await collectValues([git, whole], fetcher)).origins).to.have.length(1);
  });

  it('that are missing or no map are refused, unless they are optional', async () => {
    expect(await codeOf(collectValues([{ ...git, path: 'none.yaml' }], fetcher))).to.equal('product.values-not-found');
    expect(await codeOf(collectValues([{ ...git, subPath: 'prod.podinfo.replicas' }], fetcher))).to.equal(
      'product.values-invalid',
    );
    expect(await codeOf(collectValues([{ ...map, key: 'none' }], fetcher))).to.equal('product.values-not-found');
    expect(await collectValues([{ ...map, key: 'none', optional: true }], fetcher)).to.deep.equal({
      values: {},
      origins: [],
    });
  });

  const rendered = async (options: RenderOptions): Promise<string> => {
    const { pipelines } = await renderProduct(
      await loadProduct(version100()),
      parseValues('podinfo: {replicas: 2}\n'),
      options,
    );
    return Buffer.from(pipelines[0]?.files.get('deployment.yaml') ?? []).toString();
  };
  it('lie over the values file; images come from where clusters pull them', async () => {
    expect(await rendered({ overrides: (await collectValues([git], fetcher)).values })).to.match(/replicas: 3\n/);
    const text = await rendered({ pullHosts: { 'consumer-registry.localhost:8080': 'mirror.example' } });
    expect(text).to.match(/image: mirror\.example\/components\/podinfo@sha256/);
  });
});

describe('strategic-merge patches', () => {
  before(async function () {
    await havePrograms(this, 'kustomize');
  });
  const object = (labels: string): string =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  labels: {${labels}}\n`;
  const patched = async (wins: string): Promise<string> => {
    const reader = memoryReader('example.org/web', '1.0.0', [
      { name: 'manifests', type: 'dir', content: { 'a.yaml': object('tier: file, file: yes-it-is') } },
      {
        name: 'config',
        type: 'file',
        content: `kind: ConfigData\nconfiguration:\n  defaults: {tier: patch}\n  patches:\n  - file: a.yaml\n    wins: ${wins}\n    patch: {apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {tier: (( tier )), patch: yes-it-is}}}\n`,
      },
      {
        name: 'description',
        type: 'productdescription.mpas.ocm.software',
        content:
          'kind: ProductDescription\nmetadata: {name: web}\nspec:\n  pipelines:\n  - {name: web, targetRoleName: any, source: {name: manifests}, configuration: {rules: {name: config}}}\n  targetRoles: [{name: any, type: kubernetes}]\n',
      },
    ]);
    const { pipelines } = await renderProduct(await loadProduct(reader), parseValues(''), { programs });
    return Buffer.from(pipelines[0]?.files.get('a.yaml') ?? []).toString();
  };
  it('go in the direction that is written', async () => {
    expect(await patched('patch')).to.match(/file: yes-it-is\n {4}patch: yes-it-is\n {4}tier: patch\n/);
    expect(await patched('file')).to.match(/file: yes-it-is\n {4}patch: yes-it-is\n {4}tier: file\n/);
    expect(await codeOf(patched('both'))).to.equal('product.config-data-invalid');
  });
});
