import { gunzip } from 'node:zlib';
import { promisify } from 'node:util';
import { openRepository, readContent, type Descriptor, type RegistryOptions } from '../../oci';
import { AirlockError, messageOf } from '../../report';
import type { FileSet } from '../file-set';
import { readTar } from '../tar';

/** Bytes of an artifact, as stored and unpacked. */
const limit = 64 * 1024 * 1024;

/**
 * An artifact with one layer, a tar archive: its digest and files. `artifact`: `host[:port]/repository[:tag][@digest]`. Throws
 * `product.artifact-invalid` and what reading throws.
 */
export async function artifactFiles(
  artifact: string,
  access: Pick<RegistryOptions, 'credentials'>,
  options: { readonly signal?: AbortSignal },
): Promise<{ digest: string; files: FileSet }> {
  const { repository, reference } = openRepository(artifact, access);
  const manifest = await repository.resolve(reference.digest ?? reference.tag ?? 'latest', options);
  const { layers } = JSON.parse(Buffer.from(await readContent(repository, manifest, options)).toString('utf8')) as {
    layers?: Descriptor[];
  };
  const [layer] = layers ?? [];
  if (layers?.length !== 1 || layer === undefined)
    throw invalid(artifact, `it has ${layers?.length ?? 0} layers, and one is needed`);
  if (layer.size > limit) throw invalid(artifact, `it is larger than ${limit} bytes`);
  const bytes = Buffer.from(await readContent(repository, layer, options));
  try {
    const gzipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
    const archive = gzipped ? await promisify(gunzip)(bytes, { maxOutputLength: limit }) : bytes;
    return { digest: manifest.digest, files: await readTar(archive, artifact) };
  } catch (error) {
    throw error instanceof AirlockError ? error : invalid(artifact, messageOf(error));
  }
}

function invalid(artifact: string, why: string): AirlockError {
  return new AirlockError({
    code: 'product.artifact-invalid',
    message: `The artifact cannot be unpacked: ${why}`,
    where: artifact,
    remedy: 'Name an artifact with one layer that is a tar archive, as Flux and Airlock write them',
  });
}
