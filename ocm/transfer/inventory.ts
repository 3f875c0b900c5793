import {
  childrenFor,
  isIndex,
  isManifest,
  readContent,
  type CallOptions,
  type Content,
  type Descriptor,
} from '../../oci';
import { AirlockError, describeError, hasCode } from '../../report';
import { identityText } from '../descriptor';
import type { ComponentVersionAccess, OpenedArtifact } from '../repository';
import { concurrently } from '../signing';
import { accessKind, platformsOf } from '../access';
import { isAtHome } from './existing';

export interface InventoryOptions extends CallOptions {
  /**
   * Of images in a registry only the manifests: a registry takes a manifest when it has its blobs, and keeps them as long as it
   * has the manifest, so that what a transfer has completed once needs no request for each layer. Default false.
   */
  readonly manifestsOnly?: boolean;
}

/**
 * Reads back from the target what was promised: every content that is to be there is there, images with all they refer to.
 * Throws `ocm.transfer-incomplete` naming what is missing.
 */
export async function assertInventory(stored: ComponentVersionAccess, options: InventoryOptions): Promise<void> {
  const { manifestsOnly = false, ...call } = options;
  const inRegistry = stored.repository.location.registry !== undefined;
  const missing: string[] = [];
  const { resources, sources } = stored.descriptor.component;
  await concurrently([...resources, ...sources], 4, async element => {
    if (!isAtHome(element.access, stored) || accessKind(element.access) === 'none') return;
    try {
      const opened = await stored.openAccess(element.access, call);
      if (opened.digest !== undefined)
        await assertThere(
          stored.content,
          { mediaType: 'application/octet-stream', digest: opened.digest, size: opened.size ?? 0 },
          call,
        );
      else
        await assertArtifact(await opened.artifact?.(call), {
          ...call,
          platforms: platformsOf(element) ?? [],
          manifestsOnly: manifestsOnly && inRegistry,
        });
    } catch (error) {
      if (!hasCode(error, 'oci.not-found') && !hasCode(error, 'ocm.blob-not-found')) throw error;
      missing.push(`${identityText({ name: element.name, ...element.extraIdentity })}: ${describeError(error)}`);
    }
  });
  if (missing.length === 0) return;
  throw new AirlockError({
    code: 'ocm.transfer-incomplete',
    message: `after the transfer ${missing.length} contents are missing: ${missing.slice(0, 10).join('; ')}`,
    where: stored.reference,
    remedy: 'Run the transfer again; what is there is not sent again',
  });
}

interface GraphOptions extends CallOptions {
  /** Of indexes the images for these platforms are to be there; all when empty. */
  readonly platforms: readonly string[];
  readonly manifestsOnly: boolean;
}

async function assertArtifact(artifact: OpenedArtifact | undefined, options: GraphOptions): Promise<void> {
  if (artifact === undefined) return;
  try {
    const { content, descriptor } = artifact;
    // Opening it has found the manifest itself.
    if (options.manifestsOnly && !isIndex(descriptor.mediaType)) return;
    await assertGraph(content, descriptor, options, new Set());
  } finally {
    await artifact.close();
  }
}

async function assertGraph(
  content: Content,
  node: Descriptor,
  options: GraphOptions,
  seen: Set<string>,
): Promise<void> {
  if (seen.has(node.digest)) return;
  seen.add(node.digest);
  if (!isManifest(node.mediaType) || (options.manifestsOnly && !isIndex(node.mediaType)))
    return assertThere(content, node, options);
  const { wanted } = childrenFor(node, await readContent(content, node, options), options.platforms, content.name);
  for (const child of wanted) await assertGraph(content, child, options, seen);
}

async function assertThere(content: Content, descriptor: Descriptor, options: CallOptions): Promise<void> {
  if (await content.exists(descriptor, options)) return;
  throw new AirlockError({ code: 'oci.not-found', message: `${descriptor.digest} is missing`, where: content.name });
}
