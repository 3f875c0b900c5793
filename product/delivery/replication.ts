import {
  defaultNormalisation,
  normalise,
  transferComponentVersion,
  verifyAccess,
  type ComponentVersionAccess,
} from '../../ocm';
import { hasCode, messageOf, type Reporter } from '../../report';
import { textDigest } from '../lock';
import { parseSubscription } from '../manifests';
import type { PlanOptions } from './deployment-inputs';
import {
  openForge,
  openRegistry,
  openRegistryWith,
  trustIn,
  type ForgeAccount,
  type RegistryAccount,
  type RepositoryName,
} from './connections';
import { refusalOf, refusalText, type Refusal } from './refusal';
import { highestWithin } from './versions';

export interface ReplicationInputs {
  readonly forge: ForgeAccount;
  readonly subscription: RepositoryName & { readonly path: string };
  readonly source: RegistryAccount;
  readonly destination: RegistryAccount;
  readonly trustedKeys: Readonly<Record<string, string>>;
}

/** What should be in the destination. */
export interface ResolvedVersion {
  /** `blocked`: the newest version in the range is refused; {@link version} is the one that is kept. */
  readonly phase: 'waiting' | 'replicated' | 'blocked';
  readonly reason: string;
  readonly component: string;
  readonly version: string;
  /** `sha256:<hex>` of the normal form: what signatures are made over, the same wherever the component is stored. */
  readonly digest: string;
  /** Why the newest version is refused. */
  readonly refusal?: Refusal;
}

const nothing = (reason: string, component = ''): ResolvedVersion => ({
  phase: 'waiting',
  reason,
  component,
  version: '',
  digest: '',
});

/** Digest of a component version's normal form (`jsonNormalisation/v3`), `sha256:<hex>`. */
export function componentDigest(access: ComponentVersionAccess): string {
  return textDigest(normalise(access.descriptor, defaultNormalisation));
}

/**
 * Finds the version that the merged subscription asks for, and checks its signatures. An unreachable source keeps `previous`, with
 * the reason; a version that does not verify is refused, and `previous` kept; nothing subscribed or released yet is a phase, not a
 * failure. Writes nothing.
 */
export async function resolveReplication(
  inputs: ReplicationInputs,
  previous: Partial<ResolvedVersion>,
  { signal, forge = openForge, registry = openRegistry }: PlanOptions = {},
): Promise<ResolvedVersion> {
  const options = signal === undefined ? {} : { signal };
  const { path } = inputs.subscription;
  const file = await forge(inputs.forge, inputs.subscription).readFile(path, 'main', options);
  if (file === undefined)
    return nothing(`${path} is not on main of ${inputs.subscription.owner}/${inputs.subscription.name} yet`);
  const subscription = parseSubscription(file.content.toString('utf8'), path);
  const { component } = subscription;
  const range = subscription.semver ?? '*';
  const source = await registry(inputs.source);
  try {
    const version = highestWithin(await source.listVersions(component, options), range, path);
    if (version === undefined)
      return nothing(`no version of ${component} within ${range} at ${inputs.source.host} yet`, component);
    const access = await source.open(component, version, options);
    const digest = componentDigest(access);
    // Against the digests that the descriptor names: the content is read, and checked, by the replication.
    if (previous.version !== version || previous.digest !== digest)
      await verifyAccess(access, { ...options, ...trustIn(inputs.trustedKeys), local: true });
    return { phase: 'replicated', reason: '', component, version, digest };
  } catch (error) {
    if (isUnreachable(error))
      return kept(`the source ${inputs.source.host} cannot be reached (${messageOf(error)})`, component, previous);
    const refusal = refusalOf(error);
    if (refusal === undefined) throw error;
    return { ...kept(refusalText(refusal), component, previous), phase: 'blocked', refusal };
  } finally {
    await source.close();
  }
}

/** What was replicated before, with the reason why nothing newer is. */
function kept(reason: string, component: string, previous: Partial<ResolvedVersion>): ResolvedVersion {
  const { version, digest } = previous;
  if (previous.component !== component || !version || !digest)
    return nothing(`${reason}; nothing was replicated before`, component);
  return { phase: 'replicated', reason: `${reason}; ${version} is kept`, component, version, digest };
}

/** No answer, or a gateway's instead of the registry's: it may come back. */
function isUnreachable(error: unknown): boolean {
  return hasCode(error, 'net.unreachable') || hasCode(error, 'net.timeout') || hasCode(error, 'oci.registry-error');
}

/** True when the destination holds this very version. */
export async function isReplicated(
  inputs: ReplicationInputs,
  wanted: ResolvedVersion,
  { signal, registry = openRegistry }: PlanOptions = {},
): Promise<boolean> {
  if (wanted.version === '') return true;
  const options = signal === undefined ? {} : { signal };
  const destination = await registry(inputs.destination);
  try {
    return componentDigest(await destination.open(wanted.component, wanted.version, options)) === wanted.digest;
  } catch (error) {
    if (hasCode(error, 'ocm.component-version-not-found')) return false;
    throw error;
  } finally {
    await destination.close();
  }
}

export interface Replicated {
  readonly reference: string;
  readonly bytes: number;
  readonly verifiedBy: readonly string[];
}

/** Verifies at the source, copies by value, reads back and verifies at the destination. */
export async function replicate(
  inputs: ReplicationInputs,
  wanted: ResolvedVersion,
  report: Reporter,
  signal?: AbortSignal,
): Promise<Replicated> {
  const options = { report, ...(signal === undefined ? {} : { signal }) };
  const trust = trustIn(inputs.trustedKeys);
  const { component, version } = wanted;
  const source = await openRegistryWith([inputs.source, inputs.destination]);
  const destination = await openRegistry(inputs.destination);
  try {
    const access = await source.open(component, version, options);
    const { bytes } = await transferComponentVersion(access, destination, {
      ...options,
      copyResources: true,
      recursive: true,
      verify: trust,
    });
    return { reference: `${inputs.destination.host}//${component}:${version}`, bytes, verifiedBy: trust.signatures };
  } finally {
    await source.close();
    await destination.close();
  }
}
