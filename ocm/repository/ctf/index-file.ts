import { isDigest, MediaType } from '../../../oci';
import { AirlockError } from '../../../report';
import { isObject, readYaml, type Json } from '../../yaml';

/** The file that lists what a common transport archive holds. */
export const indexFileName = 'artifact-index.json';

/** One manifest of an archive. Untagged ones are listed so that they can be found. */
export interface CtfArtifact {
  readonly repository: string;
  readonly tag?: string;
  readonly digest: string;
  readonly mediaType: string;
}

/** Reads the index. Throws `ocm.invalid-archive` with the place. */
export function parseIndexFile(bytes: Uint8Array, where: string): CtfArtifact[] {
  const read = readYaml(bytes, where);
  const refuse = (message: string, ...path: (string | number)[]): AirlockError =>
    new AirlockError({
      code: 'ocm.invalid-archive',
      message: `the index of the transport archive is not valid: ${message}`,
      where: read.locate(path),
    });
  if (!isObject(read.value)) throw refuse('it is not a map');
  const { schemaVersion, artifacts } = read.value;
  if (schemaVersion !== undefined && schemaVersion !== 1)
    throw refuse(`schemaVersion ${JSON.stringify(schemaVersion)} is not known`, 'schemaVersion');
  if (artifacts === undefined || artifacts === null) return [];
  if (!Array.isArray(artifacts)) throw refuse('artifacts is not a list', 'artifacts');
  const tagged = new Map<string, string>();
  return artifacts.map((entry: Json, position) => {
    if (!isObject(entry)) throw refuse('an artifact is not a map', 'artifacts', position);
    const { repository, tag, digest, mediaType } = entry;
    if (typeof repository !== 'string' || repository === '')
      throw refuse('repository is missing', 'artifacts', position);
    if (typeof digest !== 'string' || !isDigest(digest))
      throw refuse('digest is not a digest', 'artifacts', position, 'digest');
    if (tag !== undefined && tag !== null && typeof tag !== 'string')
      throw refuse('tag is not text', 'artifacts', position, 'tag');
    const name = `${repository}:${tag ?? ''}`;
    if (typeof tag === 'string' && tag !== '' && (tagged.get(name) ?? digest) !== digest)
      throw refuse(`${name} stands for two artifacts`, 'artifacts', position, 'tag');
    tagged.set(name, digest);
    return {
      repository,
      ...(typeof tag === 'string' && tag !== '' ? { tag } : {}),
      digest,
      mediaType: typeof mediaType === 'string' && mediaType !== '' ? mediaType : MediaType.manifest,
    };
  });
}

/** Writes the index as the reference implementation does, in a fixed order: tagged before untagged within a repository. */
export function formatIndexFile(artifacts: readonly CtfArtifact[]): string {
  const key = (artifact: CtfArtifact): string =>
    JSON.stringify([artifact.repository, artifact.tag === undefined ? 1 : 0, artifact.tag ?? '', artifact.digest]);
  const sorted = [...artifacts].sort((left, right) => (key(left) < key(right) ? -1 : 1));
  return JSON.stringify({
    schemaVersion: 1,
    artifacts: sorted.map(({ repository, tag, digest, mediaType }) => ({
      repository,
      ...(tag === undefined ? {} : { tag }),
      digest,
      mediaType,
    })),
  });
}
