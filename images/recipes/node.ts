import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { contentKey } from '../cache';
import { run } from '../command';
import { debianBase, debianPackages } from '../debian';
import { buildGo, moduleFolder, recipeKey } from '../golang';
import type { LayerPart } from '../layer';
import { KUBERNETES_VERSION, program } from '../programs';
import type { LayerRecipe } from '../store';
import { controlPlaneLayer, PAUSE_TAG } from './control-plane';
import { type Recipe, type RecipeContext, textLayer } from './recipe';

/** Tells a node image of ours, with its network configuration inside, from the kind project's. */
export const BUNDLED_CNI_LABEL = 'local.airlock.cni';

const PACKAGES = [
  ...['systemd', 'dbus', 'util-linux', 'mount', 'kmod', 'procps', 'bash', 'jq', 'curl', 'pigz'],
  ...['conntrack', 'iptables', 'nftables', 'ipset', 'iproute2', 'ethtool', 'socat'],
  ...['libseccomp2', 'runc'],
];

/** What the Dockerfile of kind's base image does to systemd after the installation. */
const CONFIGURE = String.raw`
find /lib/systemd/system/sysinit.target.wants/ -name "systemd-tmpfiles-setup.service" -delete
rm -f /lib/systemd/system/multi-user.target.wants/* /etc/systemd/system/*.wants/* /lib/systemd/system/local-fs.target.wants/*
rm -f /lib/systemd/system/sockets.target.wants/*udev* /lib/systemd/system/sockets.target.wants/*initctl* /lib/systemd/system/basic.target.wants/*
echo "ReadKMsg=no" >> /etc/systemd/journald.conf
ln -sf /lib/systemd/systemd /sbin/init`;

/**
 * On a host with cgroup v1, systemd would keep its units in the v2 hierarchy beside it. In a container within a container
 * that one is shared by all nodes, and outlives them: the second cluster's kubelet then misses the slices that systemd
 * takes for made. Without meaning on a host with cgroup v2.
 */
const CGROUP_V1_ONLY = 'SYSTEMD_PROC_CMDLINE=systemd.legacy_systemd_cgroup_controller=1';

/** The kind node image: kind's support files, containerd, the kubelet and the control plane's images, on Debian. */
export const node: Recipe = async context => ({
  layers: [
    debianBase(context.options),
    debianPackages(context.store, { name: 'debian-node', packages: PACKAGES, configure: CONFIGURE }, context.options),
    await filesLayer(context),
    textLayer('node-units', units),
    await controlPlaneLayer(context),
  ],
  config: {
    Entrypoint: ['/usr/local/bin/entrypoint', '/sbin/init'],
    Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'container=docker', CGROUP_V1_ONLY],
    StopSignal: 'SIGRTMIN+3',
    Labels: { [BUNDLED_CNI_LABEL]: 'ptp' },
  },
});

const UNITS = ['kubelet.service', 'containerd.service', 'undo-mount-hacks.service'];

/** Pods of a single node: each on a routed pair of interfaces, so that replies to a Service's address pass conntrack. */
const CNI = {
  cniVersion: '1.0.0',
  name: 'airlock',
  plugins: [
    {
      type: 'ptp',
      ipMasq: true,
      ipam: {
        type: 'host-local',
        dataDir: '/run/cni-ipam-state',
        routes: [{ dst: '0.0.0.0/0' }],
        ranges: [[{ subnet: '10.244.0.0/24' }]],
      },
    },
    { type: 'portmap', capabilities: { portMappings: true } },
  ],
};

const units: readonly LayerPart[] = [
  ...UNITS.map(unit => ({
    link: `/etc/systemd/system/${unit}`,
    to: `/etc/systemd/system/multi-user.target.wants/${unit}`,
  })),
  // It would register with the kernel, which is the host's.
  { link: '/dev/null', to: '/etc/systemd/system/systemd-binfmt.service' },
  { folder: true, to: '/etc/kubernetes/manifests' },
  { folder: true, to: '/etc/containerd/certs.d' },
  { text: `${JSON.stringify(CNI, null, 2)}\n`, to: '/etc/cni/net.d/10-airlock.conflist' },
  { text: `v${KUBERNETES_VERSION}`, to: '/kind/version' },
];

