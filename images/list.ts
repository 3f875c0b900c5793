import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AirlockError } from '../report';
import type { PlatformImage } from './image';
import {
  airlock,
  gitea,
  ingress,
  kustomizeController,
  node,
  ORDERS_FOLDER,
  PODINFO_FOLDER,
  registry,
  releaseRunner,
} from './recipes';
import { KUBERNETES_VERSION } from './programs';
import { pulledOnlyImages } from './pulled-only';
import { projectRoot } from './root';

export type { PlatformImage } from './image';

const AIRLOCK_VERSION = (JSON.parse(readFileSync(join(projectRoot(), 'package.json'), 'utf8')) as { version: string })
  .version;

const own = (name: string, version: string) => `airlock.local/${name}:${version}`;

/** The one list of the platform's images, in the order in which they are built; those that are only pulled come last. */
export const platformImages: readonly PlatformImage[] = [
  {
    name: 'node',
    version: KUBERNETES_VERSION,
    reference: own('node', KUBERNETES_VERSION),
    purpose: 'Kubernetes node for kind',
    pull: 'docker.io/kindest/node:v1.34.0',
    assembledFrom:
      'Debian, containerd 2.2.3, Kubernetes, etcd and CoreDNS from Go modules, support files of kind 0.30.0',
    user: 'root',
    paths: ['/etc/kubernetes', '/var/lib/containerd', '/etc/containerd/certs.d'],
    minutes: 9,
    recipe: node,
  },
  {
    name: 'gitea',
    version: '1.26.0',
    reference: own('gitea', '1.26.0'),
    purpose: 'Git hosting',
    pull: 'docker.gitea.com/gitea:1.26.0-rootless',
    assembledFrom: 'Debian with git, Gitea from its Go module',
    user: '1000:1000',
    paths: ['/var/lib/gitea', '/etc/gitea'],
    minutes: 5,
    recipe: gitea,
  },
  {
    name: 'registry',
    version: '3.1.2',
    reference: own('registry', '3.1.2'),
    purpose: 'OCI registry',
    pull: 'docker.io/library/registry:3.1.2',
    assembledFrom: 'distribution from its Go module',
    user: 'root',
    paths: ['/var/lib/registry', '/etc/distribution/config.yml'],
    minutes: 1,
    recipe: registry,
  },
  {
    name: 'kustomize-controller',
    version: '1.9.5',
    reference: own('kustomize-controller', '1.9.5'),
    purpose: 'Flux: applies what is merged',
    pull: 'ghcr.io/fluxcd/kustomize-controller:v1.9.5',
    assembledFrom: 'kustomize-controller from its Go module',
    user: '65534:65534',
    paths: ['/tmp'],
    minutes: 3,
    recipe: kustomizeController,
  },
  {
    name: 'ingress',
    version: '1.22.1',
    reference: own('ingress', '1.22.1'),
    purpose: 'Reverse proxy (nginx)',
    pull: 'docker.io/library/nginx:1.22.1',
    assembledFrom: "Debian's nginx",
    user: 'root',
    paths: ['/etc/nginx', '/var/lib/nginx'],
    minutes: 1,
    recipe: ingress,
  },
  {
    name: 'airlock',
    version: AIRLOCK_VERSION,
    reference: own('airlock', AIRLOCK_VERSION),
    purpose: 'Airlock itself: stand-in for source-controller',
    assembledFrom: 'Debian with git, Node.js, this checkout',
    user: '1000:1000',
    paths: ['/opt/airlock', '/var/lib/airlock'],
    minutes: 1,
    recipe: airlock,
  },
  {
    name: 'release-runner',
    version: AIRLOCK_VERSION,
    reference: own('release-runner', AIRLOCK_VERSION),
    purpose: 'Airlock with the programs that releases put into images, and those of products’ languages',
    assembledFrom: 'the airlock image; podinfo, NATS, examples/orders, CUE, Helm, Kustomize and OPA from Go modules',
    user: '1000:1000',
    paths: ['/opt/airlock', '/var/lib/airlock', PODINFO_FOLDER, ORDERS_FOLDER],
    minutes: 4,
    recipe: releaseRunner,
  },
  ...pulledOnlyImages,
];

/** @throws `images.unknown` naming those there are */
export function platformImage(name: string): PlatformImage {
  const found = platformImages.find(image => image.name === name);
  if (found) return found;
  throw new AirlockError({
    code: 'images.unknown',
    message: `There is no platform image "${name}"`,
    remedy: `Choose from: ${platformImages.map(image => image.name).join(', ')}`,
  });
}
