import { fluxText } from './flux';
import { instanceDirectory, isKubernetes, type PlacedRoles, type ProductInstance } from './instance';
import { serializeLock, textDigest, type ProductLock } from './lock';
import { manifestText, mpasGroup, verifyField } from './manifests';
import type { LoadedProduct } from './product';
import type { ResourceRef } from './description';
import type { Snapshot } from './snapshot';

/** Names of the files of an instance's folder. */
export const productFileNames = {
  deployment: 'product-deployment.yaml',
  values: 'values.yaml',
  readme: 'README.md',
  lock: 'lock.yaml',
  flux: 'flux.yaml',
  kustomization: 'kustomization.yaml',
} as const;

/** The lock of a product with these values and snapshots. */
export function lockOf(
  instance: ProductInstance,
  product: LoadedProduct,
  values: string,
  snapshots: readonly Snapshot[],
): ProductLock {
  const { name, version, descriptorDigest } = product.reader.component;
  return {
    instance: instance.name,
    component: { name, version, descriptorDigest },
    repository: instance.repository,
    defaultsDigest: textDigest(product.defaultsText),
    valuesDigest: textDigest(values),
    snapshots: snapshots.map(({ pipeline, reference, digest }) => ({ pipeline, reference, digest })),
  };
}

/** The files that follow from values: the lock and what Flux reads. By path in the repository. */
export function lockFiles(
  instance: ProductInstance,
  product: LoadedProduct,
  placed: PlacedRoles,
  lock: ProductLock,
): Map<string, string> {
  const directory = instanceDirectory(instance);
  const deployments = lock.snapshots.flatMap(snapshot => {
    const pipeline = product.description.pipelines.find(each => each.name === snapshot.pipeline);
    const targets = (pipeline && placed.get(pipeline.targetRoleName)) ?? [];
    return [{ snapshot, targets: targets.filter(isKubernetes) }];
  });
  return new Map([
    [`${directory}/${productFileNames.lock}`, serializeLock(lock)],
    [`${directory}/${productFileNames.flux}`, fluxText(instance, deployments)],
  ]);
}

/** All files of an instance's folder, by path in the repository. */
export function productFiles(
  instance: ProductInstance,
  product: LoadedProduct,
  placed: PlacedRoles,
  lock: ProductLock,
  values: string,
): Map<string, string> {
  const directory = instanceDirectory(instance);
  return new Map([
    [`${directory}/${productFileNames.deployment}`, deploymentText(instance, product)],
    [`${directory}/${productFileNames.values}`, values],
    [`${directory}/${productFileNames.readme}`, readmeText(product)],
    ...lockFiles(instance, product, placed, lock),
    [
      `${directory}/${productFileNames.kustomization}`,
      manifestText({
        apiVersion: 'kustomize.config.k8s.io/v1beta1',
        kind: 'Kustomization',
        resources: [productFileNames.flux],
      }),
    ],
  ]);
}

/** The ProductDeployment in the form MPAS writes. */
function deploymentText(instance: ProductInstance, product: LoadedProduct): string {
  const { name, version } = product.reader.component;
  const { pipelines, targetRoles } = product.description;
  const refOf = (ref: ResourceRef | undefined) =>
    ref && { name: ref.name, version: ref.version, extraIdentity: ref.extraIdentity, referencePath: ref.referencePath };
  return manifestText({
    apiVersion: `${mpasGroup}/v1alpha1`,
    kind: 'ProductDeployment',
    metadata: { name: instance.name, namespace: instance.project },
    spec: {
      component: { name, version, registry: { url: instance.repository } },
      interval: instance.interval ?? '10m',
      serviceAccountName: instance.serviceAccountName,
      pipelines: pipelines.map(pipeline => {
        const role = targetRoles.find(each => each.name === pipeline.targetRoleName);
        return {
          name: pipeline.name,
          resource: refOf(pipeline.source),
          localization: refOf(pipeline.localization),
          configuration: pipeline.configuration?.rules && { rules: refOf(pipeline.configuration.rules) },
          targetRole: role && { type: role.type, selector: role.selector },
        };
      }),
      verify: instance.verify && instance.verify.length > 0 ? verifyField(instance.verify) : undefined,
    },
  });
}

/** The vendor's readmes, one section per pipeline. */
function readmeText(product: LoadedProduct): string {
  const { description, pipelines } = product;
  const sections = pipelines.map(({ pipeline, readme }) => {
    return `## ${pipeline.name}\n\n${readme === undefined ? 'The vendor ships no instructions for it.' : demoted(readme.trim())}\n`;
  });
  return [
    `# ${description.name}\n`,
    ...(description.description ? [`${description.description}\n`] : []),
    ...sections,
  ].join('\n');
}

/** Markdown with its headings two levels lower, code blocks left alone. */
function demoted(markdown: string): string {
  let fence = '';
  return markdown
    .split(/\r?\n/)
    .map(line => {
      const mark = /^\s*(```+|~~~+)/.exec(line)?.[1];
      if (mark && (fence === '' || line.trim().startsWith(fence))) fence = fence === '' ? mark : '';
      const heading = fence === '' && !mark ? /^(#{1,6})(?=\s)/.exec(line)?.[1] : undefined;
      return heading ? `${'#'.repeat(Math.min(6, heading.length + 2))}${line.slice(heading.length)}` : line;
    })
    .join('\n');
}
