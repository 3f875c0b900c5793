import { Document, isMap as isYamlMap, isScalar, isSeq, type ParsedNode, type YAMLMap } from 'yaml';
import { AirlockError, messageOf } from '../report';
import { isMap, type Value, type ValueMap } from './value';
import { nodeValue, onlyDocument, parseYamlSource, type YamlDocument } from './yaml-source';

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
  /** JSON schema of one pipeline's values. */
  readonly schema?: Value;
  /** Where the schema stands, for messages. */
  readonly schemaWhere?: string;
}

/** Parses and checks a ConfigData file. Faults are `product.config-data-invalid` with their position. */
export function parseConfigData(text: string, file: string): ConfigData {
  const source = parseYamlSource(text, file, { tokens: false });
  const document = onlyDocument(source);
  const at = (node: unknown): string => source.where((node as ParsedNode | null | undefined)?.range?.[0]);
  const fault = (node: unknown, what: string): AirlockError =>
    new AirlockError({
      code: 'product.config-data-invalid',
      message: `The configuration data is not valid: ${what}`,
      remedy: 'Correct the ConfigData resource of the component; it is the vendor who has to do so.',
      where: at(node),
    });
  if (!document || !isYamlMap(document.contents)) throw fault(document?.contents, 'expected a map');
  const root = document.contents as YAMLMap<ParsedNode, ParsedNode | null>;
  const kind: unknown = root.get('kind');
  if (kind !== 'ConfigData') throw fault(root.get('kind', true) ?? root, 'kind must be ConfigData');

  const elements = (parent: YAMLMap<ParsedNode, ParsedNode | null>, key: string): ParsedNode[] => {
    const list: unknown = parent.get(key, true);
    if (list === undefined || (isScalar(list) && list.value === null)) return [];
    if (!isSeq(list)) throw fault(list, `${key} must be a list`);
    return list.items as ParsedNode[];
  };
  const textField = (value: ValueMap, node: unknown, key: string): string => {
    const found = value[key];
    if (typeof found !== 'string' || found === '') throw fault(node, `a rule needs ${key} (text)`);
    return found;
  };

  const localization = elements(root, 'localization').map((node): LocalizationRule => {
    const value = nodeValue(node, document);
    if (!isMap(value)) throw fault(node, 'a localization rule is a map');
    const ruleFile = textField(value, node, 'file');
    if (value.mapping !== undefined) {
      const mapping = value.mapping;
      if (!isMap(mapping)) throw fault(node, 'mapping is a map of path and transform');
      return {
        file: ruleFile,
        fields: {},
        mapping: { path: textField(mapping, node, 'path'), transform: textField(mapping, node, 'transform') },
        where: at(node),
      };
    }
    const resource = value.resource;
    if (!isMap(resource)) throw fault(node, 'a localization rule names a resource');
    const fields: Partial<Record<LocalizationField, string>> = {};
    for (const field of localizationFields) {
      if (value[field] !== undefined) fields[field] = textField(value, node, field);
    }
    if (Object.keys(fields).length === 0) {
      throw fault(node, `a localization rule has at least one of ${localizationFields.join(', ')}, mapping`);
    }
    const extra = resource.extraIdentity;
    return {
      file: ruleFile,
      resource: {
        name: textField(resource, node, 'name'),
        ...(isMap(extra) && {
          extraIdentity: Object.fromEntries(Object.entries(extra).map(([k, v]) => [k, String(v as string)])),
        }),
      },
      fields,
      where: at(node),
    };
  });

  const configuration: unknown = root.get('configuration', true);
  if (
    configuration !== undefined &&
    !isYamlMap(configuration) &&
    !(isScalar(configuration) && configuration.value === null)
  ) {
    throw fault(configuration, 'configuration must be a map');
  }
  const section = isYamlMap(configuration) ? (configuration as YAMLMap<ParsedNode, ParsedNode | null>) : undefined;
  const rules = (section ? elements(section, 'rules') : []).map((node): ConfigurationRule => {
    const value = nodeValue(node, document);
    if (!isMap(value)) throw fault(node, 'a configuration rule is a map');
    if (value.value === undefined) throw fault(node, 'a configuration rule needs a value');
    return {
      file: textField(value, node, 'file'),
      path: textField(value, node, 'path'),
      value: value.value,
      where: at(node),
    };
  });
  const patches = (section ? elements(section, 'patches') : []).map((node): PatchRule => {
    const value = nodeValue(node, document);
    if (!isMap(value) || !isMap(value.patch)) throw fault(node, 'a patch is a map of file, patch (an object) and wins');
    const wins = value.wins ?? 'patch';
    if (wins !== 'patch' && wins !== 'file') throw fault(node, 'wins is patch or file');
    return { file: textField(value, node, 'file'), patch: value.patch, wins, where: at(node) };
  });
  const defaultsNode: unknown = section?.get('defaults', true);
  const defaults = defaultsNode === undefined ? {} : nodeValue(defaultsNode, document);
  if (defaults !== null && !isMap(defaults)) throw fault(defaultsNode, 'defaults must be a map');
  const schemaNode: unknown = section?.get('schema', true);
  const schema = schemaNode === undefined ? null : nodeValue(schemaNode, document);
  return {
    localization,
    rules,
    patches,
    defaults: defaults ?? {},
    defaultsText: isYamlMap(defaultsNode) ? textOf(document, defaultsNode, fault) : '',
    ...(schema !== null && { schema, schemaWhere: at(schemaNode) }),
  };
}

/** The defaults alone as a document, comments and order as the vendor wrote them. */
function textOf(document: YamlDocument, node: unknown, fault: (node: unknown, what: string) => AirlockError): string {
  const alone = new Document(null, { version: '1.2' });
  alone.contents = (node as ParsedNode).clone() as never;
  try {
    return alone.toString({ lineWidth: 0, flowCollectionPadding: false });
  } catch (error) {
    throw fault(node, `the defaults cannot stand alone: ${messageOf(error)}`);
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

/** The same as a value. */
export function defaultValues(pipelines: readonly PipelineDefaults[]): ValueMap {
  return Object.fromEntries(pipelines.map(({ pipeline, config }) => [pipeline, config.defaults]));
}
