import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { createGzip } from 'node:zlib';
import { describe, MediaType, MemoryContent, parseReference, streamOfBytes } from '../../oci';
import { AirlockError } from '../../report';
import { chartMediaType, contentOf, openChart } from '../access';
import { collect, readTar, writeTar } from '../archive';
import { isObject, readYaml, type Json, type JsonObject } from '../yaml';
import { chartEntries } from './chart-directory';
import { packed } from './image-input';
import { existing, text, type BuiltInput, type Input, type InputContext } from './input';

const chartConfigType = 'application/vnd.cncf.helm.config.v1+json';
const provenanceType = 'application/vnd.cncf.helm.chart.provenance.v1.prov';

/** A packed chart is read whole: larger ones than 64 MiB no registry of charts takes. */
const chartLimit = 64 * 1024 * 1024;

/** The fields of Chart.yaml in the order in which helm writes them into the config of an artifact. */
const metadataFields = [
  'name',
  'home',
  'sources',
  'version',
  'description',
  'keywords',
  'maintainers',
  'icon',
  'apiVersion',
  'condition',
  'tags',
  'appVersion',
  'deprecated',
  'annotations',
  'kubeVersion',
  'dependencies',
  'type',
];

const innerFields: Readonly<Record<string, readonly string[]>> = {
  maintainers: ['name', 'email', 'url'],
  dependencies: ['name', 'version', 'repository', 'condition', 'tags', 'enabled', 'import-values', 'alias'],
};

type Metadata = JsonObject & { readonly name: string; readonly version: string };

/** A chart from a folder, a packed file or a chart repository (input type `helm`), as the OCI artifact that helm makes of it. */
export async function chartInput(input: Input, context: InputContext): Promise<BuiltInput> {
  const repository = text(input, 'helmRepository');
  if (repository === '' && (text(input, 'caCert') !== '' || text(input, 'caCertFile') !== ''))
    throw invalid('caCert and caCertFile belong to a helmRepository', context);
  if (repository.startsWith('oci://')) return chartFromRegistry(input, repository, context);
  const { chart, provenance } =
    repository === '' ? await chartFromPath(input, context) : await chartFromRepository(input, repository, context);
  const metadata = await metadataOf(chart, context);
  const content = new MemoryContent('chart');
  const stored = async (mediaType: string, bytes: Buffer): Promise<ReturnType<typeof describe>> => {
    const descriptor = describe(mediaType, bytes);
    await content.push(descriptor, bytes);
    return descriptor;
  };
  const config = await stored(chartConfigType, configOf(metadata));
  const layers = [await stored(chartMediaType, chart)];
  if (provenance !== undefined) layers.push(await stored(provenanceType, provenance));
  const manifest = { schemaVersion: 2, mediaType: MediaType.manifest, config, layers };
  const root = await stored(MediaType.manifest, Buffer.from(JSON.stringify(manifest)));
  const version = text(input, 'version') || metadata.version;
  return packed(content, root, version.replaceAll('+', '.build-'), input, context, metadata.name);
}

/** What is in a registry is an artifact already, and stays as it is. */
async function chartFromRegistry(input: Input, repository: string, context: InputContext): Promise<BuiltInput> {
  const name = text(input, 'path');
  const version = needed(input, context);
  const base = repository.slice('oci://'.length).replace(/\/+$/, '');
  const reference = parseReference(`${base}/${name}:${version.replaceAll('+', '_')}`);
  const content = contentOf(reference, context.registries);
  const root = await content.resolve(reference.tag ?? '', context);
  return packed(content, root, version.replaceAll('+', '.build-'), input, context, path.posix.basename(name));
}

async function chartFromRepository(
  input: Input,
  repository: string,
  context: InputContext,
): Promise<{ chart: Buffer; provenance?: Buffer }> {
  const file = text(input, 'caCertFile');
  const caCert = file === '' ? text(input, 'caCert') : await readFile(await existing(file, context, 'file'), 'utf8');
  const opened = await openChart(
    { repository, chart: text(input, 'path'), version: needed(input, context), ...(caCert === '' ? {} : { caCert }) },
    context.registries,
    context.element,
    context,
  );
  return { chart: await collect(await opened.stream(context), chartLimit, context.element) };
}

async function chartFromPath(input: Input, context: InputContext): Promise<{ chart: Buffer; provenance?: Buffer }> {
  const full = await existing(text(input, 'path'), context, 'chart');
  if ((await stat(full)).isDirectory()) {
    const tar = writeTar(await chartEntries(full));
    return { chart: await collect(tar.pipe(createGzip()), chartLimit, full) };
  }
  if ((await stat(full)).size > chartLimit) throw invalid(`${full} is larger than ${chartLimit} bytes`, context);
  const provenance = await readFile(`${full}.prov`).catch(() => undefined);
  return { chart: await readFile(full), ...(provenance === undefined ? {} : { provenance }) };
}

/** Chart.yaml of a packed chart. */
async function metadataOf(chart: Buffer, context: InputContext): Promise<Metadata> {
  for await (const entry of readTar(streamOfBytes(chart), context.element, { bytes: 1024 ** 3 })) {
    if (!/^[^/]+\/Chart\.yaml$/.test(entry.name)) continue;
    const { value } = readYaml(await collect(entry.stream, 1024 ** 2, context.element), entry.name);
    if (isObject(value) && typeof value.name === 'string' && typeof value.version === 'string')
      return { ...value, name: value.name, version: value.version };
    throw invalid(`${entry.name} has no name and version`, context);
  }
  throw invalid('the chart has no Chart.yaml', context);
}

/** The metadata as helm writes them: fields in its order, nothing that is empty, escaped as Go escapes. */
function configOf(metadata: JsonObject): Buffer {
  const text = JSON.stringify(ordered(metadata, metadataFields));
  return Buffer.from(
    text.replace(/[<>&\u2028\u2029]/g, each => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );
}

function ordered(value: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(
    names.flatMap(name => {
      const field = value[name];
      if (field === undefined || isEmpty(field)) return [];
      const inner = innerFields[name];
      if (inner !== undefined && Array.isArray(field))
        return [[name, field.map(each => (isObject(each) ? ordered(each, inner) : each))]];
      return [[name, name === 'annotations' && isObject(field) ? ordered(field, Object.keys(field).sort()) : field]];
    }),
  );
}

function isEmpty(value: Json): boolean {
  return (
    value === null || value === '' || value === false || (typeof value === 'object' && Object.keys(value).length === 0)
  );
}

function needed(input: Input, context: InputContext): string {
  const version = text(input, 'version');
  if (version === '') throw invalid('a chart from a helmRepository needs a version', context);
  return version;
}

function invalid(message: string, context: InputContext): AirlockError {
  return new AirlockError({ code: 'ocm.invalid-input', message, where: context.element });
}
