import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { HttpClient, shownUrl, type HttpResponse } from '../../net';
import {
  consumerOf,
  consumerType,
  isImageManifest,
  parseManifest,
  parseReference,
  readContent,
  type CallOptions,
} from '../../oci';
import { AirlockError } from '../../report';
import type { AccessSpec } from '../descriptor';
import type { OpenedContent } from '../repository/repository';
import type { Registries } from '../repository/space';
import { isObject, readYaml, type JsonObject } from '../yaml';
import { blobContent } from './blob';
import { authorizationOf, downloaded, httpOf } from './download';
import { contentOf } from './registries';
import { textField } from './types';

/** Media type of a packed chart, in a registry and as content of the access type `helm`. */
export const chartMediaType = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip';
const chartLayerTypes: readonly string[] = [chartMediaType, 'application/tar+gzip'];

/** `index.yaml` of a chart repository; the largest public ones have some 20 MB. */
const indexLimit = 64 * 1024 * 1024;

/** A chart by name and version in a repository (`https://...`, or `oci://...`). */
export interface ChartReference {
  readonly repository: string;
  readonly chart: string;
  readonly version: string;
  /** PEM certificates trusted at the repository beside the system's. */
  readonly caCert?: string;
}

/** The packed chart that an access of type `helm` names; provenance files are not looked at. Throws `ocm.invalid-access`. */
export function openChartAccess(
  access: AccessSpec,
  registries: Registries,
  where: string,
  options: CallOptions,
): Promise<OpenedContent> {
  const refuse = (why: string): AirlockError =>
    new AirlockError({ code: 'ocm.invalid-access', message: `the access of type ${access.type} ${why}`, where });
  const repository = textField(access, 'helmRepository');
  const [chart = '', named, ...more] = (textField(access, 'helmChart') ?? '').split(':');
  const separate = textField(access, 'version');
  const version = named ?? separate;
  if (repository === undefined) throw refuse('has no helmRepository');
  if (chart === '' || more.length > 0) throw refuse('has no helmChart of the form name:version');
  if (version === undefined || version === '') throw refuse('names no version of the chart');
  const caCert = textField(access, 'caCert');
  return openChart(
    { repository, chart, version, ...(caCert === undefined ? {} : { caCert }) },
    registries,
    where,
    options,
  );
}

/** Throws `ocm.chart-not-found`, `ocm.invalid-chart-repository`, `ocm.download-failed`, `oci.*`, `net.*`. */
export async function openChart(
  reference: ChartReference,
  registries: Registries,
  where: string,
  options: CallOptions,
): Promise<OpenedContent> {
  return reference.repository.startsWith('oci://')
    ? openFromRegistry(reference, registries, where, options)
    : openFromIndex(reference, registries, where, options);
}

async function openFromRegistry(
  { repository, chart, version }: ChartReference,
  registries: Registries,
  where: string,
  options: CallOptions,
): Promise<OpenedContent> {
  const base = repository.slice('oci://'.length).replace(/\/+$/, '');
  // helm writes `_` where a version has a `+`, which tags cannot have.
  const name = `${base}/${chart}:${version.replaceAll('+', '_')}`;
  const parsed = parseReference(name);
  const content = contentOf(parsed, registries);
  const root = await content.resolve(parsed.tag ?? '', options);
  if (!isImageManifest(root.mediaType)) throw noChart(name, `is a ${root.mediaType}`, where);
  const { layers } = parseManifest(await readContent(content, root, options), name);
  const layer = layers.find(each => chartLayerTypes.includes(each.mediaType));
  if (layer === undefined) throw noChart(name, 'has no layer with a chart', where);
  return blobContent(content, layer, chartMediaType, name);
}

