import * as path from 'node:path';
import type { Configuration, Example } from './configuration';

/** A product of the vendor's: the repository that it is released from, and the pipeline that its releases run. */
export interface VendorProduct {
  readonly example: Example;
  /** Name of the repository in the vendor's organisation. */
  readonly repository: string;
  readonly component: string;
  /** Folder with one folder per branch of the repository. */
  readonly branches: string;
  /** Folders with the pipeline's manifests: shared ones first, its own last. They are committed to `.tekton/`. */
  readonly pipelines: readonly string[];
  /** The pipeline's EventListener. */
  readonly listener: string;
}

/** The configured products; `folder` is that of the examples. */
export function vendorProducts(configuration: Configuration, folder: string): VendorProduct[] {
  const known: Record<Example, VendorProduct> = {
    podinfo: {
      example: 'podinfo',
      repository: configuration.componentRepository,
      component: configuration.component,
      branches: path.join(folder, 'podinfo'),
      pipelines: [path.join(folder, 'podinfo-pipeline')],
      listener: 'releases',
    },
    orders: {
      example: 'orders',
      repository: 'orders-component',
      component: 'ocm.software/demos/orders',
      branches: path.join(folder, 'orders'),
      pipelines: [path.join(folder, 'podinfo-pipeline'), path.join(folder, 'orders-pipeline')],
      listener: 'orders-releases',
    },
  };
  return [...new Set<Example>(['podinfo', ...configuration.examples])].map(example => known[example]);
}
