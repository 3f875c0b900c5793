/** A program built from a pinned Go module of `tools/`. */
export interface GoProgram {
  readonly name: string;
  readonly version: string;
  /** Folder under `tools/` with the go.mod and go.sum. */
  readonly tool: string;
  /** File name -> package. */
  readonly binaries: Readonly<Record<string, string>>;
  readonly tags?: readonly string[];
  /** Linker variables, `import/path.Name` -> value. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Needs a C compiler; linked statically all the same. */
  readonly cgo?: boolean;
  /** Minutes a cold build takes on 2 cores, for people. */
  readonly minutes: number;
}

export const KUBERNETES_VERSION = '1.36.3';
export const KIND_VERSION = '0.30.0';

const kubernetesVersion = (path: string) => ({
  [`${path}.gitVersion`]: `v${KUBERNETES_VERSION}`,
  [`${path}.gitMajor`]: '1',
  [`${path}.gitMinor`]: '36',
  [`${path}.gitTreeState`]: 'clean',
});

const k8s = (...names: string[]) => Object.fromEntries(names.map(name => [name, `k8s.io/kubernetes/cmd/${name}`]));

/** Every program Airlock builds. Versions are those of the go.mod files; a test holds the two together. */
export const programs: readonly GoProgram[] = [
  {
    name: 'gitea',
    version: '1.26.0',
    tool: 'gitea',
    binaries: { gitea: 'code.gitea.io/gitea' },
    tags: ['sqlite', 'sqlite_unlock_notify', 'osusergo', 'netgo', 'sqlite_omit_load_extension', 'timetzdata'],
    variables: {
      'main.Version': '1.26.0',
      'main.Tags': 'sqlite sqlite_unlock_notify',
      // Where the image keeps its templates; STATIC_ROOT_PATH says otherwise on the host.
      'code.gitea.io/gitea/modules/setting.StaticRootPath': '/usr/share/gitea',
    },
    cgo: true,
    minutes: 4,
  },
  {
    name: 'registry',
    version: '3.1.2',
    tool: 'registry',
    binaries: { registry: 'github.com/distribution/distribution/v3/cmd/registry' },
    variables: {
      'github.com/distribution/distribution/v3/version.version': 'v3.1.2',
      'github.com/distribution/distribution/v3/version.mainpkg': 'github.com/distribution/distribution/v3',
    },
    minutes: 1,
  },
  {
    name: 'kubernetes',
    version: KUBERNETES_VERSION,
    tool: 'kubernetes',
    binaries: k8s(
      'kubeadm',
      'kubectl',
      'kubelet',
      'kube-proxy',
      'kube-apiserver',
      'kube-controller-manager',
      'kube-scheduler',
    ),
    tags: ['selinux', 'notest', 'grpcnotrace'],
    variables: {
      ...kubernetesVersion('k8s.io/component-base/version'),
      ...kubernetesVersion('k8s.io/client-go/pkg/version'),
    },
    minutes: 5,
  },
  { name: 'kind', version: KIND_VERSION, tool: 'kind', binaries: { kind: 'sigs.k8s.io/kind' }, minutes: 1 },
  {
    name: 'containerd',
    version: '2.2.3',
    tool: 'containerd',
    binaries: Object.fromEntries(
      ['containerd', 'containerd-shim-runc-v2', 'ctr'].map(name => [
        name,
        `github.com/containerd/containerd/v2/cmd/${name}`,
      ]),
    ),
    tags: ['no_btrfs', 'no_devmapper', 'no_zfs', 'no_aufs'],
    variables: { 'github.com/containerd/containerd/v2/version.Version': '2.2.3' },
    minutes: 1,
  },
  {
    name: 'cni',
    version: '1.7.1',
    tool: 'cni',
    binaries: {
      'host-local': 'github.com/containernetworking/plugins/plugins/ipam/host-local',
      loopback: 'github.com/containernetworking/plugins/plugins/main/loopback',
      ptp: 'github.com/containernetworking/plugins/plugins/main/ptp',
      portmap: 'github.com/containernetworking/plugins/plugins/meta/portmap',
    },
    minutes: 1,
  },
  { name: 'etcd', version: '3.6.8', tool: 'etcd', binaries: { etcd: 'go.etcd.io/etcd/server/v3' }, minutes: 1 },
  {
    name: 'coredns',
    version: '1.14.2',
    tool: 'coredns',
    binaries: { coredns: 'github.com/coredns/coredns' },
    tags: ['grpcnotrace'],
    minutes: 2,
  },
  {
    name: 'kustomize-controller',
    version: '1.9.5',
    tool: 'kustomize-controller',
    binaries: { 'kustomize-controller': 'github.com/fluxcd/kustomize-controller' },
    minutes: 3,
  },
  {
    name: 'controller-gen',
    version: '0.20.1',
    tool: 'flux-crds',
    binaries: { 'controller-gen': 'sigs.k8s.io/controller-tools/cmd/controller-gen' },
    minutes: 1,
  },
  {
    name: 'podinfo-1.8.0',
    version: '1.8.0',
    tool: 'podinfo-1.8.0',
    binaries: { podinfo: 'github.com/stefanprodan/k8s-podinfo/cmd/podinfo' },
    variables: { 'github.com/stefanprodan/k8s-podinfo/pkg/version.VERSION': '1.8.0' },
    minutes: 1,
  },
  {
    name: 'podinfo-6.9.2',
    version: '6.9.2',
    tool: 'podinfo-6.9.2',
    binaries: { podinfo: 'github.com/stefanprodan/podinfo/cmd/podinfo' },
    variables: { 'github.com/stefanprodan/podinfo/pkg/version.VERSION': '6.9.2' },
    minutes: 1,
  },
  {
    name: 'helm',
    version: '3.22.0',
    tool: 'helm',
    binaries: { helm: 'helm.sh/helm/v3/cmd/helm' },
    variables: {
      'helm.sh/helm/v3/internal/version.version': 'v3.22.0',
      // Charts ask for the cluster's version; where none is named, that of our own nodes.
      'helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor': '1',
      'helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor': '36',
    },
    minutes: 2,
  },
  {
    name: 'kustomize',
    version: '5.8.1',
    tool: 'kustomize',
    binaries: { kustomize: 'sigs.k8s.io/kustomize/kustomize/v5' },
    variables: { 'sigs.k8s.io/kustomize/api/provenance.version': 'kustomize/v5.8.1' },
    minutes: 1,
  },
  { name: 'cue', version: '0.17.0', tool: 'cue', binaries: { cue: 'cuelang.org/go/cmd/cue' }, minutes: 1 },
  {
    name: 'opa',
    version: '1.22.0',
    tool: 'opa',
    binaries: { opa: 'github.com/open-policy-agent/opa' },
    minutes: 2,
  },
  {
    name: 'nats',
    version: '2.15.2',
    tool: 'nats',
    binaries: { 'nats-server': 'github.com/nats-io/nats-server/v2' },
    minutes: 1,
  },
  {
    name: 'orders',
    version: '1.0.0',
    tool: 'orders',
    binaries: { shop: './shop', fulfilment: './fulfilment' },
    minutes: 1,
  },
  { name: 'pause', version: '3.10', tool: 'pause', binaries: { pause: '.' }, minutes: 1 },
  { name: 'runc-wrapper', version: '1', tool: 'runc-wrapper', binaries: { 'runc-wrapper': '.' }, minutes: 1 },
];

/** The programs that speak the languages products are written in. */
export const languageProgramNames = ['cue', 'helm', 'kustomize', 'opa'] as const;
export type LanguageProgram = (typeof languageProgramNames)[number];

export function program(name: string): GoProgram {
  const found = programs.find(candidate => candidate.name === name);
  if (!found) throw new Error(`no program ${name} in images/programs.ts`);
  return found;
}
