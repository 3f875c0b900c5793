import { stringify } from 'yaml';
import { AirlockError, messageOf } from '../report';
import { readConfigTree, type ConfigNode } from './config-tree';
import type { SchemaDefaults } from './cue-defaults';
import { mergeValues } from './merge';
import { isMap, mergeOver, plain, sameValue, type Value, type ValueMap } from './value';

/** What a localization rule may write, each a path in the rule's file. */
export const localizationFields = [
  'image',
  'registry',
  'repository',
  'fullyQualifiedRepository',
  'tag',
  'digest',
] as const;
export type LocalizationField = (typeof localizationFields)[number];

/** Writes parts of an image's present location into a file. */
export interface LocalizationRule {
  readonly file: string;
  readonly resource?: { readonly name: string; readonly extraIdentity?: Readonly<Record<string, string>> };
  readonly fields: Readonly<Partial<Record<LocalizationField, string>>>;
  /** A CUE program instead of fields. */
  readonly mapping?: { readonly path: string; readonly transform: string };
  /** `file:line:column` of the rule. */
  readonly where: string;
}

/** Writes a value into a file. */
export interface ConfigurationRule {
  readonly file: string;
  readonly path: string;
  readonly value: Value;
  readonly where: string;
}

/** Lays an object over one of a file, or the other way round. */
export interface PatchRule {
  readonly file: string;
  readonly patch: ValueMap;
  /** Whose word counts where both have one. Default `patch`. */
  readonly wins: 'patch' | 'file';
  readonly where: string;
}

/** What a vendor says about fitting files to an environment (`config.ocm.software/v1alpha1`, kind `ConfigData`). */
export interface ConfigData {
  readonly localization: readonly LocalizationRule[];
  readonly rules: readonly ConfigurationRule[];
  /** Strategic-merge patches, applied after the rules. */
  readonly patches: readonly PatchRule[];
  readonly defaults: ValueMap;
  /** The defaults as YAML text with the vendor's comments and order, unindented; empty without defaults. */
  readonly defaultsText: string;
  /** Values that rules may use and consumers are not shown, below all others. Default: none. */
  readonly hidden?: ValueMap;
  /** JSON schema of one pipeline's values. */
  readonly schema?: Value;
  /** Where the schema stands, for messages. */
  readonly schemaWhere?: string;
}

/** Parses and checks a ConfigData file. Faults are `product.config-data-invalid` with their position. */
export function parseConfigData(text: string, file: string): ConfigData {
  const root = readConfigTree(text, file);
  if (root?.kind !== 'map') throw fault(root?.where ?? file, 'expected a map');
  const kind = root.get('kind');
  if (kind?.value !== 'ConfigData') throw fault((kind ?? root).where, 'kind must be ConfigData');
  const configuration = root.get('configuration');
  if (configuration && configuration.kind !== 'map' && configuration.value !== null) {
    throw fault(configuration.where, 'configuration must be a map');
  }
  const defaultsNode = configuration?.get('defaults');
  const defaults = defaultsNode?.value ?? {};
  if (!isMap(defaults)) throw fault(defaultsNode?.where ?? file, 'defaults must be a map');
  const schemaNode = configuration?.get('schema');
  const schema = schemaNode?.value ?? null;
  return {
    localization: elements(root, 'localization').map(localizationRule),
    rules: elements(configuration, 'rules').map(configurationRule),
    patches: elements(configuration, 'patches').map(patchRule),
    defaults,
    defaultsText: defaultsNode?.kind === 'map' ? textOf(defaultsNode) : '',
    ...(schemaNode && schema !== null && { schema, schemaWhere: schemaNode.where }),
  };
}

function fault(where: string, what: string): AirlockError {
  return new AirlockError({
    code: 'product.config-data-invalid',
    message: `The configuration data is not valid: ${what}`,
    remedy: 'Correct the ConfigData resource of the component; it is the vendor who has to do so.',
    where,
  });
}

function elements(parent: ConfigNode | undefined, key: string): readonly ConfigNode[] {
  const list = parent?.get(key);
  if (list === undefined || (list.kind === 'scalar' && list.value === null)) return [];
  if (list.kind !== 'list') throw fault(list.where, `${key} must be a list`);
  return list.items;
}

