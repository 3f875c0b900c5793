import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { createHash } from 'node:crypto';

export interface NameServiceArgs {
  /** What every name under `.localhost` means in pods. */
  ingressIP: pulumi.Input<string>;
}

/**
 * CoreDNS as kubeadm sets it up, with a zone of its own for canonical names. That a name is not there is remembered for a second
 * only: the ingress asks for services before they are deployed.
 */
export function corefile(ingressIP: string): string {
  return `localhost:53 {
    errors
    template IN A localhost {
        answer "{{ .Name }} 30 IN A ${ingressIP}"
    }
    template IN AAAA localhost {
        rcode NOERROR
    }
}
.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30 {
       denial 9984 1
    }
    loop
    reload
    loadbalance
}
`;
}

/** Makes canonical names lead to the ingress in every pod, whatever program asks. */
export class NameService extends pulumi.ComponentResource {
  constructor(name: string, args: NameServiceArgs, options?: pulumi.ComponentResourceOptions) {
    super('airlock:platform:NameService', name, {}, options);
    const child = { parent: this };
    const text = pulumi.output(args.ingressIP).apply(corefile);
    const place = { name: 'coredns', namespace: 'kube-system', annotations: { 'pulumi.com/patchForce': 'true' } };
    const configuration = new k8s.core.v1.ConfigMapPatch(
      `${name}-corefile`,
      { metadata: place, data: { Corefile: text } },
      child,
    );
    // CoreDNS reads a changed file only after a while; a new pod template is read at once.
    new k8s.apps.v1.DeploymentPatch(
      `${name}-coredns`,
      {
        metadata: place,
        spec: {
          template: {
            metadata: {
              annotations: {
                'airlock/corefile': text.apply(content => createHash('sha256').update(content).digest('hex')),
              },
            },
          },
        },
      },
      { ...child, dependsOn: [configuration] },
    );
    this.registerOutputs({});
  }
}
