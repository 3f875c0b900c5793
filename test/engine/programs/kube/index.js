'use strict';
// Kubernetes resources through a provider whose kubeconfig is known only after another resource was created.
const pulumi = require('@pulumi/pulumi');
const k8s = require('@pulumi/kubernetes');

class Cluster extends pulumi.dynamic.Resource {
  constructor(name) {
    const provider = {
      async create() {
        return { id: 'c', outs: { kubeconfig: process.env.KUBECONFIG_TEXT } };
      },
    };
    super(provider, name, { kubeconfig: undefined }, undefined, 'test', 'Cluster');
  }
}
const cluster = new Cluster('cluster');
const provider = new k8s.Provider('p', { kubeconfig: cluster.kubeconfig });
const namespace = new k8s.core.v1.Namespace('space', {}, { provider, deletedWith: cluster });
const map = new k8s.core.v1.ConfigMap(
  'map',
  { metadata: { namespace: namespace.metadata.name }, data: { a: 'b' } },
  { provider, deletedWith: cluster },
);
exports.map = map.metadata.name;
