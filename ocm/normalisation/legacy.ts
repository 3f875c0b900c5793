import { identityKey, type Resource } from '../descriptor';

/**
 * What jsonNormalisation/v1 and v2 do to resources that share name and extra identity: each gets its version as an extra
 * attribute, but the last of them stays as it is. The comparison sees what was set before.
 */
export function withDefaultedIdentities(resources: readonly Resource[]): Resource[] {
  const result = [...resources];
  const positions = new Map<string, number[]>();
  result.forEach((resource, index) => positions.set(resource.name, [...(positions.get(resource.name) ?? []), index]));
  for (const [index, resource] of result.entries()) {
    const own = identityKey(resource.extraIdentity ?? {});
    const clash = (positions.get(resource.name) ?? []).some(
      other => other !== index && identityKey(result[other]?.extraIdentity ?? {}) === own,
    );
    if (clash) result[index] = { ...resource, extraIdentity: { ...resource.extraIdentity, version: resource.version } };
  }
  return result;
}
