import * as pulumi from '@pulumi/pulumi';
import { expect } from 'chai';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfiguration } from '../../components/configuration';
import { Flux } from '../../components/flux';
import { KubernetesPlatform } from '../../components/kubernetes-platform';
import type { ReleaseRunnerArgs } from '../../components/platform';
import { tektonImages } from '../../components/tekton';
import { objectsOf, withImages, withoutKnown } from '../../components/tekton-objects';
import { platformImages } from '../../images';
import { pipelineFolder } from '../support/tekton';
import * as k8s from '@pulumi/kubernetes';

interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
}

/** What the program registers, with the inputs as a provider would get them. */
async function registered(program: () => void): Promise<Registered[]> {
  const resources: Registered[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }: pulumi.runtime.MockResourceArgs) => {
        resources.push({ type, name, inputs: inputs as Record<string, unknown> });
        return { id: name, state: inputs as Record<string, unknown> };
      },
      call: ({ inputs }: pulumi.runtime.MockCallArgs) => inputs as Record<string, unknown>,
    },
    'airlock',
    'test',
    false,
  );
  program();
  await pulumi.runtime.disconnect();
  return resources;
}

const secret = (value: string) => pulumi.secret(value);

function releaseArgs(): ReleaseRunnerArgs {
  const account = { username: pulumi.output('writer'), password: secret('w') };
  return {
    forge: { url: pulumi.output('http://gitea.localhost:8080'), username: pulumi.output('u'), password: secret('p') },
    registry: {
      host: 'provider-registry.localhost:8080',
      writer: account,
      reader: account,
    } as unknown as ReleaseRunnerArgs['registry'],
    component: 'ocm.software/demos/podinfo',
    signature: 'ocm-signing',
    signingKey: secret('private'),
    publicKey: pulumi.output('public'),
    webhookSecret: secret('s'),
    pipelines: [pipelineFolder],
    examples: ['podinfo'],
  };
}

const controller = 'ghcr.io/tektoncd/pipeline/controller-10a3e32792f33651396d02b6855a6e36:v1.12.0';
const entrypoint = 'ghcr.io/tektoncd/pipeline/entrypoint-bff0a22da108bc2f16c818c97641a296:v1.12.0';
const digest = (letter: string) => `@sha256:${letter.repeat(64)}`;

/** In the form of Tekton's release manifests, as far as images are concerned. */
const release = `
apiVersion: v1
kind: Namespace
metadata:
  name: tekton-pipelines
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: tekton-pipelines-controller
  namespace: tekton-pipelines
spec:
  template:
    spec:
      containers:
        - name: controller
          image: ${controller}${digest('a')}
          args: ["-entrypoint-image", "${entrypoint}${digest('b')}", "-shell-image", "example.com/shell${digest('c')}"]
`;

