import { AirlockError } from '../report';
import {
  configurationEdits,
  mergedConfiguration,
  validateConfiguration,
  type ConsumerValues,
  type ValidationFault,
} from './configure';
import { editFiles, type FileSet } from './file-set';
import { localizationEdits, type LocalizedImage } from './localize';
import { selectorOf, type LoadedPipeline, type LoadedProduct } from './product';
import { isTar, readTar } from './tar';

/** A pipeline's files as they will be applied. */
export interface RenderedPipeline {
  readonly name: string;
  readonly targetRoleName: string;
  readonly files: FileSet;
  readonly images: readonly LocalizedImage[];
}

export interface RenderedProduct {
  readonly pipelines: readonly RenderedPipeline[];
  /** What the product's own schema rejects, the consumer's and the vendor's. */
  readonly faults: readonly ValidationFault[];
}

/** Localizes and configures every pipeline: vendor's files, consumer's registry, consumer's values. Writes nothing. */
export async function renderProduct(product: LoadedProduct, consumer: ConsumerValues): Promise<RenderedProduct> {
  const pipelines: RenderedPipeline[] = [];
  const faults: ValidationFault[] = unknownPipelines(product, consumer);
  for (const loaded of product.pipelines) {
    const { files, images, found } = await renderPipeline(product, loaded, consumer);
    faults.push(...found);
    pipelines.push({ name: loaded.pipeline.name, targetRoleName: loaded.pipeline.targetRoleName, files, images });
  }
  return { pipelines, faults };
}

async function renderPipeline(
  product: LoadedProduct,
  { pipeline, localization, configuration }: LoadedPipeline,
  consumer: ConsumerValues,
): Promise<{ files: FileSet; images: LocalizedImage[]; found: ValidationFault[] }> {
  let files = await sourceFiles(product, pipeline);
  let images: LocalizedImage[] = [];
  if (localization) {
    const localized = await localizationEdits(
      localization.localization,
      product.reader,
      pipeline.localization?.referencePath,
    );
    files = editFiles(files, localized.edits);
    images = localized.images;
  }
  if (!configuration) return { files, images, found: [] };
  const { file } = consumer.source;
  const merged = mergedConfiguration(configuration, consumer.values[pipeline.name], file);
  const found = validateConfiguration(pipeline.name, configuration, merged, consumer);
  return { files: editFiles(files, configurationEdits(configuration, merged, file)), images, found };
}

async function sourceFiles(product: LoadedProduct, pipeline: LoadedPipeline['pipeline']): Promise<FileSet> {
  const { reader } = product;
  const { name } = pipeline.source;
  const where = `${reader.component.name}:${reader.component.version} resource ${name}`;
  const resource = await reader.find(name, selectorOf(pipeline.source));
  const bytes = /helm/i.test(resource.type) ? undefined : await reader.read(name, selectorOf(pipeline.source));
  if (bytes && isTar(bytes)) return readTar(bytes, where);
  throw new AirlockError({
    code: 'product.source-not-supported',
    message: `The source of pipeline ${pipeline.name} is a resource of type ${resource.type} that is not a folder of manifests`,
    remedy: 'This version deploys plain manifests: a resource with input type dir. Charts come later.',
    where,
  });
}

function unknownPipelines(product: LoadedProduct, { values, source }: ConsumerValues): ValidationFault[] {
  const known = product.pipelines.map(each => each.pipeline.name);
  return Object.keys(values)
    .filter(key => !known.includes(key))
    .map(key => {
      const offset = source.documents[0]?.contents && keyOffset(source.documents[0].contents, key);
      const { line, column } = source.position(offset ?? 0);
      return {
        pipeline: key,
        path: key,
        message: `is not a pipeline of this product, which has ${known.join(', ')}`,
        where: `${source.file}:${line}:${column}`,
        line,
        column,
        source: 'consumer',
      };
    });
}

function keyOffset(contents: unknown, key: string): number | undefined {
  const { items } = contents as { items?: readonly { key?: { value?: unknown; range?: readonly number[] } }[] };
  return items?.find(each => String(each.key?.value) === key)?.key?.range?.[0];
}
