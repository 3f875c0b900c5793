import { verifyAccess, type ComponentRepository, type ComponentVersionAccess } from '../../ocm';
import { AirlockError, hasCode } from '../../report';
import { resourceReader } from '../ocm';
import type { ResourceReader } from '../source';
import { openRegistry, trustIn, type RegistryAccount } from './connections';
import type { DeploymentInputs, OpenedVersion, OpenReader, PlanOptions } from './deployment-inputs';
import { releaseNotesOf } from './release-notes';
import { componentDigest } from './replication';

/** Readers of a deployment's component versions. Close it. */
export interface DeploymentReaders {
  readonly open: OpenReader;
  close(): Promise<void>;
}

/**
 * Reads from the consumer's registry; a version that is not there yet, from the source, as it will look after its replication.
 * Signatures are checked before anything is used; resources are checked as they are read.
 */
export function deploymentReaders(
  inputs: DeploymentInputs,
  { signal, registry = openRegistry }: PlanOptions = {},
): DeploymentReaders {
  const options = signal === undefined ? {} : { signal };
  const opened: ComponentRepository[] = [];
  const at = async (account: RegistryAccount): Promise<ComponentRepository> => {
    const repository = await registry(account);
    opened.push(repository);
    return repository;
  };
  const read = async (repository: ComponentRepository, version: string, digest?: string): Promise<OpenedVersion> => {
    const access = await repository.open(inputs.component, version, options);
    const found = componentDigest(access);
    if (digest !== undefined && digest !== '' && found !== digest) {
      throw new AirlockError({
        code: 'product.component-digest-mismatch',
        message: `${access.reference} is not the component version that is meant: its digest is ${found}, not ${digest}`,
        remedy: 'The version was published again with another content; restore it, or release a new version',
      });
    }
    // Stored digests: the replication verified the content, and each resource is checked against its digest when it is read.
    await verifyAccess(access, { ...options, ...trustIn(inputs.trustedKeys), local: true });
    const reader = resourceReader(access, { ...options, descriptorDigest: found });
    const releaseNotes = await releaseNotesOf(access, reader);
    const inventory = inventoryText(access, inputs.registry.host);
    return { reader, inventory, ...(releaseNotes !== undefined && { releaseNotes }) };
  };
  const open: OpenReader = async (version, digest) => {
    try {
      return await read(await at(inputs.registry), version, digest);
    } catch (error) {
      if (!hasCode(error, 'ocm.component-version-not-found')) throw error;
    }
    const atSource = await read(await at(inputs.source), version, digest);
    // What the replication will make true before anything is proposed: the preview's words are the update's.
    return { ...atSource, reader: replicatedView(atSource.reader, inputs) };
  };
  return { open, close: async () => void (await Promise.all(opened.map(each => each.close()))) };
}

/** The replication ends with reading back what it brought, so what is in the registry is complete. */
function inventoryText({ descriptor }: ComponentVersionAccess, host: string): string {
  const { resources, componentReferences } = descriptor.component;
  const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
  const parts =
    componentReferences.length === 0 ? '' : `, ${counted(componentReferences.length, 'component reference')}`;
  return `${counted(resources.length, 'resource')}${parts} in ${host}, read back by the replication`;
}

/** The reader of a version that is still at the source, with its images where the replication will put them. */
function replicatedView(reader: ResourceReader, inputs: DeploymentInputs): ResourceReader {
  return {
    component: reader.component,
    componentAt: path => reader.componentAt(path),
    find: (name, selector) => reader.find(name, selector),
    read: (name, selector) => reader.read(name, selector),
    imageReference: async resource => {
      const reference = await reader.imageReference(resource);
      return `${inputs.registry.host}/${reference.slice(reference.indexOf('/') + 1)}`;
    },
  };
}
