import { configurationEdits, mergedConfiguration } from '../configure';
import type { ConfigData } from '../config-data';
import { readProductDescription, type Pipeline } from '../description';
import { editFiles, type FileSet, type FileSetEdit } from '../file-set';
import { localizationEdits, type LocalizedImage } from '../localize';
import { readPipelineSource, type PipelineSource } from '../pipeline-source';
import {
  loadedProduct,
  loadPipeline,
  ResourceTexts,
  selectorOf,
  type LoadedPipeline,
  type LoadedProduct,
} from '../product';
import type { ProgramOptions } from '../program-run';
import { buildSource, editIn, programOptions, type RenderOptions } from '../render';
import { ruleFaults } from '../rules';
import { schemaFaults } from '../schema';
import { placeOf, type ResourceReader } from '../source';
import { faultAt } from '../validation';
import { formatPath, type Value, type ValueMap } from '../value';
import { parseYamlSource } from '../yaml-source';
import { Findings, type LintFinding } from './findings';
import { foreignImages } from './foreign-images';
import { withStandIns } from './stand-in';

/**
 * Checks a product as its consumers will use it: the description, every resource it names, every rule's file and path, mappings,
 * expressions, schemas, and that the vendor's own defaults pass the vendor's own rules. Returns everything that is found.
 */
export async function lintProduct(given: ResourceReader, options: RenderOptions = {}): Promise<LintFinding[]> {
  const reader = withStandIns(given);
  const findings = new Findings();
  const running = programOptions(options);
  const description = await findings.step(() => readProductDescription(reader));
  if (!description) return findings.all;
  const texts = new ResourceTexts(reader);
  const loaded: LoadedPipeline[] = [];
  for (const pipeline of description.pipelines) {
    const found = await findings.step(() => loadPipeline(texts, pipeline, running));
    if (found) loaded.push(found);
  }
  const product = loadedProduct(reader, description, loaded);
  const values: Record<string, Value> = {};
  for (const each of loaded) {
    const merged = await lintPipeline(product, each, findings, options);
    if (merged) values[each.pipeline.name] = merged;
  }
  for (const each of loaded) await lintRules(product, each, values, findings, running);
  return findings.all;
}

async function lintPipeline(
  product: LoadedProduct,
  loaded: LoadedPipeline,
  findings: Findings,
  options: RenderOptions,
): Promise<ValueMap | undefined> {
  const { pipeline, configuration, localization } = loaded;
  const { reader } = product;
  const running = programOptions(options);
  if (loaded.readme === undefined) {
    findings.add({
      severity: 'warning',
      code: 'product.readme-missing',
      message: `Pipeline ${pipeline.name} has no instructions: its values file will come without a word`,
      where: placeOf(reader, pipeline.source.name, selectorOf(pipeline.source)),
      remedy: 'Add configuration.readme to the pipeline in the product description',
    });
  }
  const source = await findings.step(() => readPipelineSource(reader, pipeline));
  let files = source?.files;
  const images: LocalizedImage[] = [];
  for (const rule of localization?.localization ?? []) {
    const found = await findings.step(() =>
      localizationEdits([rule], reader, pipeline.localization?.referencePath, running),
    );
    images.push(...(found?.images ?? []));
    files = await lintEdits(files, source, found?.edits ?? [], findings);
  }
  const merged = configuration && (await lintDefaults(product, pipeline, configuration, findings));
  if (configuration && merged) files = await lintConfiguration(source, files, configuration, merged, findings);
  if (source && files) await lintBuild({ ...source, files }, pipeline, images, findings, options);
  return merged;
}

/** Every configuration rule by itself, with the defaults as values. */
async function lintConfiguration(
  source: PipelineSource | undefined,
  files: FileSet | undefined,
  config: ConfigData,
  merged: ValueMap,
  findings: Findings,
): Promise<FileSet | undefined> {
  let current = files;
  for (const rule of config.rules) {
    const edits = await findings.step(() => configurationEdits({ ...config, rules: [rule] }, merged, rule.where));
    current = await lintEdits(current, source, edits ?? [], findings);
  }
  return current;
}

/** Each edit by itself: one that does not fit must not hide the next. */
async function lintEdits(
  files: FileSet | undefined,
  source: PipelineSource | undefined,
  edits: readonly FileSetEdit[],
  findings: Findings,
): Promise<FileSet | undefined> {
  let current = files;
  for (const edit of edits) {
    const before = current;
    if (!before || !source) return current;
    current = (await findings.step(() => editFiles(before, [editIn(source, edit)]))) ?? before;
  }
  return current;
}

/** The defaults alone, as a consumer gets them: expressions resolve, and the schema accepts them. */
async function lintDefaults(
  { reader }: LoadedProduct,
  { configuration: refs }: Pipeline,
  config: ConfigData,
  findings: Findings,
): Promise<ValueMap | undefined> {
  const rules = refs?.rules;
  if (!rules) return undefined;
  const file = placeOf(reader, rules.name, selectorOf(rules));
  const merged = await findings.step(() => mergedConfiguration(config, undefined, file));
  const { schema } = config;
  if (!merged || schema === undefined) return merged;
  const faults = await findings.step(() => schemaFaults(merged, schema, config.schemaWhere ?? file));
  if (!faults || faults.length === 0) return merged;
  const text = Buffer.from(await reader.read(rules.name, selectorOf(rules))).toString('utf8');
  const source = parseYamlSource(text, file);
  for (const { path, message } of faults) {
    const { where } = faultAt({ values: {}, source }, ['configuration', 'defaults', ...path], {
      message,
      source: 'vendor',
    });
    findings.add({
      severity: 'error',
      code: 'product.default-breaks-schema',
      message: `The default of ${path.length === 0 ? 'the configuration' : formatPath(path)} ${message}`,
      where,
      remedy: `Correct the default, or the schema (${config.schemaWhere ?? file})`,
    });
  }
  return merged;
}

/** Charts and kustomizations must build, and what is deployed must come from the consumer's registry. */
async function lintBuild(
  source: PipelineSource,
  pipeline: Pipeline,
  images: readonly LocalizedImage[],
  findings: Findings,
  options: RenderOptions,
): Promise<void> {
  const release = options.release?.(pipeline.name) ?? { name: pipeline.name, namespace: 'default' };
  const built = await findings.step(() => buildSource(source, release, programOptions(options)));
  if (!built) return;
  for (const message of built.warnings) {
    findings.add({ severity: 'warning', code: 'product.hook-not-run', message, where: source.where });
  }
  for (const { image, file, line } of foreignImages(built.files, images)) {
    findings.add({
      severity: 'warning',
      code: 'product.image-not-localized',
      message: `The image ${image} is not localized: a consumer's cluster would pull it from there`,
      where: `${source.where} ${file}:${line}`,
      remedy: 'Add the image to the component as a resource, and a localization rule for it',
    });
  }
}

async function lintRules(
  product: LoadedProduct,
  { pipeline, rules }: LoadedPipeline,
  values: ValueMap,
  findings: Findings,
  running: ProgramOptions,
): Promise<void> {
  for (const each of rules) {
    const faults = await findings.step(() => ruleFaults(each, pipeline.name, values, running));
    for (const { path, message, rule } of faults ?? []) {
      findings.add({
        severity: 'error',
        code: 'product.default-breaks-rule',
        message: `The defaults do not pass the validation: ${path.length === 0 ? '' : `${formatPath(path)}: `}${message}`,
        where: rule,
        remedy: 'Correct the default, or the rule',
      });
    }
  }
}
