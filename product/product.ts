import { parseConfigData, defaultValues, defaultValuesText, type ConfigData } from './config-data';
import { readProductDescription, type Pipeline, type ProductDescription, type ResourceRef } from './description';
import { readRules, type Rules } from './rules';
import type { ResourceReader, ResourceSelector } from './source';
import type { ValueMap } from './value';

/** A product's small resources, read once: what is needed to merge values and to render. */
export interface LoadedProduct {
  readonly reader: ResourceReader;
  readonly description: ProductDescription;
  readonly pipelines: readonly LoadedPipeline[];
  /** The vendor's `values.yaml`. */
  readonly defaultsText: string;
  readonly defaults: ValueMap;
}

export interface LoadedPipeline {
  readonly pipeline: Pipeline;
  readonly localization?: ConfigData;
  readonly configuration?: ConfigData;
  /** Markdown. */
  readonly readme?: string;
  /** CUE and Rego rules: the pipeline's `schema` and `validation`. */
  readonly rules: readonly Rules[];
}

/** Reads the description, configuration data and readmes of a component version. */
export async function loadProduct(reader: ResourceReader): Promise<LoadedProduct> {
  const description = await readProductDescription(reader);
  const texts = new Map<string, Promise<string>>();
  const textOf = (ref: ResourceRef): Promise<string> => {
    const key = JSON.stringify([ref.name, ref.extraIdentity, ref.referencePath]);
    const text =
      texts.get(key) ?? reader.read(ref.name, selectorOf(ref)).then(bytes => Buffer.from(bytes).toString('utf8'));
    texts.set(key, text);
    return text;
  };
  const configOf = async (ref: ResourceRef | undefined): Promise<ConfigData | undefined> =>
    ref && parseConfigData(await textOf(ref), placeOf(ref));
  const placeOf = (ref: ResourceRef): string =>
    `${reader.component.name}:${reader.component.version} resource ${ref.name}`;

  const pipelines: LoadedPipeline[] = [];
  for (const pipeline of description.pipelines) {
    const localization = await configOf(pipeline.localization);
    const configuration = await configOf(pipeline.configuration?.rules);
    const readme = pipeline.configuration?.readme && (await textOf(pipeline.configuration.readme));
    const rules: Rules[] = [];
    for (const ref of [pipeline.schema, pipeline.validation]) {
      if (ref) rules.push(await readRules(await reader.read(ref.name, selectorOf(ref)), placeOf(ref)));
    }
    pipelines.push({
      pipeline,
      ...(localization && { localization }),
      ...(configuration && { configuration }),
      ...(readme !== undefined && { readme }),
      rules,
    });
  }
  const withDefaults = pipelines.flatMap(({ pipeline, configuration }) =>
    configuration ? [{ pipeline: pipeline.name, config: configuration }] : [],
  );
  return {
    reader,
    description,
    pipelines,
    defaultsText: defaultValuesText(withDefaults),
    defaults: defaultValues(withDefaults),
  };
}

/** How to find the resource that a description names. The version there is documentation: the component decides. */
export function selectorOf(ref: ResourceRef): ResourceSelector {
  return {
    ...(ref.extraIdentity && { extraIdentity: ref.extraIdentity }),
    ...(ref.referencePath && { referencePath: ref.referencePath }),
  };
}
