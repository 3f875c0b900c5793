import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ImageLayout } from '../../oci';
import { archiveStream } from '../archive';
import { cacheDir, contentKey } from '../cache';
import { run } from '../command';
import { debianBase, debianPackages } from '../debian';
import { buildGo, recipeKey } from '../golang';
import { KUBERNETES_VERSION, program } from '../programs';
import { assemble, ensureLayer, type LayerRecipe, type StoredLayer } from '../store';
import { goLayer, type RecipeContext } from './recipe';

/** The pause image kubeadm of this version expects. */
export const PAUSE_TAG = '3.10.2';

interface ControlPlaneImage {
  /** As `kubeadm config images list` prints it. */
  readonly reference: string;
  readonly program: string;
  readonly binary: string;
  readonly path: string;
  readonly user?: string;
  /** Needs Debian's iptables and friends below it. */
  readonly netfilter?: boolean;
}

const kube = (binary: string, netfilter = false): ControlPlaneImage => ({
  reference: `registry.k8s.io/${binary}:v${KUBERNETES_VERSION}`,
  program: 'kubernetes',
  binary,
  path: `/usr/local/bin/${binary}`,
  netfilter,
});

/** Each image is one static program; a test compares the names with kubeadm's list. */
export const controlPlane: readonly ControlPlaneImage[] = [
  kube('kube-apiserver'),
  kube('kube-controller-manager'),
  kube('kube-scheduler'),
  kube('kube-proxy', true),
  { reference: 'registry.k8s.io/coredns/coredns:v1.14.2', program: 'coredns', binary: 'coredns', path: '/coredns' },
  {
    reference: `registry.k8s.io/pause:${PAUSE_TAG}`,
    program: 'pause',
    binary: 'pause',
    path: '/pause',
    user: '65535:65535',
  },
  { reference: 'registry.k8s.io/etcd:3.6.8-0', program: 'etcd', binary: 'etcd', path: '/usr/local/bin/etcd' },
];

/** The state of a containerd into which the control plane's images were imported: /var/lib/containerd of the node image. */
export async function controlPlaneLayer(context: RecipeContext): Promise<LayerRecipe> {
  const layers = new Map<ControlPlaneImage, readonly LayerRecipe[]>();
  for (const image of controlPlane) layers.set(image, await imageLayers(image, context));
  const containerd = program('containerd');
  return {
    name: 'node-images',
    key: contentKey(
      [...layers].map(([image, recipes]) => [image, recipes.map(recipe => recipe.key)]),
      await recipeKey(containerd),
      1,
    ),
    make: async work => {
      const archive = join(work, 'images.tar');
      await writeArchive(layers, archive, work, context);
      const state = join(work, 'containerd');
      await importInto(state, archive, await buildGo(containerd, context.options, 'linux'), context.options.signal);
      return [{ tree: state, to: '/var/lib/containerd', include: path => !path.endsWith('/ingest') }];
    },
  };
}

async function imageLayers(image: ControlPlaneImage, context: RecipeContext): Promise<LayerRecipe[]> {
  const binary = await goLayer(image.program, context, { [image.binary]: image.path });
  if (!image.netfilter) return [binary];
  const packages = ['iptables', 'nftables', 'ipset', 'conntrack', 'kmod'];
  return [
    debianBase(context.options),
    debianPackages(context.store, { name: 'debian-netfilter', packages }, context.options),
    binary,
  ];
}

/** In a layout of their own, which goes with `work`: the store need not keep what the node image holds already. */
async function writeArchive(
  images: ReadonlyMap<ControlPlaneImage, readonly LayerRecipe[]>,
  file: string,
  work: string,
  { store, options }: RecipeContext,
): Promise<void> {
  const layout = await ImageLayout.create(join(work, 'layout'));
  const named = [];
  for (const [image, recipes] of images) {
    const layers: StoredLayer[] = [];
    for (const recipe of recipes) {
      const shared = recipe.name.startsWith('debian-');
      layers.push(await ensureLayer(shared ? store : layout, recipe, options.signal));
    }
    const config = {
      Entrypoint: [image.path],
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
    };
    const { digest } = await assemble(
      store,
      layers,
      image.user ? { ...config, User: image.user } : config,
      image.reference,
      layout,
    );
    named.push({ digest, reference: image.reference });
  }
  await pipeline(await archiveStream(layout, named), createWriteStream(file));
}

/**
 * Runs the very containerd of the node image on the state folder, imports, and stops it. As kind's own image build does,
 * the images are pinned and stay packed: the node unpacks them as it starts.
 */
async function importInto(
  state: string,
  archive: string,
  binaries: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  // Short, for a socket's path may have no more than 107 bytes.
  const socketFolder = await mkdtemp(join(tmpdir(), 'airlock-ctr-'));
  try {
    await mkdir(state, { recursive: true });
    await writeFile(join(socketFolder, 'config.toml'), configOf(state, socketFolder));
    await run(
      'unshare',
      ['--mount', '--propagation', 'private', '--', 'sh', '-c', IMPORT, 'import', socketFolder, archive],
      {
        env: { PATH: `${binaries}:${process.env['PATH'] ?? ''}` },
        signal,
        logFile: join(cacheDir(), 'logs', 'node-images.log'),
        what: "importing the control plane's images into containerd",
      },
    );
  } finally {
    await rm(socketFolder, { recursive: true, force: true });
  }
}

function configOf(state: string, runFolder: string): string {
  return `version = 2
root = ${JSON.stringify(state)}
state = ${JSON.stringify(join(runFolder, 'state'))}
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime", "io.containerd.nri.v1.nri"]
[grpc]
  address = ${JSON.stringify(join(runFolder, 'c.sock'))}
`;
}

const IMPORT = `set -e
containerd --config "$1/config.toml" & daemon=$!
trap 'kill $daemon 2>/dev/null || true' EXIT
tries=0
until command ctr --address "$1/c.sock" version >/dev/null 2>&1; do
  tries=$((tries + 1)); [ $tries -lt 100 ] || { echo "containerd does not answer"; exit 1; }
  sleep 0.1
done
command ctr --address "$1/c.sock" --namespace k8s.io images import --label=io.cri-containerd.pinned=pinned --no-unpack "$2"
trap - EXIT
kill $daemon
wait $daemon || true
`;
