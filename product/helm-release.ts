import { stringify } from 'yaml';
import { AirlockError } from '../report';
import { chartOfArtifact, chartRoot } from './chart-files';
import { renderChart } from './chart';
import { Fields } from './fields';
import type { FileSet } from './file-set';
import { manifestObjects, type ManifestObject } from './manifest-objects';
import type { ProgramOptions } from './program-run';
import type { ProductResource, ResourceReader } from './source';
import { isTar, readTar } from './tar';
import { isMap, valueAt, type ValueMap } from './value';

/**
 * What the HelmReleases in a pipeline's files would deploy, for people to compare: each one's chart is looked for in the component
 * and rendered with its values. Nothing of it goes into the snapshot. A chart that is not in the component, or does not render,
 * is told; the HelmRelease itself is compared in any case.
 */
export async function releasedFiles(
  files: FileSet,
  reader: ResourceReader,
  options: ProgramOptions,
): Promise<{ files: FileSet; notes: readonly string[] }> {
  const releases = manifestObjects(files, text => /^kind:\s*HelmRelease\b/m.test(text)).filter(
    each => each.kind === 'HelmRelease',
  );
  const rendered = new Map<string, Uint8Array>();
  const notes: string[] = [];
  for (const release of releases) {
    try {
      for (const [path, content] of await renderedRelease(release, reader, options)) rendered.set(path, content);
    } catch (error) {
      if (!(error instanceof AirlockError) || /interrupted|aborted/.test(error.code)) throw error;
      notes.push(`What HelmRelease ${release.name} deploys is not compared: ${error.message}.`);
    }
  }
  return { files: rendered, notes };
}

async function renderedRelease(
  { value, name }: ManifestObject,
  reader: ResourceReader,
  options: ProgramOptions,
): Promise<FileSet> {
  const text = (...path: string[]): string | undefined => {
    const found = valueAt(value, path);
    return typeof found === 'string' ? found : undefined;
  };
  const wanted = text('spec', 'chart', 'spec', 'chart') ?? text('spec', 'chartRef', 'name') ?? name;
  const chart = await chartNamed(wanted, reader);
  const namespace = text('spec', 'targetNamespace') ?? text('metadata', 'namespace') ?? 'default';
  const target = text('spec', 'targetNamespace');
  const release = {
    // As helm-controller names it.
    name: text('spec', 'releaseName') ?? (target === undefined ? name : `${target}-${name}`),
    namespace,
  };
  const values: ValueMap = isMap(valueAt(value, ['spec', 'values']))
    ? (valueAt(value, ['spec', 'values']) as ValueMap)
    : {};
  const { files } = await renderChart(chart.files, release, chart.where, options, stringify(values));
  return new Map([...files].map(([path, content]) => [`HelmRelease ${name}/${path}`, content]));
}

/** The chart of this name among the component's own resources. Throws `product.chart-not-found`. */
async function chartNamed(wanted: string, reader: ResourceReader): Promise<{ files: FileSet; where: string }> {
  for (const resource of reader.component.resources) {
    if (!/helm|chart/i.test(`${resource.type} ${resource.name}`)) continue;
    const files = await chartFiles(resource, reader);
    const meta = files?.get('Chart.yaml');
    if (!files || !meta) continue;
    const name = Fields.of(Buffer.from(meta).toString('utf8'), 'Chart.yaml', {
      code: 'product.chart-invalid',
      message: 'The chart is not valid',
      remedy: 'It is the vendor who has to correct it',
    }).optionalText(['name']);
    const { component } = reader;
    if (name === wanted) return { files, where: `${component.name}:${component.version} resource ${resource.name}` };
  }
  throw new AirlockError({
    code: 'product.chart-not-found',
    message: `the component holds no chart ${wanted}`,
    remedy: 'Add the chart to the component as a resource',
  });
}

async function chartFiles(resource: ProductResource, reader: ResourceReader): Promise<FileSet | undefined> {
  const { name, extraIdentity } = resource;
  const bytes = await reader.read(name, extraIdentity ? { extraIdentity } : {});
  if (!isTar(bytes)) return undefined;
  const outer = await readTar(bytes, name);
  const files = (await chartOfArtifact(outer, resource.digest, name)) ?? outer;
  const root = chartRoot(files);
  if (root === undefined) return undefined;
  return new Map(
    [...files].filter(([path]) => path.startsWith(root)).map(([path, content]) => [path.slice(root.length), content]),
  );
}
