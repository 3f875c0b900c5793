import '../cli/compile-cache';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { planProposal, type ProductInstance, type ProductResource, type ResourceReader, writeTar } from '../product';
import { airlockNode, measure, median, type Measured } from './measure';

const MANIFESTS = 500;
const VALUES_EACH = 4;
const image = `registry.example/shop/service@sha256:${'a'.repeat(64)}`;

/**
 * Plans an upgrade of a product with 500 manifests and 2,000 values, in a process of its own: reading, merging, rendering both
 * versions, comparing. What is measured includes the start of Node. Prints medians of five runs.
 */
export async function benchProduct(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'airlock-bench-'));
  const runs: Measured[] = [];
  try {
    const installed = join(folder, 'installed.json');
    const program = [...airlockNode, ...process.execArgv, __filename];
    await measure([[...program, 'install', installed]], 1);
    for (let run = 0; run < 5; run += 1) runs.push(await measure([[...program, 'plan', installed]], 1));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const seconds = median(runs.map(each => each.seconds)).toFixed(2);
  const megabytes = median(runs.map(each => each.megabytes)).toFixed(0);
  const processor = median(runs.map(each => each.processor)).toFixed(2);
  console.log(
    `plan of an upgrade, ${MANIFESTS} manifests, ${MANIFESTS * VALUES_EACH} values: ${seconds} s (${processor} s of processor), ${megabytes} MB (goal: 2 s, 300 MB)`,
  );
}

/** Every fifth default changes with the version, and so does every manifest's image. */
function version(number: string, changed: string): ResourceReader {
  const names = Array.from({ length: MANIFESTS }, (_none, at) => `service-${at}`);
  const config = [
    'kind: ConfigData',
    'localization:',
    ...names.map(
      name => `- {file: ${name}.yaml, image: "spec.template.spec.containers[0].image", resource: {name: image}}`,
    ),
    'configuration:',
    '  defaults:',
    ...names.flatMap((name, at) => [
      `    # Settings of ${name}`,
      `    ${name}:`,
      '      replicas: 1',
      `      message: "${at % 5 === 0 ? changed : 'hello'}" # shown on its page`,
      '      level: info',
      '      account: default',
    ]),
    '  rules:',
    ...names.flatMap(name => [
      `  - {file: ${name}.yaml, path: spec.replicas, value: (( ${name}.replicas ))}`,
      `  - {file: ${name}.yaml, path: "spec.template.spec.containers[0].env[0].value", value: (( ${name}.message ))}`,
      `  - {file: ${name}.yaml, path: "spec.template.spec.containers[0].env[1].value", value: (( ${name}.level ))}`,
      `  - {file: ${name}.yaml, path: spec.template.spec.serviceAccountName, value: (( ${name}.account ))}`,
    ]),
    '  schema: {type: object, additionalProperties: {type: object, properties: {replicas: {type: integer, maximum: 9}}}}',
  ].join('\n');
  const texts = new Map<string, () => Promise<Uint8Array>>([
    ['manifests', () => writeTar(new Map(names.map(name => [`${name}.yaml`, Buffer.from(manifest(name, number))])))],
    ['config', () => Promise.resolve(Buffer.from(config))],
    ['description', () => Promise.resolve(Buffer.from(description))],
  ]);
  const resources = [
    resource('image', 'ociImage'),
    resource('manifests', 'dir'),
    resource('config', 'file'),
    resource('description', 'productdescription.mpas.ocm.software'),
  ];
  const component = {
    name: 'example.org/shop',
    version: number,
    descriptorDigest: `sha256:${number.replace(/\D/g, '').padStart(64, '0')}`,
    resources,
    references: [],
  };
  const find = (name: string): ProductResource => resources.find(each => each.name === name) ?? resource(name, 'none');
  return {
    component,
    componentAt: () => Promise.resolve(component),
    find: name => Promise.resolve(find(name)),
    read: name => texts.get(name)?.() ?? Promise.resolve(new Uint8Array()),
    imageReference: () => Promise.resolve(image),
  };
}

const resource = (name: string, type: string): ProductResource => ({
  name,
  type,
  version: '1.0.0',
  access: { type: 'localBlob' },
});

const description = `kind: ProductDescription
metadata: {name: shop}
spec:
  pipelines:
  - name: shop
    targetRoleName: any
    source: {name: manifests}
    localization: {name: config}
    configuration: {rules: {name: config}}
  targetRoles:
  - {name: any, type: kubernetes}
`;

/** About what a service of a real product has: 60 lines. */
function manifest(name: string, number: string): string {
  const probe = (path: string): string =>
    `          httpGet:\n            path: ${path}\n            port: http\n          periodSeconds: 10\n`;
  return `# ${name}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  labels:
    app.kubernetes.io/name: ${name}
    app.kubernetes.io/version: "${number}"
spec:
  replicas: 1 # a default
  selector:
    matchLabels:
      app.kubernetes.io/name: ${name}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: ${name}
    spec:
      serviceAccountName: default
      containers:
      - name: ${name}
        image: ${name}
        env:
        - name: MESSAGE
          value: ""
        - name: LEVEL
          value: info
        ports:
        - name: http
          containerPort: 8080
        livenessProbe:
${probe('/healthz')}        readinessProbe:
${probe('/readyz')}        resources:
          requests:
            cpu: 10m
            memory: 32Mi
---
apiVersion: v1
kind: Service
metadata:
  name: ${name}
spec:
  selector:
    app.kubernetes.io/name: ${name}
  ports:
  - name: http
    port: 80
    targetPort: http
`;
}

const instance: ProductInstance = {
  name: 'shop',
  project: 'project',
  repository: 'registry.example/components',
  snapshotRegistry: 'registry.example',
  targets: [{ name: 'cluster', labels: {}, type: 'kubernetes' }],
};

interface Installed {
  readonly values: string;
  readonly lock: string;
}

/** What is merged before the upgrade: the first version, with fifty edits of the consumer's. */
async function install(file: string): Promise<void> {
  const { files } = await planProposal({ instance, reader: version('1.0.0', 'hello'), merged: {} });
  const values = files.get('products/shop/values.yaml') ?? '';
  const installed: Installed = {
    values: values.replaceAll(/^( {2}service-\d*3:\n) {4}replicas: 1$/gm, '$1    replicas: 2'),
    lock: files.get('products/shop/lock.yaml') ?? '',
  };
  await writeFile(file, JSON.stringify(installed));
}

async function plan(file: string): Promise<void> {
  const merged = JSON.parse(await readFile(file, 'utf8')) as Installed;
  const previous = version('1.0.0', 'hello');
  const proposal = await planProposal({ instance, reader: version('1.1.0', 'good day'), previous, merged });
  const { kind, valuesChanges, manifestDiff } = proposal;
  if (kind !== 'upgrade' || valuesChanges.length !== 150 || manifestDiff.length !== MANIFESTS)
    throw new Error(`planned ${kind}, ${valuesChanges.length} values, ${manifestDiff.length} objects`);
}

const [, , step, file = ''] = process.argv;
if (require.main === module && step === 'install') void install(file);
if (require.main === module && step === 'plan') void plan(file);