async function filesLayer({ options }: RecipeContext): Promise<LayerRecipe> {
  const [kind, kubernetes, containerd, cni] = [
    program('kind'),
    program('kubernetes'),
    program('containerd'),
    program('cni'),
  ];
  const keys = await Promise.all([kind, kubernetes, containerd, cni].map(recipeKey));
  return {
    name: 'node-files',
    key: contentKey(keys, PAUSE_TAG, 2),
    make: async () => {
      const kindModule = await moduleFolder(kind, 'sigs.k8s.io/kind', options.signal);
      const files = join(kindModule, 'images', 'base', 'files');
      const programs = await buildGo(containerd, options, 'linux');
      const config = await readFile(join(files, 'etc/containerd/config.toml'), 'utf8');
      return [
        ...kindFiles(files),
        {
          text: config.replace(/registry\.k8s\.io\/pause:[^"]+/, `registry.k8s.io/pause:${PAUSE_TAG}`),
          to: '/etc/containerd/config.toml',
        },
        { text: await runtimeSpec(join(programs, 'ctr')), to: '/etc/containerd/cri-base.json' },
        ...Object.keys(containerd.binaries).map(name => ({ file: join(programs, name), to: `/usr/local/bin/${name}` })),
        ...(await installed(buildGo(cni, options, 'linux'), Object.keys(cni.binaries), '/opt/cni/bin')),
        ...(await installed(buildGo(kubernetes, options, 'linux'), ['kubeadm', 'kubelet', 'kubectl'], '/usr/bin')),
      ];
    },
  };
}

async function installed(folder: Promise<string>, names: readonly string[], to: string): Promise<LayerPart[]> {
  const from = await folder;
  return names.map(name => ({ file: join(from, name), to: `${to}/${name}` }));
}

/** kind's support files with the modes its Dockerfile gives them. */
function kindFiles(files: string): LayerPart[] {
  const plain = [
    ...['10-network-security.conf', '10-network-magic.conf'].map(name => `etc/sysctl.d/${name}`),
    ...['kubelet.slice', 'undo-mount-hacks.service', 'containerd.service', 'kubelet.service'].map(
      name => `etc/systemd/system/${name}`,
    ),
    ...['10-kubeadm.conf', '11-kind.conf'].map(name => `etc/systemd/system/kubelet.service.d/${name}`),
    ...['etc/crictl.yaml', 'etc/default/kubelet', 'kind/README.txt'],
  ];
  const scripts = [
    ...['mount-product-files.sh', 'undo-mount-hacks.sh', 'create-kubelet-cgroup-v2.sh'].map(name => `kind/bin/${name}`),
    'usr/local/bin/entrypoint',
  ];
  return [
    ...plain.map(name => ({ file: join(files, name), to: `/${name}`, mode: 0o644 })),
    ...scripts.map(name => ({ file: join(files, name), to: `/${name}`, mode: 0o755 })),
  ];
}

interface RuntimeSpec {
  hooks?: { createContainer?: object[] };
  process?: { rlimits?: unknown };
}

/** containerd's own default, changed as kind's Dockerfile does. */
async function runtimeSpec(ctr: string): Promise<string> {
  const spec = JSON.parse((await run(ctr, ['oci', 'spec'])).stdout) as RuntimeSpec;
  const hooks = [...(spec.hooks?.createContainer ?? []), { path: '/kind/bin/mount-product-files.sh' }];
  spec.hooks = { ...spec.hooks, createContainer: hooks };
  delete spec.process?.rlimits;
  return JSON.stringify(spec);
}
