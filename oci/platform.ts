import { AirlockError } from '../report';
import type { Content, Descriptor } from './content';
import { parseIndex } from './manifest';
import { isIndex } from './media-types';
import { readContent } from './streams';

/**
 * The image for a platform (`os/architecture[/variant]`) in an index, nested ones included; anything but an index is
 * returned as it is. Throws `oci.no-such-platform`, naming those there are.
 */
export async function selectPlatform(
  source: Content,
  root: Descriptor,
  platform: string,
  signal?: AbortSignal,
): Promise<Descriptor> {
  if (!isIndex(root.mediaType)) return root;
  const found = await find(source, root, platform, signal, 0, []);
  if (found.match) return found.match;
  throw new AirlockError({
    code: 'oci.no-such-platform',
    message: `there is no image for ${platform}`,
    remedy: `Choose one of: ${[...new Set(found.offered)].join(', ') || 'none is named'}`,
    where: `${source.name}@${root.digest}`,
  });
}

/** `os/architecture[/variant]` of an entry of an index; undefined where it names none. */
export function platformText({ platform }: Descriptor): string | undefined {
  if (!platform) return undefined;
  const { os, architecture, variant } = platform;
  return [os, architecture, variant].filter(part => part !== undefined && part !== '').join('/');
}

/** Whether an entry of an index is for `os/architecture[/variant]`; without variant, any. */
export function describesPlatform({ platform }: Descriptor, wanted: string): boolean {
  const [os, architecture, variant] = wanted.split('/');
  return (
    platform?.os === os &&
    platform?.architecture === architecture &&
    (variant === undefined || platform?.variant === variant)
  );
}

async function find(
  source: Content,
  index: Descriptor,
  platform: string,
  signal: AbortSignal | undefined,
  depth: number,
  offered: string[],
): Promise<{ match?: Descriptor; offered: string[] }> {
  const { manifests } = parseIndex(await readContent(source, index, signal ? { signal } : {}), source.name);
  for (const entry of manifests) {
    if (isIndex(entry.mediaType) && depth < 4) {
      const inner = await find(source, entry, platform, signal, depth + 1, offered);
      if (inner.match) return inner;
    }
    const text = platformText(entry);
    if (text === undefined) continue;
    offered.push(text);
    if (describesPlatform(entry, platform))
      return { match: { mediaType: entry.mediaType, digest: entry.digest, size: entry.size }, offered };
  }
  return { offered };
}