function textField(value: ValueMap, where: string, key: string): string {
  const found = value[key];
  if (typeof found !== 'string' || found === '') throw fault(where, `a rule needs ${key} (text)`);
  return found;
}

function localizationRule({ value, where }: ConfigNode): LocalizationRule {
  if (!isMap(value)) throw fault(where, 'a localization rule is a map');
  const file = textField(value, where, 'file');
  const { mapping, resource } = value;
  if (mapping !== undefined) {
    if (!isMap(mapping)) throw fault(where, 'mapping is a map of path and transform');
    const [path, transform] = [textField(mapping, where, 'path'), textField(mapping, where, 'transform')];
    return { file, fields: {}, mapping: { path, transform }, where };
  }
  if (!isMap(resource)) throw fault(where, 'a localization rule names a resource');
  const fields: Partial<Record<LocalizationField, string>> = {};
  for (const field of localizationFields) {
    if (value[field] !== undefined) fields[field] = textField(value, where, field);
  }
  if (Object.keys(fields).length === 0) {
    throw fault(where, `a localization rule has at least one of ${localizationFields.join(', ')}, mapping`);
  }
  const extra = resource.extraIdentity;
  return {
    file,
    resource: {
      name: textField(resource, where, 'name'),
      ...(isMap(extra) && {
        extraIdentity: Object.fromEntries(Object.entries(extra).map(([k, v]) => [k, String(v as string)])),
      }),
    },
    fields,
    where,
  };
}

function configurationRule({ value, where }: ConfigNode): ConfigurationRule {
  if (!isMap(value)) throw fault(where, 'a configuration rule is a map');
  if (value.value === undefined) throw fault(where, 'a configuration rule needs a value');
  return {
    file: textField(value, where, 'file'),
    path: textField(value, where, 'path'),
    value: value.value,
    where,
  };
}

function patchRule({ value, where }: ConfigNode): PatchRule {
  if (!isMap(value) || !isMap(value.patch)) throw fault(where, 'a patch is a map of file, patch (an object) and wins');
  const wins = value.wins ?? 'patch';
  if (wins !== 'patch' && wins !== 'file') throw fault(where, 'wins is patch or file');
  return { file: textField(value, where, 'file'), patch: value.patch, wins, where };
}

/** The defaults alone as a document, comments and order as the vendor wrote them. */
function textOf(defaults: ConfigNode): string {
  try {
    return defaults.alone();
  } catch (error) {
    throw fault(defaults.where, `the defaults cannot stand alone: ${messageOf(error)}`);
  }
}

/** One pipeline's defaults. */
export interface PipelineDefaults {
  readonly pipeline: string;
  readonly config: ConfigData;
}

/** The vendor's `values.yaml`: one key per pipeline that has defaults, in the order of the pipelines. */
export function defaultValuesText(pipelines: readonly PipelineDefaults[]): string {
  return pipelines
    .filter(({ config }) => config.defaultsText !== '')
    .map(({ pipeline, config }) => {
      const text = config.defaultsText.trimEnd();
      if (Object.keys(config.defaults).length === 0) return `${pipeline}: {}\n`;
      const inline = text.startsWith('{');
      return inline ? `${pipeline}: ${text}\n` : `${pipeline}:\n${text.replace(/^(?=[^\r\n])/gm, '  ')}\n`;
    })
    .join('\n');
}

/**
 * Configuration data with what the pipeline's CUE schema gives by itself: the ConfigData's own defaults win, and come first with their
 * comments.
 */
export function withSchemaDefaults(config: ConfigData, { shown, hidden }: SchemaDefaults): ConfigData {
  const lasting = Object.keys(hidden).length > 0 ? { ...config, hidden } : config;
  const defaults = mergeOver(mergeOver(config.defaults, shown), config.defaults);
  if (!isMap(defaults) || sameValue(defaults, config.defaults)) return lasting;
  const own = Object.keys(config.defaults).length === 0 ? '' : config.defaultsText;
  const { text } = mergeValues({ base: '', current: own, next: stringify(plain(defaults)), file: 'defaults' });
  return { ...lasting, defaults, defaultsText: text };
}

/** The same as a value. */
export function defaultValues(pipelines: readonly PipelineDefaults[]): ValueMap {
  return Object.fromEntries(pipelines.map(({ pipeline, config }) => [pipeline, config.defaults]));
}