async function openFromIndex(
  reference: ChartReference,
  registries: Registries,
  where: string,
  options: CallOptions,
): Promise<OpenedContent> {
  const repository = repositoryUrl(reference.repository, where);
  const http =
    reference.caCert === undefined
      ? httpOf(registries)
      : new HttpClient({ trust: { [repository.host]: { ca: reference.caCert } } });
  const authorization = await authorizationOf(registries, consumerOf(consumerType.helm, repository));
  const get = (url: URL): Promise<HttpResponse> =>
    http.request({
      url,
      // Credentials are the repository's: charts may lie elsewhere.
      headers: authorization !== undefined && url.origin === repository.origin ? { authorization } : {},
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  const indexUrl = new URL('index.yaml', repository);
  const response = await get(indexUrl);
  const entry = found(await indexOf(response, indexUrl), reference, shownUrl(indexUrl));
  const [address] = Array.isArray(entry.urls) ? entry.urls : [];
  const url =
    typeof address === 'string' && URL.canParse(address, repository.href) ? new URL(address, repository) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw invalidIndex(`${reference.chart} ${reference.version} has no http(s) address`, shownUrl(indexUrl));
  const digest = digestOf(entry, shownUrl(indexUrl));
  return {
    mediaType: chartMediaType,
    stream: async () => checked(await downloaded(await get(url), where), digest, shownUrl(url)),
  };
}

function repositoryUrl(text: string, where: string): URL {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) {
    const url = new URL(text);
    url.pathname = `${url.pathname.replace(/\/+$/, '')}/`;
    return url;
  }
  throw new AirlockError({
    code: 'ocm.invalid-access',
    message: `${JSON.stringify(text.slice(0, 200))} is not the address of a chart repository`,
    where,
    remedy: 'Write https://host/path, or oci://registry/path',
  });
}

async function indexOf(response: HttpResponse, url: URL): Promise<JsonObject> {
  if (!response.ok) {
    await response.discard();
    throw new AirlockError({
      code: response.status === 404 ? 'ocm.chart-not-found' : 'ocm.download-failed',
      message: `reading the index of the chart repository failed: status ${response.status}`,
      where: shownUrl(url),
      remedy: 'Check the address of the chart repository, and the credentials for it',
    });
  }
  const { value } = readYaml(await response.bytes(indexLimit), shownUrl(url), { bytes: indexLimit });
  if (!isObject(value) || !isObject(value.entries)) throw invalidIndex('it has no entries', shownUrl(url));
  return value.entries;
}

function found(entries: JsonObject, { chart, version }: ChartReference, where: string): JsonObject {
  const versions = Object.hasOwn(entries, chart) ? entries[chart] : undefined;
  if (versions !== undefined && !Array.isArray(versions)) throw invalidIndex(`entries.${chart} is not a list`, where);
  const plain = (text: unknown): unknown => (typeof text === 'string' ? text.replace(/^v/, '') : undefined);
  const list = (versions ?? []).filter(isObject);
  const entry =
    list.find(each => each.version === version) ?? list.find(each => plain(each.version) === plain(version));
  if (entry !== undefined) return entry;
  const known = list.map(each => String(each.version as string)).slice(0, 10);
  throw new AirlockError({
    code: 'ocm.chart-not-found',
    message: `the chart ${chart} ${version} is not in the repository`,
    where,
    remedy: known.length === 0 ? 'Check the name of the chart' : `It has: ${known.join(', ')}`,
  });
}

/** The digest that the index gives, in hex; indexes without are as good as the connection. */
function digestOf({ digest }: JsonObject, where: string): string | undefined {
  if (digest === undefined || digest === null || digest === '') return undefined;
  const hex = typeof digest === 'string' ? digest.replace(/^sha256:/, '') : '';
  if (/^[0-9a-f]{64}$/.test(hex)) return hex;
  throw invalidIndex('the digest of a chart is not SHA-256 in hex', where);
}

/** The stream, which fails at its end unless it has this digest. */
function checked(stream: Readable, expected: string | undefined, where: string): Readable {
  return expected === undefined ? stream : Readable.from(checking(stream, expected, where), { objectMode: false });
}

async function* checking(stream: Readable, expected: string, where: string): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    hash.update(chunk);
    yield chunk;
  }
  const actual = hash.digest('hex');
  if (actual === expected) return;
  throw new AirlockError({
    code: 'oci.digest-mismatch',
    message: `the chart has the digest ${actual}, the index of its repository says ${expected}`,
    where,
    remedy: 'Ask whoever runs the chart repository',
  });
}

function noChart(name: string, why: string, where: string): AirlockError {
  return new AirlockError({ code: 'ocm.chart-not-found', message: `${name} ${why}, so it is no chart`, where });
}

function invalidIndex(why: string, where: string): AirlockError {
  return new AirlockError({
    code: 'ocm.invalid-chart-repository',
    message: `the index of the chart repository cannot be used: ${why}`,
    where,
    remedy: 'Check that the address is that of a chart repository',
  });
}
