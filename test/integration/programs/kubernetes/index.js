'use strict';
// A program of the kind Airlock runs: an explicit provider, a namespace, what is in it, manifests with a definition and an object of it.
const k8s = require('@pulumi/kubernetes');
const pulumi = require('@pulumi/pulumi');

const config = new pulumi.Config();
const provider = new k8s.Provider('cluster', {
  kubeconfig: config.requireSecret('kubeconfig'),
  enableServerSideApply: true,
  enableConfigMapMutable: config.getBoolean('mutable'),
});
const options = { provider };

const space = new k8s.core.v1.Namespace('space', { metadata: { name: config.get('namespace') ?? 'program' } }, options);
const namespace = space.metadata.name;
const settings = new k8s.core.v1.ConfigMap(
  'settings',
  { metadata: { namespace }, data: { message: config.get('message') ?? 'hello' } },
  options,
);
const login = new k8s.core.v1.Secret(
  'login',
  { metadata: { name: 'login', namespace }, stringData: { password: config.requireSecret('password') } },
  options,
);
const service = new k8s.core.v1.Service(
  'web',
  { metadata: { name: 'web', namespace }, spec: { ports: [{ name: 'http', port: 80 }] } },
  options,
);
const manifests = new k8s.yaml.v2.ConfigGroup(
  'manifests',
  {
    yaml: pulumi.interpolate`
apiVersion: program.example.org/v1
kind: Gadget
metadata: {name: one, namespace: ${namespace}}
spec: {size: 3}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gadgets.program.example.org}
spec:
  group: program.example.org
  scope: Namespaced
  names: {kind: Gadget, plural: gadgets, singular: gadget, listKind: GadgetList}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer}}}}}}
`,
  },
  { providers: { kubernetes: provider }, dependsOn: [space] },
);
new k8s.apiextensions.CustomResource(
  'gadget',
  {
    apiVersion: 'program.example.org/v1',
    kind: 'Gadget',
    metadata: { name: 'two', namespace },
    spec: { size: config.getNumber('size') ?? 1 },
  },
  { provider, dependsOn: [manifests] },
);
new k8s.core.v1.ConfigMap(
  'address',
  { metadata: { name: 'address', namespace }, data: { ip: service.spec.clusterIP, from: settings.metadata.name } },
  options,
);
exports.ip = service.spec.clusterIP;
exports.password = login.data.apply(data => data.password);
exports.settings = settings.metadata.name;
