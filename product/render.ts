import { renderChart, type Release } from './chart';
import { configurationEdits, mergedConfiguration, validateConfiguration } from './configure';
import type { ConsumerValues } from './consumer-values';
import { customResourceFaults } from './custom-resources';
import { editFiles, type FileSet, type FileSetEdit } from './file-set';
import { buildKustomization } from './kustomize';
import { localizationEdits, type LocalizedImage } from './localize';
import { patchedFiles } from './patch';
import { readPipelineSource, type PipelineSource } from './pipeline-source';
import type { LoadedPipeline, LoadedProduct } from './product';
import type { ProgramLimits, ProgramOptions } from './program-run';
import { noPrograms, type Programs } from './programs';
import type { ResourceReader } from './source';
import { faultAt, validateRules, type ValidationFault } from './validation';
import { isMap, mergeOver, type Value, type ValueMap } from './value';

/** What rendering needs from outside. */
export interface RenderOptions {
  /** Default: none, so that a product which needs one is refused. */
  readonly programs?: Programs;
  readonly limits?: ProgramLimits;
  readonly signal?: AbortSignal;
  /** What a pipeline's chart is rendered for. Default: the pipeline's name, in the namespace `default`. */
  readonly release?: (pipeline: string) => Release;
  /** Values over those of `values.yaml`, from `collectValues`. */
  readonly overrides?: ValueMap;
  /** Hosts that clusters pull images from, by the host they were pushed to. */
  readonly pullHosts?: Readonly<Record<string, string>>;
  /** CustomResourceDefinitions (YAML) that rendered objects are checked against, beside those that the product ships. */
  readonly definitions?: readonly string[];
}

/** A pipeline's files as they will be applied. */
export interface RenderedPipeline {
  readonly name: string;
  readonly targetRoleName: string;
  readonly files: FileSet;
  readonly images: readonly LocalizedImage[];
}

export interface RenderedProduct {
  readonly pipelines: readonly RenderedPipeline[];
  /** What the product's own rules reject, the consumer's and the vendor's. */
  readonly faults: readonly ValidationFault[];
  /** What a reviewer should know, and what does not block. */
  readonly warnings: readonly string[];
}

/**
 * Localizes and configures every pipeline: vendor's files, consumer's registry, consumer's values; charts and kustomizations are
 * built. The values must pass the JSON schema, CUE and Rego rules of the product. Writes nothing.
 */
export async function renderProduct(
  loadedProduct: LoadedProduct,
  file: ConsumerValues,
  options: RenderOptions = {},
): Promise<RenderedProduct> {
  const running = programOptions(options);
  const product = { ...loadedProduct, reader: pulledFrom(loadedProduct.reader, options.pullHosts) };
  const consumer = { ...file, values: overridden(file.values, options.overrides) };
  const pipelines: RenderedPipeline[] = [];
  const faults: ValidationFault[] = unknownPipelines(product, consumer);
  const warnings: string[] = [];
  const values: Record<string, Value> = {};
  for (const loaded of product.pipelines) {
    const { name, targetRoleName } = loaded.pipeline;
    const merged = mergedValues(loaded, consumer);
    if (merged) {
      values[name] = merged;
      faults.push(...validateConfiguration(name, loaded.configuration, merged, consumer));
    }
    const { source, images } = await fittedSource(product, loaded, merged, consumer.source.file, running);
    const built = await buildSource(source, options.release?.(name) ?? { name, namespace: 'default' }, running);
    warnings.push(...built.warnings.map(each => `Pipeline ${name}: ${each}`));
    faults.push(...customResourceFaults(name, built.files, options.definitions));
    pipelines.push({ name, targetRoleName, files: built.files, images });
  }
  faults.push(...(await validateRules(product, values, consumer, running)));
  return { pipelines, faults, warnings };
}

/** How programs are run for these options. */
export function programOptions({ programs, limits, signal }: RenderOptions): ProgramOptions {
  return { programs: programs ?? noPrograms, ...(limits && { limits }), ...(signal && { signal }) };
}

function mergedValues({ pipeline, configuration }: LoadedPipeline, consumer: ConsumerValues): ValueMap | undefined {
  return configuration && mergedConfiguration(configuration, consumer.values[pipeline.name], consumer.source.file);
}

/** The source with the images' present locations and the values written into it. */
async function fittedSource(
  product: LoadedProduct,
  { pipeline, localization, configuration }: LoadedPipeline,
  merged: ValueMap | undefined,
  valuesFile: string,
  running: ProgramOptions,
): Promise<{ source: PipelineSource; images: readonly LocalizedImage[] }> {
  const source = await readPipelineSource(product.reader, pipeline);
  const localized =
    localization &&
    (await localizationEdits(localization.localization, product.reader, pipeline.localization?.referencePath, running));
  const edits: FileSetEdit[] = [
    ...(localized?.edits ?? []),
    ...(configuration && merged ? configurationEdits(configuration, merged, valuesFile) : []),
  ];
  const edited = editFiles(
    source.files,
    edits.map(edit => editIn(source, edit)),
  );
  const files =
    configuration && merged ? await patchedFiles(edited, configuration, merged, valuesFile, running) : edited;
  return { source: { ...source, files }, images: localized?.images ?? [] };
}

/** Registries have other names inside some clusters than for those who push to them. */
function pulledFrom(reader: ResourceReader, hosts: RenderOptions['pullHosts'] = {}): ResourceReader {
  if (Object.keys(hosts).length === 0) return reader;
  return {
    component: reader.component,
    componentAt: path => reader.componentAt(path),
    find: (name, selector) => reader.find(name, selector),
    read: (name, selector) => reader.read(name, selector),
    place: (name, selector) => reader.place?.(name, selector),
    imageReference: async resource => {
      const reference = await reader.imageReference(resource);
      const host = reference.slice(0, reference.indexOf('/'));
      return `${hosts[host] ?? host}${reference.slice(host.length)}`;
    },
  };
}

function overridden(values: ValueMap, overrides: ValueMap | undefined): ValueMap {
  const merged = mergeOver(values, overrides);
  return isMap(merged) ? merged : values;
}

/** Rules may name a chart's file with the chart's folder in front, as it is in the archive. */
export function editIn({ folder }: PipelineSource, edit: FileSetEdit): FileSetEdit {
  return folder !== '' && edit.file.startsWith(folder) ? { ...edit, file: edit.file.slice(folder.length) } : edit;
}

/** Charts and kustomizations are built, manifests are what they are. */
export async function buildSource(
  source: PipelineSource,
  release: Release,
  running: ProgramOptions,
): Promise<{ files: FileSet; warnings: readonly string[] }> {
  if (source.kind === 'chart') return renderChart(source.files, release, source.where, running);
  if (source.kind === 'kustomization') {
    return { files: await buildKustomization(source.files, source.where, running), warnings: [] };
  }
  return { files: source.files, warnings: [] };
}

function unknownPipelines(product: LoadedProduct, consumer: ConsumerValues): ValidationFault[] {
  const known = product.pipelines.map(each => each.pipeline.name);
  return Object.keys(consumer.values)
    .filter(key => !known.includes(key))
    .map(key => {
      const message = `is not a pipeline of this product, which has ${known.join(', ')}`;
      return faultAt(consumer, [key], { message, source: 'consumer' });
    });
}
