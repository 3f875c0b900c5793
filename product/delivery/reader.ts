import { verifyAccess, type ComponentRepository } from '../../ocm';
import { AirlockError, hasCode } from '../../report';
import { resourceReader } from '../ocm';
import type { ProductResource, ResourceReader } from '../source';
import type { RegistryAccount } from './connections';
import type { DeploymentInputs, OpenReader } from './deployment';
import { componentDigest, openRegistry } from './replication';

/** Readers of a deployment's component versions. Close it. */
export interface DeploymentReaders {
  readonly open: OpenReader;
  close(): Promise<void>;
}

/**
 * Reads from the consumer's registry; a version that is not there yet, from the source, as it will look after its replication.
 * Signatures are checked before anything is used; resources are checked as they are read.
 */
export function deploymentReaders(inputs: DeploymentInputs, signal?: AbortSignal): DeploymentReaders {
  const options = signal === undefined ? {} : { signal };
  const opened: ComponentRepository[] = [];
  const at = async (account: RegistryAccount): Promise<ComponentRepository> => {
    const repository = await openRegistry(account);
    opened.push(repository);
    return repository;
  };
  const read = async (repository: ComponentRepository, version: string, digest?: string): Promise<ResourceReader> => {
    const access = await repository.open(inputs.component, version, options);
    const found = componentDigest(access);
    if (digest !== undefined && digest !== '' && found !== digest) {
      throw new AirlockError({
        code: 'product.component-digest-mismatch',
        message: `${access.reference} is not the component version that is meant: its digest is ${found}, not ${digest}`,
        remedy: 'The version was published again with another content; restore it, or release a new version',
      });
    }
    const keys = Object.entries(inputs.trustedKeys).map(([signature, publicKey]) => ({ signature, publicKey }));
    // Stored digests: the replication verified the content, and each resource is checked against its digest when it is read.
    await verifyAccess(access, {
      ...options,
      keys,
      signatures: keys.map(each => each.signature),
      local: true,
    });
    const reader = resourceReader(access, options);
    return Object.assign(Object.create(reader) as ResourceReader, {
      component: { ...reader.component, descriptorDigest: found },
    });
  };
  const open: OpenReader = async (version, digest) => {
    try {
      return await read(await at(inputs.registry), version, digest);
    } catch (error) {
      if (!hasCode(error, 'ocm.component-version-not-found')) throw error;
    }
    return replicatedView(await read(await at(inputs.source), version, digest), inputs);
  };
  return { open, close: async () => void (await Promise.all(opened.map(each => each.close()))) };
}

/** The reader of a version that is still at the source, with its images where the replication will put them. */
function replicatedView(reader: ResourceReader, inputs: DeploymentInputs): ResourceReader {
  const imageReference = async (resource: ProductResource): Promise<string> => {
    const reference = await reader.imageReference(resource);
    const path = reference.slice(reference.indexOf('/') + 1);
    return `${inputs.registry.host}/${path}`;
  };
  return Object.assign(Object.create(reader) as ResourceReader, { imageReference });
}
