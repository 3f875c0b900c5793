import { parseConfigData, defaultValues, defaultValuesText, withSchemaDefaults, type ConfigData } from './config-data';
import { cueDefaults } from './cue-defaults';
import { readProductDescription, type Pipeline, type ProductDescription, type ResourceRef } from './description';
import { listKeysOf } from './list-keys';
import type { ProgramOptions } from './program-run';
import { readRules, type Rules } from './rules';
import { placeOf, type ResourceReader, type ResourceSelector } from './source';
import type { ValueMap } from './value';
import type { ListKeys } from './values-slice';

/** A product's small resources, read once: what is needed to merge values and to render. */
export interface LoadedProduct {
  readonly reader: ResourceReader;
  readonly description: ProductDescription;
  readonly pipelines: readonly LoadedPipeline[];
  /** Lists of the values that are merged element by element, by the vendor's schema. */
  readonly listKeys: ListKeys;
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

/**
 * Reads the description, configuration data, rules and readmes of a component version. `running`: how CUE is run, for defaults that only a
 * CUE schema has; without it they are not read.
 */
export async function loadProduct(reader: ResourceReader, running?: ProgramOptions): Promise<LoadedProduct> {
  const description = await readProductDescription(reader);
  const texts = new ResourceTexts(reader);
  const pipelines: LoadedPipeline[] = [];
  for (const pipeline of description.pipelines) pipelines.push(await loadPipeline(texts, pipeline, running));
  return loadedProduct(reader, description, pipelines);
}

/** A product of pipelines that are read. */
export function loadedProduct(
  reader: ResourceReader,
  description: ProductDescription,
  pipelines: readonly LoadedPipeline[],
): LoadedProduct {
  const withDefaults = pipelines.flatMap(({ pipeline, configuration }) =>
    configuration ? [{ pipeline: pipeline.name, config: configuration }] : [],
  );
  return {
    reader,
    description,
    pipelines,
    listKeys: listKeysOf(withDefaults),
    defaultsText: defaultValuesText(withDefaults),
    defaults: defaultValues(withDefaults),
  };
}

/** What is read of a component version, once: localization and configuration are often the same resource, and pipelines share. */
export class ResourceTexts {
  private readonly bytes = new Map<string, Promise<Uint8Array>>();
  private readonly configs = new Map<string, Promise<ConfigData>>();

  constructor(readonly reader: ResourceReader) {}

  read(ref: ResourceRef): Promise<Uint8Array> {
    return remembered(this.bytes, ref, () => this.reader.read(ref.name, selectorOf(ref)));
  }

  config(ref: ResourceRef): Promise<ConfigData> {
    return remembered(this.configs, ref, async () => parseConfigData(await this.text(ref), this.place(ref)));
  }

  async text(ref: ResourceRef): Promise<string> {
    return Buffer.from(await this.read(ref)).toString('utf8');
  }

  place(ref: ResourceRef): string {
    return placeOf(this.reader, ref.name, selectorOf(ref));
  }
}

function remembered<T>(known: Map<string, Promise<T>>, ref: ResourceRef, make: () => Promise<T>): Promise<T> {
  const key = JSON.stringify([ref.name, ref.extraIdentity, ref.referencePath]);
  const made = known.get(key) ?? make();
  known.set(key, made);
  return made;
}

/** Reads what one pipeline names, its source excepted. */
export async function loadPipeline(
  texts: ResourceTexts,
  pipeline: Pipeline,
  running?: ProgramOptions,
): Promise<LoadedPipeline> {
  const { readme: readmeRef, rules: rulesRef } = pipeline.configuration ?? {};
  const localization = pipeline.localization && (await texts.config(pipeline.localization));
  const rules: Rules[] = [];
  for (const ref of [pipeline.schema, pipeline.validation]) {
    if (ref) rules.push(await readRules(await texts.read(ref), texts.place(ref)));
  }
  const written = rulesRef && (await texts.config(rulesRef));
  const [schema] = pipeline.schema ? rules : [];
  const configuration =
    written && schema?.language === 'cue' && running
      ? withSchemaDefaults(written, await cueDefaults(schema.files, pipeline.name, running))
      : written;
  const readme = readmeRef ? await texts.text(readmeRef) : leadingComment(rules);
  return {
    pipeline,
    ...(localization && { localization }),
    ...(configuration && { configuration }),
    ...(readme !== undefined && { readme }),
    rules,
  };
}

/** The instructions of products whose CUE schema begins with them: its first comments, up to its first line of CUE. */
function leadingComment(rules: readonly Rules[]): string | undefined {
  const schema = rules.find(each => each.language === 'cue')?.files[0]?.text ?? '';
  const comment = /^(?:[ \t]*(?:\/\/[^\n]*)?\n)*/.exec(schema)?.[0] ?? '';
  const text = comment
    .replace(/^[ \t]*\/\/ ?/gm, '')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
  return text === '' ? undefined : `${text}\n`;
}

/** How to find the resource that a description names. The version there is documentation: the component decides. */
export function selectorOf(ref: ResourceRef): ResourceSelector {
  return {
    ...(ref.extraIdentity && { extraIdentity: ref.extraIdentity }),
    ...(ref.referencePath && { referencePath: ref.referencePath }),
  };
}
