import { hasCode } from '../../report';
import type { ProductComponent, ProductResource, ResourceReader } from '../source';

export const standInDigest = `sha256:${'0'.repeat(64)}`;

/** A place for an image that is in no registry yet: rules and mappings can be tried with it. */
export function standInReference({ name }: Pick<ProductComponent, 'name'>, resource: ProductResource): string {
  return `registry.example/${name}/${resource.name}:${resource.version}@${standInDigest}`;
}

/** The same component as if its images were in a registry: in an archive they are blobs beside the descriptor. */
export function withStandIns(reader: ResourceReader): ResourceReader {
  return {
    component: reader.component,
    componentAt: path => reader.componentAt(path),
    find: (name, selector) => reader.find(name, selector),
    read: (name, selector) => reader.read(name, selector),
    place: (name, selector) => reader.place?.(name, selector),
    imageReference: async resource => {
      try {
        return await reader.imageReference(resource);
      } catch (error) {
        if (!hasCode(error, 'product.image-not-in-registry') || !isArtifact(resource)) throw error;
        return standInReference(reader.component, resource);
      }
    },
  };
}

function isArtifact({ type, access }: ProductResource): boolean {
  const mediaType = typeof access.mediaType === 'string' ? access.mediaType : '';
  return /^(oci|docker).*(image|artifact)|^helm/i.test(type) || /manifest|index/.test(mediaType);
}
