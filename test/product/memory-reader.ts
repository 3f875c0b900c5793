import { createHash } from 'node:crypto';
import { AirlockError } from '../../report';
import {
  matchesIdentity,
  type ProductResource,
  type ResourceReader,
  type ResourceSelector,
} from '../../product/source';
import { writeTar } from '../../product/tar';

export interface MemoryResource {
  readonly name: string;
  readonly type: string;
  readonly version?: string;
  readonly extraIdentity?: Record<string, string>;
  /** Text, a directory of texts, or the reference of an image. */
  readonly content?: string | Record<string, string>;
  readonly image?: string;
}

/** A component built in memory: the same interface as one read from a registry. */
export function memoryReader(name: string, version: string, resources: readonly MemoryResource[]): ResourceReader {
  const find = (wanted: string, selector: ResourceSelector = {}): MemoryResource => {
    const found = resources.filter(each => each.name === wanted && matchesIdentity(each, selector.extraIdentity));
    if (found.length !== 1 || !found[0]) {
      throw new AirlockError({ code: 'ocm.resource-not-found', message: `${found.length} resources ${wanted}` });
    }
    return found[0];
  };
  const describe = (each: MemoryResource): ProductResource => ({
    name: each.name,
    type: each.type,
    version: each.version ?? version,
    ...(each.extraIdentity && { extraIdentity: each.extraIdentity }),
    access: each.image ? { type: 'ociArtifact', imageReference: each.image } : { type: 'localBlob' },
  });
  const descriptor = JSON.stringify([name, version, resources]);
  const component = {
    name,
    version,
    descriptorDigest: `sha256:${createHash('sha256').update(descriptor).digest('hex')}`,
    resources: resources.map(describe),
    references: [],
  };
  return {
    component,
    componentAt: () => Promise.resolve(component),
    find: (wanted, selector) => Promise.resolve().then(() => describe(find(wanted, selector))),
    imageReference: async resource => {
      const { image } = await Promise.resolve(find(resource.name, resource));
      if (image !== undefined) return image;
      throw new AirlockError({ code: 'product.image-not-in-registry', message: `${resource.name} is not an image` });
    },
    read: (wanted, selector) =>
      Promise.resolve().then(() => {
        const { content } = find(wanted, selector);
        if (typeof content === 'object') {
          return writeTar(new Map(Object.entries(content).map(([path, text]) => [path, Buffer.from(text)])));
        }
        return Buffer.from(content ?? '');
      }),
  };
}
