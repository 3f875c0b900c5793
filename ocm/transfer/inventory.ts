import { childrenFor, isManifest, readContent, type CallOptions, type Content, type Descriptor } from '../../oci';
import { AirlockError, describeError, hasCode } from '../../report';
import { identityText } from '../descriptor';
import type { ComponentVersionAccess, OpenedArtifact } from '../repository';
import { concurrently } from '../signing';
import { accessKind, platformsOf } from '../access';
import { isAtHome } from './existing';

/**
 * Reads back from the target what was promised: every content that is to be there is there, images with all they refer to.
 * Throws `ocm.transfer-incomplete` naming what is missing.
 */
export async function assertInventory(stored: ComponentVersionAccess, options: CallOptions): Promise<void> {
  const missing: string[] = [];
  const { resources, sources } = stored.descriptor.component;
  await concurrently([...resources, ...sources], 4, async element => {
    if (!isAtHome(element.access, stored) || accessKind(element.access) === 'none') return;
    try {
      const opened = await stored.openAccess(element.access, options);
      if (opened.digest !== undefined)
        await assertThere(
          stored.content,
          { mediaType: 'application/octet-stream', digest: opened.digest, size: opened.size ?? 0 },
          options,
        );
      else
        await assertArtifact(await opened.artifact?.(options), { ...options, platforms: platformsOf(element) ?? [] });
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
}

async function assertArtifact(artifact: OpenedArtifact | undefined, options: GraphOptions): Promise<void> {
  if (artifact === undefined) return;
  try {
    await assertGraph(artifact.content, artifact.descriptor, options, new Set());
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
  if (!isManifest(node.mediaType)) return assertThere(content, node, options);
  const { wanted } = childrenFor(node, await readContent(content, node, options), options.platforms, content.name);
  for (const child of wanted) await assertGraph(content, child, options, seen);
}

async function assertThere(content: Content, descriptor: Descriptor, options: CallOptions): Promise<void> {
  if (await content.exists(descriptor, options)) return;
  throw new AirlockError({ code: 'oci.not-found', message: `${descriptor.digest} is missing`, where: content.name });
}
