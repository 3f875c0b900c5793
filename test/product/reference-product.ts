import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { memoryReader } from './memory-reader';
import type { ResourceReader } from '../../product/source';

/** Beside the checkout, where it is there. */
export const referenceFolder = path.resolve(__dirname, '..', '..', '..', 'shared', 'vectors', 'mpas-demo');

/** The reference demo's product files are data beside the checkout; without them its tests are skipped. */
export const hasReferenceProduct = existsSync(referenceFolder);

const products = {
  '1.0.0': path.join(referenceFolder, 'component-repo-src', 'main-branch'),
  '1.1.0': path.join(referenceFolder, 'component-repo-src', 'new-release-branch'),
  '1.2.0': path.join(referenceFolder, 'component-repo-src', 'new-config-branch'),
  'weave-gitops': path.join(referenceFolder, 'weave-gitops'),
};

/** A product of the reference demo as a component version in a registry. */
export function referenceProduct(which: keyof typeof products, host = 'registry.example'): ResourceReader {
  const from = products[which];
  const text = (file: string): string => readFileSync(path.join(from, file), 'utf8');
  const manifests = readdirSync(path.join(from, 'src', 'flux'));
  const podinfo = which !== 'weave-gitops';
  const name = podinfo ? 'podinfo' : 'weave-gitops';
  const [image, chart] = podinfo
    ? ['podinfo:6.3.5-static', 'podinfo:6.3.5']
    : ['wego-app:v0.24.0', 'weave-gitops:4.0.22'];
  return memoryReader(`ocm.software/demos/${name}`, podinfo ? which : '1.0.0', [
    { name: 'image', type: 'ociImage', image: `${host}/consumer/${image}` },
    { name: 'chart', type: 'ociImage', image: `${host}/consumer/charts/${chart}` },
    {
      name: 'manifests',
      type: 'dir',
      content: Object.fromEntries(manifests.map(each => [each, text(`src/flux/${each}`)])),
    },
    { name: 'config', type: 'file', content: text('src/ocm-ctrl/config.yaml') },
    { name: 'schema', type: 'PlainText', content: text('src/schema.cue') },
    {
      name: 'product-description',
      type: 'productdescription.mpas.ocm.software',
      content: text('product_description.yaml'),
    },
  ]);
}
