import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { readManifest } from '../dynamic-providers';
import { describeError } from '../report';
import type { ReleaseRunnerAccess, ReleaseRunnerArgs } from './platform';
import { secretsFor } from './release-runner';
import { listenerBinding, type Manifest, objectsOf, pipelineObjects, withImages, withoutKnown } from './tekton-objects';

/** Tekton's programs in the list of images; optional there. */
export const tektonImages = [
  ...[
    'controller',
    'webhook',
    'resolvers',
    'events',
    'entrypoint',
    'nop',
    'workingdirinit',
    'sidecarlogresults',
    'shell',
  ],
  ...['triggers-controller', 'triggers-webhook', 'triggers-eventlistenersink', 'triggers-interceptors'],
].map(program => `tekton-${program}`);

export interface TektonArgs extends ReleaseRunnerArgs {
  /** The provider's, where the pipeline runs. */
  namespace: string;
  /** Release manifests in the order in which they are applied: paths or https URLs. */
  manifests: readonly string[];
  /** The release-runner image: the pipeline's steps run in it. */
  image: pulumi.Input<string>;
  /** References of the images that the nodes hold, by name. */
  images: pulumi.Input<Record<string, string>>;
  /** Public names of those that are only pulled, by name. */
  imageSources: pulumi.Input<Record<string, string>>;
  ingressIP: pulumi.Input<string>;
  /** `owner/name` of the repository whose releases are built. */
  repository: string;
}

/** Tekton Pipelines and Triggers, and in the provider's namespace the release pipeline with what starts it. */
export class Tekton extends pulumi.ComponentResource implements ReleaseRunnerAccess {
  readonly url: pulumi.Output<string>;
  private readonly namespace: string;

  constructor(name: string, args: TektonArgs, options?: pulumi.ComponentResourceOptions) {
    super('airlock:platform:Tekton', name, {}, options);
    const child = { parent: this };
    const { namespace } = args;
    const installed = this.install(name, args);
    const secrets = Object.entries(secretsFor(args)).map(
      ([secret, stringData]) =>
        new k8s.core.v1.Secret(
          `${name}-${secret}`,
          { metadata: { name: secret, namespace }, stringData },
          { ...child, deleteBeforeReplace: true },
        ),
    );
    const objs = pulumi
      .all([args.image, args.ingressIP])
      .apply(([image, ingressIP]) => [
        ...args.pipelines.flatMap(folder => pipelineObjects(folder, { namespace, image, ingressIP })),
        listenerBinding(namespace),
      ]);
    const pipeline = new k8s.yaml.v2.ConfigGroup(
      `${name}-pipeline`,
      { objs },
      { ...child, dependsOn: [...installed, ...secrets] },
    );
    // Without Tekton's dashboard, the statuses of the releases' commits say how their runs went.
    this.url = pulumi.all([args.forge.url, pipeline.urn]).apply(([url]) => `${url}/${args.repository}/releases`);
    this.namespace = namespace;
    this.registerOutputs({ url: this.url });
  }

  /** Tekton Triggers serves an EventListener by a Service of this name. */
  webhookUrl(listener: string): pulumi.Output<string> {
    return pulumi.interpolate`http://el-${listener}.${this.namespace}.svc:8080`;
  }

  /** Each manifest after the one before: what comes later needs the webhooks of what came earlier. */
  private install(name: string, args: TektonArgs): k8s.yaml.v2.ConfigGroup[] {
    const parsed = pulumi.output(parseAll(args.manifests));
    const installed: k8s.yaml.v2.ConfigGroup[] = [];
    args.manifests.forEach((_source, index) => {
      const objs = pulumi
        .all([parsed, args.images, args.imageSources])
        .apply(([manifests, references, sources]) =>
          withImages((manifests[index] ?? []) as Manifest[], namesOf(references, sources)),
        );
      installed.push(
        new k8s.yaml.v2.ConfigGroup(`${name}-${index + 1}`, { objs }, { parent: this, dependsOn: installed.slice(-1) }),
      );
    });
    return installed;
  }
}

/** Either may be missing in the state of a stack that never asked for such images. */
function namesOf(
  references: Record<string, string> | undefined,
  sources: Record<string, string> | undefined,
): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const [image, source] of Object.entries(sources ?? {})) {
    const reference = references?.[image];
    if (reference) names.set(source, reference);
  }
  return names;
}

/** Files are read and parsed at once, so that the program fails before it registers anything. */
function parseAll(sources: readonly string[]): Manifest[][] | Promise<Manifest[][]> {
  const texts = sources.map(readManifest);
  const parse = (each: readonly string[]): Manifest[][] => {
    const known = new Set<string>();
    return each.map((text, index) => withoutKnown(objectsOf(text, sources[index]?.split('#')[0] ?? ''), known));
  };
  const local = texts.filter(text => typeof text === 'string');
  if (local.length === texts.length) return parse(local);
  return Promise.all(texts.map(text => Promise.resolve(text)))
    .then(parse)
    .catch((error: unknown) => Promise.reject(new pulumi.RunError(describeError(error))));
}