describe('components: what runs the releases, and Flux’ sources', function () {
  // The SDKs are large.
  this.timeout(60_000);
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'airlock-tekton-'));
    await writeFile(join(folder, 'release.yaml'), release);
    await writeFile(
      join(folder, 'interceptors.yaml'),
      `${release}---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: more\n`,
    );
  });
  after(() => rm(folder, { recursive: true, force: true }));
  afterEach(() => pulumi.runtime.setAllConfig({}));

  const releases = (tektonManifests: string) =>
    registered(() => {
      pulumi.runtime.setAllConfig({ 'airlock:role': 'provider', 'airlock:tektonManifests': tektonManifests });
      const platform = new KubernetesPlatform(readConfiguration(), {
        provider: new k8s.Provider('cluster', { kubeconfig: 'none' }),
        forge: releaseArgs().forge,
        images: pulumi.output<Record<string, string>>({
          'release-runner': 'airlock.local/release-runner:1-abc',
          'tekton-controller': 'airlock.local/tekton-controller:1.12.0-def',
        }),
        imageSources: pulumi.output<Record<string, string>>({ 'tekton-controller': `${controller}${digest('a')}` }),
        ingressIP: pulumi.output('10.96.0.9'),
      });
      const access = platform.releaseRunner('release-runner', releaseArgs(), {});
      access.webhookUrl('releases').apply(url => addresses.push(url));
    });
  let addresses: string[] = [];
  beforeEach(() => (addresses = []));

  it('is Airlock’s release runner unless the configuration names Tekton’s manifests', async () => {
    const resources = await releases('');
    expect(addresses).to.deep.equal(['http://release-runner.software-provider.svc:8080/hooks/gitea/releases']);
    expect(resources.map(each => each.type)).to.include('kubernetes:apps/v1:Deployment');
    expect(resources.map(each => each.type)).not.to.include('kubernetes:yaml/v2:ConfigGroup');
  });

  it('is Tekton where they are named, with the images that the nodes hold, the same secrets and the same pipeline', async () => {
    const resources = await releases(`${join(folder, 'release.yaml')}, ${join(folder, 'interceptors.yaml')}`);
    expect(addresses).to.deep.equal(['http://el-releases.software-provider.svc:8080']);
    expect(resources.map(each => each.type)).not.to.include('kubernetes:apps/v1:Deployment');
    const groups = resources.filter(each => each.type === 'kubernetes:yaml/v2:ConfigGroup');
    expect(groups.map(each => each.name)).to.deep.equal(['tekton-1', 'tekton-2', 'tekton-pipeline']);
    const objects = (index: number) =>
      groups[index]?.inputs['objs'] as {
        kind: string;
        metadata: { name: string; namespace?: string };
        spec: unknown;
      }[];
    const text = JSON.stringify(objects(0));
    expect(text).to.contain('"airlock.local/tekton-controller:1.12.0-def"').and.not.to.contain(controller);
    // What the nodes do not hold, they pull, by its digest.
    expect(text)
      .to.contain(`${entrypoint}${digest('b')}`)
      .and.to.contain(`example.com/shell${digest('c')}`);
    expect(objects(1).map(each => each.metadata.name)).to.deep.equal(['more']);

    const pipeline = objects(2);
    expect(pipeline.filter(each => each.kind === 'Task')).to.have.length(7);
    for (const each of pipeline)
      expect(each.metadata.namespace).to.equal(each.kind === 'ClusterRoleBinding' ? undefined : 'software-provider');
    const template = pipeline.find(each => each.kind === 'TriggerTemplate')?.spec as {
      params: { name: string; default?: string }[];
      resourcetemplates: { spec: { taskRunTemplate: { podTemplate: { env: unknown[] } } } }[];
    };
    const defaults = Object.fromEntries(template.params.map(param => [param.name, param.default]));
    expect(defaults).to.include({ image: 'airlock.local/release-runner:1-abc', report: 'true' });
    expect(template.resourcetemplates[0]?.spec.taskRunTemplate.podTemplate.env).to.deep.include({
      name: 'AIRLOCK_ADDRESSES',
      value: '*.localhost=10.96.0.9',
    });
    const secrets = resources.filter(each => each.type === 'kubernetes:core/v1:Secret');
    expect(secrets.map(each => (each.inputs['metadata'] as { name: string }).name).sort()).to.deep.equal([
      'release-forge',
      'release-registry',
      'release-signing',
      'release-webhook',
    ]);
  });

  it('needs a cluster for Tekton, and manifests that are paths or https URLs', () => {
    const read = (values: Record<string, string>) => {
      pulumi.runtime.setAllConfig({ 'airlock:role': 'provider', ...values });
      return readConfiguration();
    };
    expect(() => read({ 'airlock:platform': 'none', 'airlock:tektonManifests': 'a.yaml' })).to.throw(/needs a cluster/);
    expect(() => read({ 'airlock:tektonManifests': 'http://example.com/a.yaml' })).to.throw(
      /neither a path nor an https/,
    );
    expect(read({ 'airlock:tektonManifests': ' a.yaml ,https://example.com/b.yaml' }).tektonManifests).to.deep.equal([
      'a.yaml',
      'https://example.com/b.yaml',
    ]);
    expect(read({}).tektonManifests).to.deep.equal([]);
  });

  it('asks for images that the list has', () => {
    const pulledOnly = platformImages.filter(image => !image.recipe).map(image => image.name);
    expect(pulledOnly).to.have.members(['source-controller', ...tektonImages]);
  });

  it('takes another version’s image for another image, and knows one by digest', () => {
    const objects = objectsOf(release, 'release.yaml');
    const other = withImages(objects, new Map([[controller.replace('v1.12.0', 'v1.11.0'), 'mine']]));
    expect(other).to.deep.equal(objects);
    const moved = withImages(objects, new Map([[`${controller}${digest('f')}`, 'mine']]));
    expect(moved).to.deep.equal(objects);
    const shell = withImages(objects, new Map([[`example.com/shell${digest('c')}`, 'mine']]));
    expect(JSON.stringify(shell)).to.contain('"mine"');
    const known = new Set<string>();
    expect([withoutKnown(objects, known).length, withoutKnown(objects, known).length]).to.deep.equal([2, 0]);
    expect(() => objectsOf('a: [', 'x.yaml')).to.throw(/x\.yaml is no Kubernetes manifest/);
  });

  const sources = (sourceController: string | undefined) =>
    registered(() => {
      const provider = new k8s.Provider('cluster', { kubeconfig: 'none' });
      new Flux(
        'flux',
        {
          kustomizeController: 'k',
          airlock: 'airlock.local/airlock:1',
          ingressIP: '10.96.0.9',
          ...(sourceController === undefined ? {} : { sourceController: pulumi.output(sourceController) }),
        },
        { providers: { kubernetes: provider } },
      );
    });
  interface Pod {
    containers: { image: string; args: string[]; securityContext?: { runAsUser: number } }[];
    securityContext: { fsGroup: number };
  }
  const deployed = (resources: Registered[]) => {
    const found = resources.find(each => each.name === 'flux-source-controller' && each.type.endsWith(':Deployment'));
    return {
      labels: (found?.inputs['metadata'] as { labels: Record<string, string> }).labels,
      pod: (found?.inputs['spec'] as { template: { spec: Pod } }).template.spec,
    };
  };

  it('has the stand-in for source-controller where the real one is not there', async () => {
    for (const reference of [undefined, '']) {
      const { labels, pod } = deployed(await sources(reference));
      expect(labels).to.deep.equal({ app: 'source-controller', 'app.kubernetes.io/managed-by': 'airlock' });
      expect(pod.containers[0]?.image).to.equal('airlock.local/airlock:1');
      expect(pod.containers[0]?.args.slice(0, 2)).to.deep.equal(['serve', 'source-controller']);
    }
  });

  it('has the real source-controller where it is there, as Flux installs it', async () => {
    const resources = await sources('airlock.local/source-controller:1.9.5-abc');
    const { labels, pod } = deployed(resources);
    expect(labels).to.deep.equal({ app: 'source-controller' });
    expect(pod.containers[0]?.image).to.equal('airlock.local/source-controller:1.9.5-abc');
    expect(pod.containers[0]?.args).to.include.members([
      '--storage-path=/data',
      '--storage-adv-addr=source-controller.$(RUNTIME_NAMESPACE).svc.cluster.local.',
    ]);
    expect([pod.securityContext.fsGroup, pod.containers[0]?.securityContext?.runAsUser]).to.deep.equal([1337, 65534]);
    const role = JSON.stringify(resources.find(each => each.name === 'flux-source-role')?.inputs['rules']);
    expect(role).to.contain('serviceaccounts/token');
  });
});
