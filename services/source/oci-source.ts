import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { at, textAt, type KubernetesObject } from '../../cluster';
import { HttpClient } from '../../net';
import {
  extractLayer,
  isImageManifest,
  parseManifest,
  readContent,
  Registry,
  type Descriptor,
  type RegistryRepository,
} from '../../oci';
import { hasCode, messageOf } from '../../report';
import { verifyArtifact } from './oci-verify';
import { readSecret, registryCredentials } from './secrets';
import type { Fetched, Looking, SourceKind, Upstream } from './source';
import { SourceFailure } from './status';
import { newestInRange } from './versions';

const PREFIX = 'oci://';
/** Unpacked. Configuration, not images: a bound far above what is sensible. */
const MAX_UNPACKED = 1024 ** 3;

/** OCIRepository: one layer of an artifact in a registry. */
export const ociSource: SourceKind = {
  kind: 'OCIRepository',
  noun: 'digest',

  async look(looking: Looking): Promise<Upstream> {
    const { object, signal } = looking;
    refuseUnsupported(object);
    const repository = await openRepository(looking);
    const reference = await referenceOf(object, repository, signal);
    let manifest: Descriptor;
    try {
      manifest = await repository.resolve(reference, { signal });
    } catch (error) {
      throw failure('OCIArtifactPullFailed', 'failed to determine artifact digest', error);
    }
    const revision = reference === manifest.digest ? manifest.digest : `${reference}@${manifest.digest}`;
    return {
      revision,
      verified: await verifyArtifact(looking, repository, manifest, revision),
      file: `${manifest.digest}.tar.gz`,
      fetch: (folder, abort) => fetchLayer(object, repository, manifest, folder, abort),
    };
  },

  observed: object => ({
    observedIgnore: at(object, 'spec', 'ignore') ?? null,
    observedLayerSelector: at(object, 'spec', 'layerSelector') ?? null,
  }),
};

function failure(reason: string, what: string, error: unknown): SourceFailure {
  if (error instanceof SourceFailure) return error;
  const denied = hasCode(error, 'oci.unauthorized') || hasCode(error, 'oci.forbidden') || hasCode(error, 'oci.denied');
  return new SourceFailure(denied ? 'AuthenticationFailed' : reason, `${what}: ${messageOf(error)}`, { cause: error });
}

/** What is asked for and not done is said, never passed over. */
function refuseUnsupported(object: KubernetesObject): void {
  const { spec } = object;
  const provider = textAt(spec, 'provider') ?? 'generic';
  if (provider !== 'generic') {
    throw new SourceFailure(
      'InvalidProviderConfiguration',
      `provider '${provider}' is not supported by the stand-in for source-controller`,
      { stalled: true },
    );
  }
  if (at(spec, 'proxySecretRef')) {
    throw new SourceFailure(
      'InvalidProviderConfiguration',
      'spec.proxySecretRef is not supported by the stand-in for source-controller',
      { stalled: true },
    );
  }
}

async function openRepository({ cluster, object, signal }: Looking): Promise<RegistryRepository> {
  const url = textAt(object, 'spec', 'url') ?? '';
  const namespace = object.metadata.namespace ?? '';
  const invalid = (why: string): SourceFailure =>
    new SourceFailure('URLInvalid', `URL validation failed for '${url}': ${why}`, { stalled: true });
  if (!url.startsWith(PREFIX)) throw invalid(`URL must be in format 'oci://<domain>/<org>/<repo>'`);
  const rest = url.slice(PREFIX.length);
  const slash = rest.indexOf('/');
  if (slash <= 0 || slash === rest.length - 1) throw invalid(`URL must be in format 'oci://<domain>/<org>/<repo>'`);
  const host = rest.slice(0, slash);
  const name = rest.slice(slash + 1);
  if (name.includes(':') || name.includes('@')) throw invalid('URL must not contain a tag or digest');
  const credentials = await registryCredentials(cluster, namespace, object.spec, signal);
  const certificates = textAt(object, 'spec', 'certSecretRef', 'name');
  const trust = certificates ? await hostTrust(cluster, namespace, certificates, signal) : undefined;
  const scheme = at(object, 'spec', 'insecure') === true ? 'http://' : '';
  try {
    const registry = new Registry(`${scheme}${host}`, {
      credentials,
      ...(trust ? { http: new HttpClient({ trust: { [host]: trust } }) } : {}),
    });
    return registry.repository(name);
  } catch (error) {
    throw invalid(messageOf(error));
  }
}

