import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { kubernetesProvider } from '../../../engine/kubernetes';
import { decodeYaml, objectsIn } from '../../../engine/kubernetes/yaml-objects';
import { Secret, Unknown } from '../../../engine/values';
import { call } from './call';

const manifest = `
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
# empty
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: shop}}
- {apiVersion: v1, kind: Secret, metadata: {name: b, namespace: shop}, stringData: {password: pw}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.org}
spec: {group: example.org, names: {kind: Thing, plural: things}}
---
apiVersion: example.org/v1
kind: Thing
metadata: {name: t, annotations: {config.kubernetes.io/depends-on: /namespaces/shop/ConfigMap/a}}
`;

describe('Kubernetes manifests', () => {
  it('are decoded as kubectl reads them', () => {
    expect(decodeYaml('a: yes\nb: 0777\nc: "yes"\nd: 2024-01-02\n---\n---\n[1]', 'x')).to.deep.equal([
      { a: true, b: 0o777, c: 'yes', d: '2024-01-02' },
      [1],
    ]);
  });

  it('are refused with file, line and column', () => {
    expect(() => decodeYaml('a: 1\nb: [', 'deploy.yaml'))
      .to.throw()
      .with.property('where')
      .that.matches(/^deploy\.yaml:2:\d+$/);
    expect(() => decodeYaml('a: 1\na: 2', 'deploy.yaml')).to.throw('unique');
    expect(() => objectsIn(decodeYaml('kind: X', 'x'), 'x')).to.throw('no apiVersion or kind');
  });

  it('do not grow without bound from aliases', () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x,x]',
      ...'bcdefg'.split('').map((k, i) => `${k}: &${k} [${`*${'abcdefg'[i]},`.repeat(10)}]`),
    ].join('\n');
    expect(() => decodeYaml(bomb, 'x')).to.throw();
  });

  it('are decoded for yaml.v1', async () => {
    const { outputs } = await kubernetesProvider().invoke('kubernetes:yaml:decode', { text: manifest });
    expect((outputs['result'] as unknown[]).length).to.equal(5);
  });

  describe('in yaml.v2.ConfigGroup', () => {
    const type = 'kubernetes:yaml/v2:ConfigGroup';

    it('become children, in order of need, secrets kept', async () => {
      const built = await kubernetesProvider().construct?.(call(type, 'all'), { yaml: manifest });
      const children = built?.children ?? [];
      expect(children.map(child => [child.type, child.name, child.dependsOn])).to.deep.equal([
        ['kubernetes:core/v1:Namespace', 'all:shop', []],
        ['kubernetes:core/v1:ConfigMap', 'all:shop/a', ['all:shop']],
        ['kubernetes:core/v1:Secret', 'all:shop/b', ['all:shop']],
        ['kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition', 'all:things.example.org', []],
        ['kubernetes:example.org/v1:Thing', 'all:t', ['all:shop/a', 'all:things.example.org']],
      ]);
      expect(children[2]?.inputs['stringData']).to.be.instanceOf(Secret);
    });

    it('are put in order, whatever the order of the text, and never in a circle', async () => {
      const crd =
        '{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: x}, spec: {group: e.org, names: {kind: X}}}';
      const built = await kubernetesProvider().construct?.(call(type, 'g'), {
        yaml: `{apiVersion: e.org/v1, kind: X, metadata: {name: a}}\n---\n${crd}`,
      });
      expect(built?.children.map(child => child.name)).to.deep.equal(['g:x', 'g:a']);
      const needs = (name: string, other: string): string =>
        `{apiVersion: v1, kind: ConfigMap, metadata: {name: ${name}, annotations: {config.kubernetes.io/depends-on: /ConfigMap/${other}}}}`;
      const circle = kubernetesProvider().construct?.(call(type, 'g'), {
        yaml: `${needs('a', 'b')}\n---\n${needs('b', 'a')}`,
      });
      expect(String(await circle?.catch((error: unknown) => error))).to.contain('in a circle: g:a, g:b');
    });

    it('are read from files and patterns', async () => {
      const dir = await mkdtemp(join(tmpdir(), 'manifests-'));
      try {
        for (const name of ['b', 'a']) {
          await writeFile(join(dir, `${name}.yaml`), `{apiVersion: v1, kind: ConfigMap, metadata: {name: ${name}}}`);
        }
        const built = await kubernetesProvider().construct?.(call(type, 'g'), {
          files: [join(dir, '*.yaml')],
          skipAwait: true,
        });
        expect(built?.children.map(child => child.name)).to.deep.equal(['g:a', 'g:b']);
        expect(built?.children[0]?.inputs['metadata']).to.deep.equal({
          name: 'a',
          annotations: { 'pulumi.com/skipAwait': 'true' },
        });
      } finally {
        await rm(dir, { recursive: true });
      }
    });

    it('are downloaded, and what cannot be is named without its secrets', async () => {
      const server = createServer((request, response) => {
        if (request.url !== '/a.yaml') response.writeHead(404);
        response.end('{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}');
      });
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      const group = (file: string): Promise<unknown> | undefined =>
        kubernetesProvider().construct?.(call('kubernetes:yaml/v2:ConfigFile', 'g'), { file });
      try {
        const built = await group(`http://127.0.0.1:${port}/a.yaml`);
        expect(built).to.have.property('children').with.lengthOf(1);
        const refused = async (file: string): Promise<string> =>
          String(await group(file)?.catch((error: unknown) => error));
        const lost = await refused(`http://127.0.0.1:${port}/b.yaml?token=hidden`);
        expect(lost).to.contain(`http://127.0.0.1:${port}/b.yaml cannot be read: its server answered 404`);
        const account = await refused(`http://me:hidden@127.0.0.1:${port}/a.yaml`);
        expect(account).to.contain('names an account');
        expect(lost + account).not.to.contain('hidden');
      } finally {
        server.close();
        server.closeAllConnections();
      }
    });

    it('may be unknown in a preview', async () => {
      const built = await kubernetesProvider().construct?.(call(type, 'g'), { yaml: Unknown.instance });
      expect(built).to.deep.equal({ state: {}, children: [] });
    });
  });
});
