import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  copy,
  extractLayer,
  ImageLayout,
  isImageManifest,
  parseIndex,
  parseManifest,
  readContent,
  selectPlatform,
  writeImageArchive,
  type CallOptions,
  type Content,
  type Descriptor,
} from '../../oci';
import {
  digestLike,
  isExcluded,
  spool,
  type ComponentVersionAccess,
  type OpenedArtifact,
  type OpenedContent,
  type Resource,
} from '../../ocm';
import { AirlockError, type Reporter } from '../../report';

/** The form that contents are written in. */
export interface DownloadForm {
  /** OCI artifacts: the archive the component model has for them, an image layout, or an archive for `docker load`. */
  readonly artifacts: 'set' | 'layout' | 'docker';
  /** Charts as `.tgz`, directory trees as folders. */
  readonly handlers: boolean;
  /** Archives as folders. */
  readonly extract: boolean;
  /** `os/architecture[/variant]`. */
  readonly platform?: string;
}

export interface Saved {
  readonly path: string;
  readonly bytes: number;
  /** What it became, where that is not the content as it is stored. */
  readonly kind?: string;
}

interface Call {
  readonly signal: AbortSignal;
  readonly report: Reporter;
}

const chartLayer = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip';
const directoryTypes: readonly string[] = ['directoryTree', 'fileSystem', 'filesystem'];

/**
 * Writes the content of a resource; `-` is standard output. The path says where it went: charts get `.tgz`.
 * @throws `ocm.digest-mismatch`, `oci.unsafe-archive`, `cli.file-exists`, and what reading throws
 */
export async function save(
  access: ComponentVersionAccess,
  resource: Resource,
  file: string,
  form: DownloadForm,
  call: Call,
): Promise<Saved> {
  const opened = await access.openAccess(resource.access, call);
  await assertDigest(access, resource, opened, call.signal);
  if (opened.artifact === undefined) return saveBlob(resource, opened, file, form, call);
  const artifact = await opened.artifact(call);
  try {
    return await saveArtifact(resource, opened, artifact, file, form, call);
  } finally {
    await artifact.close();
  }
}

async function saveBlob(
  resource: Resource,
  opened: OpenedContent,
  file: string,
  form: DownloadForm,
  call: Call,
): Promise<Saved> {
  if (form.extract || (form.handlers && directoryTypes.includes(resource.type)))
    return unpacked(opened, resource.name, file, call);
  return written(opened, file, call);
}

async function saveArtifact(
  resource: Resource,
  opened: OpenedContent,
  artifact: OpenedArtifact,
  file: string,
  form: DownloadForm,
  call: Call,
): Promise<Saved> {
  const chart = await chartOf(artifact, call);
  if (chart !== undefined && (form.handlers || form.extract)) {
    const content: Pick<OpenedContent, 'mediaType' | 'stream'> = {
      mediaType: chart.mediaType,
      stream: () => artifact.content.fetch(chart, call),
    };
    return form.extract
      ? unpacked(content, resource.name, file, call)
      : written(content, file === '-' || file.endsWith('.tgz') ? file : `${file}.tgz`, call, 'chart');
  }
  if (form.extract)
    throw new AirlockError({
      code: 'cli.usage',
      message: `${resource.name} is an OCI artifact (${opened.mediaType}), which is not unpacked into a folder`,
      remedy: 'Use --oci-layout or --docker-archive',
    });
  const root = await platformOf(resource, artifact, form, call);
  const content = resolving(artifact.content, root);
  const tag = resource.version.replaceAll('+', '.build-');
  if (form.artifacts === 'layout') {
    const { bytes } = await copy(content, root.digest, await ImageLayout.create(file), tag, call);
    return { path: file, bytes, kind: `image layout, tag ${tag}` };
  }
  if (form.artifacts === 'docker') {
    await mkdir(path.dirname(path.resolve(file)), { recursive: true });
    await writeImageArchive(file, [{ content, reference: root.digest, name: `${resource.name}:${tag}` }], call);
    return { path: file, bytes: (await stat(file)).size, kind: `image ${resource.name}:${tag}` };
  }
  if (form.platform !== undefined)
    throw new AirlockError({
      code: 'cli.usage',
      message: '--platform is for images in the forms --oci-layout and --docker-archive',
      remedy: 'Give one of them too',
    });
  return written(opened, file, call);
}

