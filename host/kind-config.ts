import { stringify } from 'yaml';

/** A registry that nodes reach through a NodePort on their own loopback. */
export interface NodeRegistry {
  /** Its canonical name with port, as references spell it: `consumer-registry.localhost:8080`. */
  readonly host: string;
  readonly nodePort: number;
}

export interface ClusterSpec {
  readonly name: string;
  /** Fixed, so that the kubeconfig stays the same when the cluster is made anew. Loopback only. */
  readonly apiServerPort: number;
  /** Port on 127.0.0.1 that leads to the ingress. */
  readonly ingressPort: number;
  /** A node image that the engine has, by reference. */
  readonly nodeImage: string;
  readonly registries: readonly NodeRegistry[];
}

/** What the machine and the image demand. */
export interface ClusterCircumstances {
  /** The node image configures pod networking itself. */
  readonly bundledCni: boolean;
  readonly cgroupV1: boolean;
  /** The engine may not grant CAP_SYS_RESOURCE. */
  readonly withoutSysResource: boolean;
}

/** The NodePort of the ingress in the cluster. */
export const INGRESS_NODE_PORT = 30080;

/** The configuration for `kind create cluster --config`. */
export function kindConfig(spec: ClusterSpec, circumstances: ClusterCircumstances): string {
  return stringify({
    kind: 'Cluster',
    apiVersion: 'kind.x-k8s.io/v1alpha4',
    name: spec.name,
    networking: {
      apiServerAddress: '127.0.0.1',
      apiServerPort: spec.apiServerPort,
      disableDefaultCNI: circumstances.bundledCni,
    },
    nodes: [
      {
        role: 'control-plane',
        image: spec.nodeImage,
        extraPortMappings: [
          { containerPort: INGRESS_NODE_PORT, hostPort: spec.ingressPort, listenAddress: '127.0.0.1', protocol: 'TCP' },
        ],
      },
    ],
    containerdConfigPatches: [containerdPatch(circumstances)],
    kubeadmConfigPatches: [
      stringify({
        kind: 'KubeletConfiguration',
        apiVersion: 'kubelet.config.k8s.io/v1beta1',
        failCgroupV1: false,
        localStorageCapacityIsolation: false,
      }),
      // kubeadm's own checks refuse cgroup v1.
      ...(circumstances.cgroupV1 ? [stringify({ kind: 'InitConfiguration', skipPhases: ['preflight'] })] : []),
    ],
  });
}

function containerdPatch({ withoutSysResource }: ClusterCircumstances): string {
  const lines = ['[plugins."io.containerd.grpc.v1.cri".registry]', '  config_path = "/etc/containerd/certs.d"'];
  if (withoutSysResource) lines.unshift('[plugins."io.containerd.grpc.v1.cri"]', '  restrict_oom_score_adj = true');
  return `${lines.join('\n')}\n`;
}

/** `hosts.toml` of containerd's certs.d for a registry: plain HTTP on the node's loopback, whatever the reference says. */
export function hostsToml(registry: NodeRegistry): string {
  const url = `http://127.0.0.1:${registry.nodePort}`;
  return `server = "${url}"\n\n[host."${url}"]\n  capabilities = ["pull", "resolve"]\n`;
}
