import type { PlatformImage } from './image';

/** Programs that cannot be assembled: their sources are not to be had as Go modules with everything they need. */
type PulledImage = Omit<PlatformImage, 'recipe' | 'assembledFrom' | 'minutes' | 'reference'> & {
  readonly pull: string;
};

const TEKTON_PIPELINES = '1.12.0';
const TEKTON_TRIGGERS = '0.36.0';

/** Tekton names its images after the program and the MD5 of its import path, as `ko` does. */
function tekton(program: string, project: 'pipeline' | 'triggers', repository: string, purpose: string): PulledImage {
  const version = project === 'pipeline' ? TEKTON_PIPELINES : TEKTON_TRIGGERS;
  return {
    name: `tekton-${project === 'triggers' ? 'triggers-' : ''}${program}`,
    version,
    purpose,
    pull: `ghcr.io/tektoncd/${project}/${repository}:v${version}`,
    user: '65532:65532',
    paths: [],
  };
}

const pulled: readonly PulledImage[] = [
  {
    name: 'source-controller',
    // The one of Flux 2.9.5, as kustomize-controller 1.9.5 is.
    version: '1.9.5',
    purpose: 'Flux: fetches what is to be applied; Airlock has a stand-in',
    pull: 'ghcr.io/fluxcd/source-controller:v1.9.5',
    user: '65534:65534',
    paths: ['/data', '/tmp'],
  },
  tekton('controller', 'pipeline', 'controller-10a3e32792f33651396d02b6855a6e36', 'Tekton: runs pipelines'),
  tekton('webhook', 'pipeline', 'webhook-d4749e605405422fd87700164e31b2d1', 'Tekton: checks its resources'),
  tekton('resolvers', 'pipeline', 'resolvers-ff86b24f130c42b88983d3c13993056d', 'Tekton: remote tasks'),
  tekton('events', 'pipeline', 'events-a9042f7efb0cbade2a868a1ee5ddd52c', 'Tekton: events of runs'),
  tekton('entrypoint', 'pipeline', 'entrypoint-bff0a22da108bc2f16c818c97641a296', 'Tekton: starts each step'),
  tekton('nop', 'pipeline', 'nop-8eac7c133edad5df719dc37b36b62482', 'Tekton: ends sidecars'),
  tekton('workingdirinit', 'pipeline', 'workingdirinit-0c558922ec6a1b739e550e349f2d5fc1', 'Tekton: working folders'),
  tekton(
    'sidecarlogresults',
    'pipeline',
    'sidecarlogresults-7501c6a20d741631510a448b48ab098f',
    'Tekton: results of steps from their logs',
  ),
  {
    name: 'tekton-shell',
    version: '19f02276bf8d',
    purpose: 'Tekton: the shell that places scripts',
    pull: 'cgr.dev/chainguard/busybox@sha256:19f02276bf8dbdd62f069b922f10c65262cc34b710eea26ff928129a736be791',
    user: '65532:65532',
    paths: [],
  },
  tekton('controller', 'triggers', 'controller-f656ca31de179ab913fa76abc255c315', 'Tekton Triggers: event listeners'),
  tekton('webhook', 'triggers', 'webhook-dd1edc925ee1772a9f76e2c1bc291ef6', 'Tekton Triggers: checks its resources'),
  tekton(
    'eventlistenersink',
    'triggers',
    'eventlistenersink-7ad1faa98cddbcb0c24990303b220bb8',
    'Tekton Triggers: takes webhooks',
  ),
  tekton(
    'interceptors',
    'triggers',
    'interceptors-3176d6a3f314c3655b30bfd36e421dd5',
    'Tekton Triggers: filters of events',
  ),
];

/** Images that are pulled or not there: whoever wants one has another way where no registry answers. */
export const pulledOnlyImages: readonly PlatformImage[] = pulled.map(image => ({
  ...image,
  reference: `airlock.local/${image.name}:${image.version}`,
  assembledFrom: '',
  minutes: 0,
}));