/** The chart inside an artifact that Helm pushed. */
export async function chartOf(
  { content, descriptor }: OpenedArtifact,
  call: CallOptions,
): Promise<Descriptor | undefined> {
  if (!isImageManifest(descriptor.mediaType)) return undefined;
  const manifest = parseManifest(await readContent(content, descriptor, call), content.name);
  return manifest.layers.find(layer => layer.mediaType === chartLayer);
}

/** The image for the platform asked for; says what is left out. */
async function platformOf(
  resource: Resource,
  { content, descriptor }: OpenedArtifact,
  { platform }: DownloadForm,
  call: Call,
): Promise<Descriptor> {
  if (platform === undefined) return descriptor;
  const found = await selectPlatform(content, descriptor, platform, call.signal);
  if (found.digest === descriptor.digest) return found;
  const { manifests } = parseIndex(await readContent(content, descriptor, call), content.name);
  call.report({
    kind: 'info',
    id: `platform/${resource.name}`,
    title: `${resource.name}: only ${platform}; ${manifests.length - 1} of ${manifests.length} manifests are left out, so it no longer has the digest that is signed`,
  });
  return found;
}

async function written(
  opened: Pick<OpenedContent, 'mediaType' | 'stream'>,
  file: string,
  { signal }: Call,
  kind?: string,
): Promise<Saved> {
  const named = kind === undefined ? {} : { kind };
  if (file === '-') {
    await pipeline(await opened.stream({ signal }), process.stdout, { end: false, signal });
    return { path: file, bytes: 0, ...named };
  }
  const blob = await spool(await opened.stream({ signal }), opened.mediaType, signal);
  const beside = `${file}.${randomBytes(6).toString('hex')}.part`;
  try {
    await mkdir(path.dirname(path.resolve(file)), { recursive: true });
    await copyFile(blob.path, beside);
    await rename(beside, file);
    return { path: file, bytes: blob.descriptor.size, ...named };
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  } finally {
    await blob.remove();
  }
}

/** Unpacks an archive beside the folder and renames, so that a broken one leaves nothing. */
async function unpacked(
  opened: Pick<OpenedContent, 'mediaType' | 'stream'>,
  name: string,
  folder: string,
  { signal }: Call,
): Promise<Saved> {
  if (folder === '-' || (await exists(folder)))
    throw new AirlockError({
      code: 'cli.file-exists',
      message: folder === '-' ? 'an archive is not unpacked to standard output' : `${folder} exists`,
      where: folder,
      remedy: 'Name a folder that does not exist yet (-O)',
    });
  if (!/(tar|tgz|gzip)\b/.test(opened.mediaType))
    throw new AirlockError({
      code: 'cli.usage',
      message: `${name} is of the media type ${opened.mediaType}, which is no archive`,
      remedy: 'Download it without --extract',
    });
  const beside = `${folder}.${randomBytes(6).toString('hex')}.part`;
  try {
    await mkdir(beside, { recursive: true });
    const { bytes, entries } = await extractLayer(await opened.stream({ signal }), beside, { where: name, signal });
    await rename(beside, folder);
    return { path: folder, bytes, kind: `${entries} entries` };
  } catch (error) {
    await rm(beside, { recursive: true, force: true });
    throw error;
  }
}

function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

/** The content, which resolves everything to `root`: what is unpacked from an archive has no list of its manifests. */
function resolving(content: Content, root: Descriptor): Content {
  return {
    name: content.name,
    resolve: () => Promise.resolve(root),
    fetch: (descriptor, options) => content.fetch(descriptor, options),
    push: (descriptor, source, options) => content.push(descriptor, source, options),
    exists: (descriptor, options) => content.exists(descriptor, options),
    tag: (descriptor, tag, options) => content.tag(descriptor, tag, options),
    tags: options => content.tags(options),
  };
}

/** Throws `ocm.digest-mismatch` unless the content is the one the descriptor names. */
async function assertDigest(
  access: ComponentVersionAccess,
  resource: Resource,
  opened: OpenedContent,
  signal: AbortSignal,
): Promise<void> {
  const { digest } = resource;
  if (digest === undefined || isExcluded(digest)) return;
  // The bytes are checked against this digest while they are read.
  if (opened.artifact === undefined && opened.digest === `sha256:${digest.value}`) return;
  const found = await digestLike(digest, opened, `${access.reference} ${resource.name}`, { signal });
  if (found.value === digest.value) return;
  throw new AirlockError({
    code: 'ocm.digest-mismatch',
    message: `the content of ${resource.name} has the digest ${found.value}, the descriptor says ${digest.value}`,
    where: access.reference,
    remedy: 'Do not use it',
  });
}
