import type { ProductInstance } from '../../product/instance';
import type { ResourceReader } from '../../product/source';
import { memoryReader, type MemoryResource } from './memory-reader';

export const digestOf = (letter: string): string => `sha256:${letter.repeat(64)}`;

const description = `apiVersion: meta.mpas.ocm.software/v1alpha1
kind: ProductDescription
metadata:
  name: podinfo
spec:
  description: A tiny web application.
  pipelines:
  - name: podinfo
    targetRoleName: web
    source: {name: manifests, version: 1.0.0}
    localization: {name: config, version: 1.0.0}
    configuration:
      rules: {name: config, version: 1.0.0}
      readme: {name: instructions, version: 1.0.0}
  targetRoles:
  - name: web
    type: kubernetes
    selector:
      matchLabels:
        target.mpas.ocm.software/ingress-enabled: "true"
`;

const deployment = `# The web application
apiVersion: apps/v1
kind: Deployment
metadata:
  name: podinfo
spec:
  replicas: 1
  selector: {matchLabels: {app: podinfo}}
  template:
    metadata:
      labels: {app: podinfo}
    spec:
      serviceAccountName: default
      containers:
      - name: podinfo
        image: podinfo # set by localization
        env:
        - name: PODINFO_UI_MESSAGE
          value: ""
        - name: PODINFO_UI_LOGO
          value: ""
---
apiVersion: v1
kind: Service
metadata:
  name: podinfo
spec:
  ports:
  - port: 9898
`;

const config = (defaults: string, extraRules = '', extraSchema = ''): string => `kind: ConfigData
localization:
- {file: deployment.yaml, image: "spec.template.spec.containers[0].image", resource: {name: image}}
configuration:
  defaults:
${defaults}
  rules:
  - {file: deployment.yaml, path: "spec.template.spec.containers[0].env[0].value", value: "(( message ))"}
  - {file: deployment.yaml, path: spec.replicas, value: "(( replicas ))"}
${extraRules}  schema:
    type: object
    additionalProperties: false
    properties:
      message: {type: string}
      replicas: {type: integer, minimum: 1, maximum: 4}
${extraSchema}`;

const resources = (image: string, data: string): MemoryResource[] => [
  { name: 'image', type: 'ociArtifact', image },
  { name: 'manifests', type: 'dir', content: { 'deployment.yaml': deployment } },
  { name: 'config', type: 'file', content: data },
  { name: 'instructions', type: 'file', content: '# Settings\n\n- `message`: on the page\n\n## More\n' },
  { name: 'product-description', type: 'productdescription.mpas.ocm.software', content: description },
];

const repository = 'consumer-registry.localhost:8080/components/podinfo';

export const version100 = (): ResourceReader =>
  memoryReader(
    'ocm.software/demos/podinfo',
    '1.0.0',
    resources(
      `${repository}:6.9.1@${digestOf('a')}`,
      config('    # What the page says\n    message: "podinfo"\n\n    # Number of pods\n    replicas: 1'),
    ),
  );

export const version110 = (): ResourceReader =>
  memoryReader(
    'ocm.software/demos/podinfo',
    '1.1.0',
    resources(
      `${repository}:6.9.2@${digestOf('b')}`,
      config(
        '    # What the page says\n    message: "podinfo, renewed"\n\n    # Number of pods\n    replicas: 1\n\n    # Path or address of the logo\n    logo: /static/ocm-logo.png',
        '  - {file: deployment.yaml, path: "spec.template.spec.containers[0].env[1].value", value: "(( logo ))"}\n',
        '      logo: {type: string}\n',
      ),
    ),
  );

/** Its own default breaks its own schema. */
export const version120 = (): ResourceReader =>
  memoryReader(
    'ocm.software/demos/podinfo',
    '1.2.0',
    resources(`${repository}:6.9.2@${digestOf('b')}`, config('    message: "podinfo"\n    replicas: 5')),
  );

export const instance: ProductInstance = {
  name: 'podinfo',
  project: 'mpas-ocm-applications',
  repository: 'consumer-registry.localhost:8080/components',
  snapshotRegistry: 'consumer-registry.localhost:8080',
  pullSecret: 'registry-pull',
  serviceAccountName: 'mpas-ocm-applications',
  interval: '1m',
  verify: [{ name: 'ocm-signing', publicKeySecret: 'ocm-signing' }],
  targets: [
    {
      name: 'kubernetes',
      namespace: 'mpas-system',
      labels: { 'target.mpas.ocm.software/ingress-enabled': 'true' },
      type: 'kubernetes',
      targetNamespace: 'podinfo',
    },
  ],
};