async function hostTrust(
  cluster: Looking['cluster'],
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const data = await readSecret(cluster, namespace, name, signal);
  const pairs = [
    ['ca', data.get('ca.crt') ?? data.get('caFile')],
    ['cert', data.get('tls.crt') ?? data.get('certFile')],
    ['key', data.get('tls.key') ?? data.get('keyFile')],
  ] as const;
  return Object.fromEntries(pairs.filter((pair): pair is readonly [(typeof pair)[0], string] => pair[1] !== undefined));
}

async function referenceOf(
  object: KubernetesObject,
  repository: RegistryRepository,
  signal: AbortSignal,
): Promise<string> {
  const ref = at(object, 'spec', 'ref');
  const digest = textAt(ref, 'digest');
  if (digest) return digest;
  const range = textAt(ref, 'semver');
  if (!range) return textAt(ref, 'tag') ?? 'latest';
  try {
    const filter = textAt(ref, 'semverFilter');
    const pattern = filter ? new RegExp(filter) : undefined;
    const tags = (await repository.tags({ signal })).filter(
      tag => tag.length <= 128 && (!pattern || pattern.test(tag)),
    );
    const newest = newestInRange(tags, range);
    if (newest === undefined) throw new Error(`no match found for semver: ${range}`);
    return newest;
  } catch (error) {
    const url = textAt(object, 'spec', 'url') ?? '';
    throw failure('ReadOperationFailed', `failed to determine the artifact tag for '${url}'`, error);
  }
}

async function fetchLayer(
  object: KubernetesObject,
  repository: RegistryRepository,
  descriptor: Descriptor,
  folder: string,
  signal: AbortSignal,
): Promise<Fetched> {
  const url = textAt(object, 'spec', 'url') ?? '';
  const where = `${repository.name}@${descriptor.digest}`;
  if (!isImageManifest(descriptor.mediaType)) {
    throw new SourceFailure(
      'OCIArtifactPullFailed',
      `failed to pull artifact from '${url}': ${descriptor.mediaType} is not an artifact with layers`,
    );
  }
  let manifest;
  try {
    manifest = parseManifest(await readContent(repository, descriptor, { signal }), where);
  } catch (error) {
    throw failure('OCIArtifactPullFailed', `failed to pull artifact from '${url}'`, error);
  }
  const layer = selectLayer(object, manifest.layers);
  const metadata = manifest.annotations ? { metadata: manifest.annotations } : {};
  const copies = textAt(object, 'spec', 'layerSelector', 'operation') === 'copy';
  try {
    const stream = await repository.fetch(layer, { signal });
    if (copies) {
      const file = join(folder, 'layer');
      await pipeline(stream, createWriteStream(file), { signal });
      return { content: { file }, ...metadata };
    }
    await extractLayer(stream, folder, { maxBytes: MAX_UNPACKED, where, signal });
    return { content: { folder }, ...metadata };
  } catch (error) {
    throw failure(
      'OCIArtifactLayerOperationFailed',
      `failed to ${copies ? 'copy' : 'extract'} layer contents from artifact`,
      error,
    );
  }
}

function selectLayer(object: KubernetesObject, layers: readonly Descriptor[]): Descriptor {
  const wanted = textAt(object, 'spec', 'layerSelector', 'mediaType');
  const layer = wanted ? layers.find(candidate => candidate.mediaType === wanted) : layers[0];
  if (layer) return layer;
  throw new SourceFailure(
    'OCIArtifactLayerOperationFailed',
    wanted ? `failed to find layer with media type '${wanted}' in artifact` : 'no layers found in artifact',
  );
}
